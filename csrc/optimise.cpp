#include "optimise.h"

#include <cmath>

namespace ablc {

namespace {

// Coefficients below this many steps never start a block's levels: they would round to nothing.
constexpr float kSmallest = 0.58f;

float scaled_energy(const float* coefficients, const float* scale, int count) {
  float sum[8] = {};
  for (int i = 0; i < count; i += 8)
    for (int j = 0; j < 8; ++j) {
      const float u = coefficients[i + j] * scale[i + j];
      sum[j] += u * u;
    }
  return ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]));
}

}  // namespace

float energy(const float* coefficients, const Quantiser& quantiser, BlockSize size) {
  return scaled_energy(coefficients, quantiser.scale[size.index()].data(), size.area());
}

float optimise_levels(const float* coefficients, const Quantiser& quantiser, LevelModels& models,
                      const LevelContext& context, float lambda, std::int16_t* levels,
                      LevelSummary& summary) {
  const int area = context.size.area();
  const Scan& scan = scan_of(context.size);
  const float* scale = quantiser.scale[context.size.index()].data();
  std::fill_n(levels, area, std::int16_t{0});
  summary = LevelSummary{};
  const float all = scaled_energy(coefficients, scale, area);

  int start = context.limit - 1;
  for (; start >= 0; --start) {
    const std::size_t raster = scan.order[start].raster;
    if (std::abs(coefficients[raster]) * scale[raster] > kSmallest) break;
  }
  const auto count_price = [&](int count) {
    PriceCoder price;
    code_count(price, models, context, count);
    return price.bits;
  };
  float best = all + lambda * count_price(0);
  if (start < 0) return best;

  // Backwards, as the coder will go: the magnitudes already chosen are the context of the next.
  float cost_at[kMaxArea];  // cost of coefficient k if it lies before the last
  float zero_at[kMaxArea];  // cost if it is beyond the last
  float flag_at[kMaxArea];  // lambda * bits of its significance flag, saved if it is the last
  Neighbourhood around(context.size);
  for (int k = start; k >= 0; --k) {
    const Scan::Position& p = scan.order[k];
    const float u = std::abs(coefficients[p.raster]) * scale[p.raster];
    const int sum = around.sum[p.padded];
    const std::uint32_t p_significant = models.significant[context.significant(p, sum)].p();
    zero_at[k] = u * u;
    float chosen = u * u + lambda * price::of(p_significant, 0);
    flag_at[k] = 0;
    if (u > 0.4f) {
      const float flag = lambda * price::of(p_significant, 1);
      const int low = std::max(static_cast<int>(u), 1);
      const int high = u - static_cast<float>(low) > 0.4f ? low + 1 : low;
      for (int a = low; a <= high; ++a) {
        PriceCoder price;
        code_magnitude(price, models, context, p, sum, a);
        const float e = u - static_cast<float>(a);
        const float cost = e * e + flag + lambda * (price.bits + 1);
        if (cost < chosen) {
          chosen = cost;
          levels[p.raster] = static_cast<std::int16_t>(a);
          flag_at[k] = flag;
        }
      }
      if (levels[p.raster]) around.add(p.padded, levels[p.raster]);
    }
    cost_at[k] = chosen;
  }

  // The best place to stop.
  float before = 0, beyond = all;
  int last = -1;
  for (int k = 0; k <= start; ++k) {
    before += cost_at[k];
    beyond -= zero_at[k];
    const std::size_t raster = scan.order[k].raster;
    if (levels[raster] == 0) continue;
    const float cost = before - flag_at[k] + beyond + lambda * count_price(k + 1);
    if (cost < best) {
      best = cost;
      last = k;
    }
  }
  for (int k = 0; k <= start; ++k) {
    const Scan::Position& p = scan.order[k];
    std::int16_t& level = levels[p.raster];
    if (level == 0) continue;
    if (k > last) {
      level = 0;
      continue;
    }
    summary.magnitude += level;
    summary.rows = std::max(summary.rows, p.y + 1);
    summary.columns = std::max(summary.columns, p.x + 1);
    if (coefficients[p.raster] < 0) level = static_cast<std::int16_t>(-level);
  }
  summary.count = last + 1;
  return best;
}

}  // namespace ablc

#include "optimise.h"

#include <cmath>

#include "dispatch.h"

namespace ablc {

namespace {

// The last level of a block has at least so many steps: a smaller coefficient rounds to 0.
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

/// The block whose levels are chosen, and what their bits depend on.
struct Block {
  const float* coefficients;
  const float* scale;  // levels per coefficient
  const Scan& scan;
  LevelModels& models;
  const LevelContext& context;
  float lambda;

  /// Magnitude of the coefficient at a raster position, in steps.
  float steps(int raster) const { return std::abs(coefficients[raster]) * scale[raster]; }
  /// Price of a number of coefficients up to the last level, in squared steps.
  float count_price(int count) const {
    PriceCoder price;
    code_count(price, models, context, count);
    return lambda * price.bits;
  }
};

/// Costs in squared steps, error and bits, of the coefficients in scan order.
struct Costs {
  float inside[kMaxArea];  // before the last level
  float beyond[kMaxArea];  // after it
  float flag[kMaxArea];    // of the significance flag, part of inside: the last level has none
};

/// Place in the scan of the last coefficient that may become a level; -1 if there is none.
int last_large(const Block& block) {
  int k = block.context.limit - 1;
  while (k >= 0 && block.steps(block.scan.order[k].raster) <= kSmallest) --k;
  return k;
}

/// The cheapest magnitude of every coefficient up to place `last`, and the costs. Backwards, as the
/// coder goes: the magnitudes chosen already are the context of the next.
ABLC_INLINE void choose_magnitudes(const Block& block, int last, std::int16_t* levels,
                                   Costs& costs) {
  const Scan::Position& outermost = block.scan.order[last];
  Neighbourhood around(block.context.size, outermost.x + outermost.y);
  for (int k = last; k >= 0; --k) {
    const Scan::Position& p = block.scan.order[k];
    const float u = block.steps(p.raster);
    const int sum = around.sum[p.padded];
    const std::uint32_t p_significant =
        block.models.significant[block.context.significant(p, sum)].p();
    costs.beyond[k] = u * u;
    costs.flag[k] = 0;
    float best = u * u + block.lambda * price::of(p_significant, 0);
    if (u > 0.4f) {
      const float flag = block.lambda * price::of(p_significant, 1);
      const int low = std::max(static_cast<int>(u), 1);
      const int high = u - static_cast<float>(low) > 0.4f ? low + 1 : low;
      for (int magnitude = low; magnitude <= high; ++magnitude) {
        PriceCoder price;
        code_magnitude(price, block.models, block.context, p, sum, magnitude);
        const float error = u - static_cast<float>(magnitude);
        const float cost = error * error + flag + block.lambda * (price.bits + 1);
        if (cost < best) {
          best = cost;
          levels[p.raster] = static_cast<std::int16_t>(magnitude);
          costs.flag[k] = flag;
        }
      }
      if (levels[p.raster]) around.add(p.padded, levels[p.raster]);
    }
    costs.inside[k] = best;
  }
}

/// Place of the last level that makes the block cheapest, -1 for no levels; updates best, which is
/// the cost without levels at first.
ABLC_INLINE int best_end(const Block& block, int last, float total, const std::int16_t* levels,
                         const Costs& costs, float& best) {
  float inside = 0, beyond = total;
  int end = -1;
  for (int k = 0; k <= last; ++k) {
    inside += costs.inside[k];
    beyond -= costs.beyond[k];
    if (levels[block.scan.order[k].raster] == 0) continue;
    const float cost = inside - costs.flag[k] + beyond + block.count_price(k + 1);
    if (cost < best) {
      best = cost;
      end = k;
    }
  }
  return end;
}

/// Drops the levels after place `end`, gives the others their signs, and sums them up.
LevelSummary finish(const Block& block, int last, int end, std::int16_t* levels) {
  LevelSummary summary;
  summary.count = end + 1;
  for (int k = 0; k <= last; ++k) {
    const Scan::Position& p = block.scan.order[k];
    std::int16_t& level = levels[p.raster];
    if (level == 0) continue;
    if (k > end) {
      level = 0;
      continue;
    }
    summary.magnitude += level;
    summary.rows = std::max(summary.rows, p.y + 1);
    summary.columns = std::max(summary.columns, p.x + 1);
    if (block.coefficients[p.raster] < 0) level = static_cast<std::int16_t>(-level);
  }
  return summary;
}

}  // namespace

float optimise_levels(const float* coefficients, const Quantiser& quantiser, LevelModels& models,
                      const LevelContext& context, float lambda, std::int16_t* levels,
                      LevelSummary& summary) {
  const Block block{coefficients,
                    quantiser.scale[context.size.index()].data(),
                    scan_of(context.size),
                    models,
                    context,
                    lambda};
  std::fill_n(levels, context.size.area(), std::int16_t{0});
  summary = LevelSummary{};
  const float total = scaled_energy(coefficients, block.scale, context.size.area());
  float best = total + block.count_price(0);
  const int last = last_large(block);
  if (last < 0) return best;
  Costs costs;
  choose_magnitudes(block, last, levels, costs);
  const int end = best_end(block, last, total, levels, costs, best);
  summary = finish(block, last, end, levels);
  return best;
}

}  // namespace ablc

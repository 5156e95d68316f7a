#include "optimise.h"

#include <cmath>

#include "dispatch.h"

namespace ablc {

namespace {

// The last level of a block has at least so many steps: a smaller coefficient rounds to 0.
constexpr float kSmallest = 0.58f;
// No level has fewer.
constexpr float kLeast = 0.4f;

/// Sums of squared coefficients in steps.
struct Energy {
  float all;
  float small;  // of those up to kLeast: zero is best for them
};

/// steps = magnitudes of coefficients in steps. Return the sums of their squares.
ABLC_DISPATCH Energy scale_all(const float* ABLC_RESTRICT coefficients,
                               const float* ABLC_RESTRICT scale, int count,
                               float* ABLC_RESTRICT steps) {
  float sum[8] = {}, small[8] = {};
  for (int i = 0; i < count; i += 8)
    for (int j = 0; j < 8; ++j) {
      const float u = std::fabs(coefficients[i + j] * scale[i + j]);
      steps[i + j] = u;
      sum[j] += u * u;
      small[j] += u > kLeast ? 0.0f : u * u;
    }
  const auto total = [](const float* s) {
    return ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
  };
  return {total(sum), total(small)};
}

/// Return the largest x + y of a coefficient that may become a level; -1 if there is none.
ABLC_DISPATCH int last_diagonal(const float* steps, int n) {
  int last = -1;
  for (int y = 0; y < n; ++y) {
    int count = 0;  // of columns up to the last large coefficient
    for (int x = 0; x < n; ++x) {
      const int here = steps[y * n + x] > kSmallest ? x + 1 : 0;
      count = count > here ? count : here;
    }
    if (count) last = std::max(last, y + count - 1);
  }
  return last;
}

/// The block whose levels are chosen, and what their bits depend on.
struct Block {
  const float* coefficients;
  const float* steps;  // their magnitudes in steps
  const Scan& scan;
  LevelModels& models;
  const LevelContext& context;
  float lambda;

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
  const int n = block.context.size.side();
  const int d = last_diagonal(block.steps, n);
  const int beyond = std::max(2 * n - 2 - d, 0);  // diagonals after it
  int k = d < n ? (d + 1) * (d + 2) / 2 - 1 : n * n - beyond * (beyond + 1) / 2 - 1;
  k = std::min(k, block.context.limit - 1);
  while (k >= 0 && block.steps[block.scan.order[k].raster] <= kSmallest) --k;
  return k;
}

/// The cheapest magnitude of every coefficient up to place `last`, and the costs. Backwards, as the
/// coder goes: the magnitudes chosen already are the context of the next. Return false as soon as
/// what the coefficients cost at least, inside or beyond, reaches `most`; `least` is that of the
/// small ones.
ABLC_INLINE bool choose_magnitudes(const Block& block, int last, float least, float most,
                                   std::int16_t* levels, Costs& costs) {
  const Scan::Position& outermost = block.scan.order[last];
  Neighbourhood around(block.context.size, outermost.x + outermost.y);
  for (int k = last; k >= 0; --k) {
    const Scan::Position& p = block.scan.order[k];
    const float u = block.steps[p.raster];
    const int sum = around.sum[p.padded];
    const std::uint32_t p_significant =
        block.models.significant[block.context.significant(p, sum)].p();
    costs.beyond[k] = u * u;
    costs.flag[k] = 0;
    float best = u * u + block.lambda * price::of(p_significant, 0);
    if (u > kLeast) {
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
      least += std::min(best - costs.flag[k], u * u);
      if (least >= most) return false;
    }
    costs.inside[k] = best;
  }
  return true;
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
                      const LevelContext& context, float lambda, float most, std::int16_t* levels,
                      LevelSummary& summary) {
  float steps[kMaxArea];
  const int area = context.size.area();
  const Energy energy =
      scale_all(coefficients, quantiser.scale[context.size.index()].data(), area, steps);
  const Block block{coefficients, steps, scan_of(context.size), models, context, lambda};
  std::fill_n(levels, area, std::int16_t{0});
  summary = LevelSummary{};
  float best = energy.all + block.count_price(0);
  const int last = last_large(block);
  if (last < 0) return best;
  Costs costs;
  const float small = energy.small * 0.999f;  // sums round
  if (!choose_magnitudes(block, last, small, most, levels, costs)) return kInfinite;
  const int end = best_end(block, last, energy.all, levels, costs, best);
  summary = finish(block, last, end, levels);
  return best;
}

}  // namespace ablc

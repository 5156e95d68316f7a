#pragma once

// Quantised transform coefficients (levels) and their contexts (docs/FORMAT.md, Levels).
// Functions are templates over the coder, so that writing, reading and pricing share one
// definition.

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "array.h"
#include "bits.h"
#include "dispatch.h"
#include "range_coder.h"
#include "transform.h"

namespace ablc {

inline constexpr int kBands = 12;     // bands of frequency
inline constexpr int kTemplates = 8;  // classes of the magnitude already coded around a coefficient
inline constexpr int kDensities = 8;  // classes of the magnitude in neighbouring blocks
inline constexpr int kCountClasses = 14;
inline constexpr int kMaxLevel = 32767;

/// Contexts of the levels of one kind of plane.
struct LevelModels {
  Array<Model, kSizes * kDensities * kCountClasses> count;
  Array<Model, kSizes * kCountClasses * 3> count_mantissa;
  Array<Model, kSizes * 2 * kBands * kTemplates> significant;
  Array<Model, kSizes * 4 * kTemplates> above_one;
  Array<Model, kSizes * 2 * kTemplates> above_two;
  Array<Model, 3 * 16> escape;
};

/// Order of the coefficients, and the properties that depend on the position alone.
struct Scan {
  struct Position {
    std::uint16_t raster;  // y * n + x
    std::uint16_t padded;  // in a map with two more columns and rows at top and left
    std::uint8_t band;     // 0..kBands - 1
    std::uint8_t zone;     // 0 DC, 1 low, 2 middle, 3 high
    std::uint8_t x, y;
  };
  Array<Position, kMaxArea> order;
  explicit Scan(BlockSize size);
};
const Scan& scan_of(BlockSize size);

inline constexpr int kPadded = kMaxSide + 2;

/// Sum of the magnitudes (each at most 15) of the five coefficients of higher frequency next to
/// each.
struct Neighbourhood {
  Array<std::uint8_t, kPadded * kPadded> sum;
  int stride;
  /// diagonal: x + y of the last coefficient; none beyond is looked at.
  Neighbourhood(BlockSize size, int diagonal) : stride(size.side() + 2) {
    std::fill_n(sum.begin(), std::min(diagonal + 3, stride) * stride, std::uint8_t{0});
  }
  void add(int padded, int magnitude) {
    const auto m = static_cast<std::uint8_t>(std::min(magnitude, 15));
    std::uint8_t* at = sum.data() + padded;
    at[-1] = static_cast<std::uint8_t>(at[-1] + m);
    at[-2] = static_cast<std::uint8_t>(at[-2] + m);
    at[-stride] = static_cast<std::uint8_t>(at[-stride] + m);
    at[-stride - 1] = static_cast<std::uint8_t>(at[-stride - 1] + m);
    at[-2 * stride] = static_cast<std::uint8_t>(at[-2 * stride] + m);
  }
};

struct LevelContext {
  BlockSize size;
  int density;              // 0..7
  int limit = size.area();  // of the count

  int significant(const Scan::Position& p, int sum) const {
    return ((size.index() * 2 + (density > 4)) * kBands + p.band) * kTemplates +
           std::min(sum, kTemplates - 1);
  }
  int above_one(const Scan::Position& p, int sum) const {
    return (size.index() * 4 + p.zone) * kTemplates + std::min(sum, kTemplates - 1);
  }
  int above_two(const Scan::Position& p, int sum) const {
    return (size.index() * 2 + (p.zone > 1)) * kTemplates + std::min(sum / 2, kTemplates - 1);
  }
};

/// Code the number of coefficients up to the last one that is not zero, 0..n*n.
template <class Coder>
ABLC_INLINE int code_count(Coder& coder, LevelModels& models, const LevelContext& context,
                           int count) {
  const int longest = bit_width(static_cast<unsigned>(context.limit));
  const int length_in = bit_width(static_cast<unsigned>(count));
  int length = 0;
  Model* unary =
      &models.count[(context.size.index() * kDensities + context.density) * kCountClasses];
  while (length < longest && coder.bit(unary[length], length < length_in)) ++length;
  if (length < 2) return length;
  int value = 1;
  Model* mantissa = &models.count_mantissa[(context.size.index() * kCountClasses + length) * 3];
  for (int b = length - 2, depth = 0; b >= 0; --b, ++depth) {
    const int bit_in = count >> b & 1;
    const int bit = depth == 0 ? coder.bit(mantissa[0], bit_in)
                    : depth == 1
                        ? coder.bit(mantissa[1 + (value & 1)], bit_in)
                        : static_cast<int>(coder.raw(static_cast<std::uint32_t>(bit_in), 1));
    value = value * 2 + bit;
  }
  return value;
}

/// Code the magnitude of a level that is not zero, 1..kMaxLevel.
template <class Coder>
ABLC_INLINE int code_magnitude(Coder& coder, LevelModels& models, const LevelContext& context,
                               const Scan::Position& position, int sum, int magnitude) {
  if (!coder.bit(models.above_one[context.above_one(position, sum)], magnitude > 1)) return 1;
  if (!coder.bit(models.above_two[context.above_two(position, sum)], magnitude > 2)) return 2;
  // Exp-Golomb of order k with adaptive prefix.
  const int k = sum < 10 ? 0 : sum < 25 ? 1 : 2;
  const int rest_in = magnitude - 3 + (1 << k);
  const int length_in = bit_width(static_cast<unsigned>(std::max(rest_in, 1))) - 1;
  int length = k;
  Model* prefix = &models.escape[k * 16];
  while (length < 15 && coder.bit(prefix[length], length < length_in)) ++length;
  const auto low = coder.raw(static_cast<std::uint32_t>(rest_in) & ((1u << length) - 1), length);
  return std::min(static_cast<int>(low) + (1 << length) - (1 << k) + 3, kMaxLevel);
}

/// Extent and magnitude of the levels of a block, for the transform and for contexts of neighbours.
struct LevelSummary {
  int count = 0;
  int rows = 0;
  int columns = 0;
  bool sine = false;  // DST-VII instead of DCT-II
  int magnitude = 0;  // sum; fits: 4096 x 32767
};

/// A level that is not zero, and its position in the block, y * n + x.
struct PlacedLevel {
  std::uint16_t raster;
  std::int16_t level;
};

/// Where a reader puts levels; there is room for all of a block's.
struct LevelWriter {
  PlacedLevel* next;
};

// A writer's levels are an n x n raster; a reader knows none before it has read them.
inline int level_at(const std::int16_t* levels, int raster) {
  return levels[raster];
}
inline int level_at(const LevelWriter&, int) {
  return 0;
}
inline void put_level(const std::int16_t*, int, int) {}
inline void put_level(LevelWriter& levels, int raster, int level) {
  *levels.next++ = {static_cast<std::uint16_t>(raster), static_cast<std::int16_t>(level)};
}

/// Code the count and the levels of a block.
template <class Coder, class Levels>
LevelSummary code_levels(Coder& home, LevelModels& models, const LevelContext& context,
                         int count_in, Levels& levels) {
  const Scan& scan = scan_of(context.size);
  LevelSummary summary;
  HeldCoder<Coder> held(home);
  auto& coder = held.coder;
  summary.count = code_count(coder, models, context, count_in);
  summary.count = std::min(summary.count, context.limit);
  if (summary.count == 0) return summary;
  const Scan::Position& last = scan.order[summary.count - 1];
  Neighbourhood around(context.size, last.x + last.y);
  for (int k = summary.count - 1; k >= 0; --k) {
    const Scan::Position& p = scan.order[k];
    const int sum = around.sum[p.padded];
    const int value_in = level_at(levels, p.raster);
    if (k < summary.count - 1 &&
        !coder.bit(models.significant[context.significant(p, sum)], value_in != 0))
      continue;
    const int magnitude = code_magnitude(coder, models, context, p, sum, std::abs(value_in));
    const bool negative = coder.raw(value_in < 0, 1) != 0;
    put_level(levels, p.raster, negative ? -magnitude : magnitude);
    around.add(p.padded, magnitude);
    summary.magnitude += magnitude;
    summary.rows = std::max(summary.rows, p.y + 1);
    summary.columns = std::max(summary.columns, p.x + 1);
  }
  return summary;
}

/// Coder that only adds up the price of decisions in bits; it leaves the models unchanged.
struct PriceCoder {
  float bits = 0;
  int bit(const Model& model, int value) {
    bits += price::of(model, value);
    return value;
  }
  std::uint32_t raw(std::uint32_t value, int count) {
    bits += static_cast<float>(count);
    return value;
  }
};

}  // namespace ablc

#pragma once

// Quantisation steps and what they make of coefficients (docs/FORMAT.md, Step offsets and
// Dequantisation).

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "array.h"
#include "block_size.h"

namespace ablc {

/// Step offsets count quarter octaves of the step, -kMostOffset..kMostOffset.
inline constexpr int kMostOffset = 32;

/// Return step times 2^(offset / 4), limited to the range of steps.
int offset_step(int step, int offset);

/// Return the step of the chroma planes for a step of luma, both in 1/16 grey level.
int chroma_step(int step);

/// Quantiser of one step.
struct Quantiser {
  int step = 0;  ///< 1/16 grey level
  /// 1/4 coefficient x 256 per level, by block size and raster position.
  Array<Array<std::int32_t, kMaxArea>, kSizes> factor;
  /// Levels per orthonormal coefficient, for the encoder.
  Array<Array<float, kMaxArea>, kSizes> scale;

  explicit Quantiser(int step_sixteenths);

  /// Return the coefficient that a level stands for, in 1/4.
  std::int16_t dequantise(int level, BlockSize size, int raster) const {
    const std::int32_t f = factor[size.index()][raster];
    std::int64_t product = static_cast<std::int64_t>(std::abs(level)) * f + 128;
    // The magnitudes that an encoder turns into level 1 lie above 1 on average, because it turns
    // the smallest of them into 0.
    if (level == 1 || level == -1) product += f >> 5;
    const auto magnitude = static_cast<std::int32_t>(std::min<std::int64_t>(product >> 8, 32767));
    return static_cast<std::int16_t>(level < 0 ? -magnitude : magnitude);
  }
};

/// The quantisers of a picture: luma and chroma of every step offset that may occur.
class Quantisers {
 public:
  Quantisers(int step, bool offsets);
  const Quantiser& luma(int offset) const { return luma_[index(offset)]; }
  const Quantiser& chroma(int offset) const { return chroma_[index(offset)]; }

 private:
  int index(int offset) const { return offsets_ ? offset + kMostOffset : 0; }
  bool offsets_;
  Vector<Quantiser> luma_, chroma_;
};

}  // namespace ablc

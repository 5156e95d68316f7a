#pragma once

// Prediction of a block (docs/FORMAT.md, Prediction). P0, the upsampled base, is known everywhere;
// a mode adds to it what the decoded samples around the block tell. Where nothing is decoded yet
// the planes hold P0 itself, so no rule of availability is needed.

#include <cstdint>

#include "array.h"
#include "plane.h"
#include "transform.h"

namespace ablc {

inline constexpr int kModePlanar = 0;
inline constexpr int kModeDc = 1;
inline constexpr int kModeAngular = 2;  ///< first of the directions, from lower left to upper right
inline constexpr int kDirections = 32;
inline constexpr int kModeRight = kModeAngular + 7;
inline constexpr int kModeDown = kModeAngular + 23;
inline constexpr int kDirectionBits = 5;
inline constexpr int kLumaModes = kModeAngular + kDirections;

/// What lies around a block of side n: index 0 is the corner, 1..2n go away from it.
struct Border {
  using Samples = Array<std::int16_t, 2 * kMaxSide + 1>;
  Samples top, left;  ///< decoded samples, or what replaces those not yet decoded
};

/// out: n x n. smooth: luma's smoothing of the border.
void predict_block(int mode, BlockSize size, const Border& border, bool smooth, std::uint8_t* out);

}  // namespace ablc

#pragma once

// Prediction of a block from the decoded samples around it (docs/FORMAT.md, Prediction).

#include <cstdint>

#include "array.h"
#include "block_size.h"
#include "plane.h"

namespace ablc {

inline constexpr int kModePlanar = 0;
inline constexpr int kModeDc = 1;
inline constexpr int kModeAngular = 2;  ///< first of the directions, from lower left to upper right
inline constexpr int kDirections = 32;
inline constexpr int kModeRight = kModeAngular + 7;
inline constexpr int kModeDown = kModeAngular + 23;
inline constexpr int kLumaModes = kModeAngular + kDirections;

/// Displacement per column (first half, the horizontal directions) or per row (second half, the
/// vertical ones), in 1/32 sample; positive leads away from the corner. The angles of HEVC (ITU-T
/// H.265, 8.4.4.2.6).
inline constexpr int kVertical = kDirections / 2;
inline constexpr Array<int, kDirections> kDisplacement = {
    26,  21,  17,  13,  9,  5,  2,  0, -2, -5, -9, -13, -17, -21, -26, -32,
    -26, -21, -17, -13, -9, -5, -2, 0, 2,  5,  9,  13,  17,  21,  26,  32};

/// Samples above and left of a block of side n: index 0 is the corner, 1..2n go away from it.
struct Border {
  using Samples = Array<std::int16_t, 2 * kMaxSide + 1>;
  Samples top, left;  ///< decoded samples, or the nearest ones for those that are not decoded yet
};

/// Predict a block of side n. smooth: soften the border as luma does. out: n x n.
void predict_block(int mode, BlockSize size, const Border& border, bool smooth, std::uint8_t* out);

}  // namespace ablc

#pragma once

// Prediction of a block (docs/FORMAT.md, Prediction). P0, the upsampled base, is known everywhere;
// a mode refines it by the decoded samples around the block. Where nothing is decoded yet the
// planes hold P0 itself, so no rule of availability is needed.

#include <cstdint>

#include "array.h"
#include "plane.h"
#include "transform.h"

namespace ablc {

inline constexpr int kModeBase = 0;     ///< P0 alone
inline constexpr int kModeFade = 1;     ///< errors of P0 above and left, fading with distance
inline constexpr int kModeAngular = 2;  ///< first of the directions
inline constexpr int kDirections = 32;
inline constexpr int kModeDown = kModeAngular + 7;
inline constexpr int kModeRight = kModeAngular + 24;
inline constexpr int kDirectionBits = 5;
inline constexpr int kLumaModes = kModeAngular + kDirections;

/// Displacement per row (first half, the vertical directions) or per column (second half, the
/// horizontal ones), in 1/32 sample; positive leads away from the corner. The angles of HEVC (ITU-T
/// H.265, 8.4.4.2.6).
inline constexpr int kVertical = kDirections / 2;
inline constexpr Array<int, kDirections> kDisplacement = {
    -26, -21, -17, -13, -9,  -5, -2, 0,  2, 5, 9, 13, 17, 21, 26, 32,
    -32, -26, -21, -17, -13, -9, -5, -2, 0, 2, 5, 9,  13, 17, 21, 26};

/// Samples above and left of a block of side n: index 0 is the corner, 1..2n go away from it.
struct Border {
  using Samples = Array<std::int16_t, 2 * kMaxSide + 1>;
  Samples top, left;              ///< decoded samples
  Samples top_error, left_error;  ///< decoded samples minus P0
};

/// Return the border of the block whose corner is (x, y). rec, p0: planes of one size.
Border gather_border(const Plane<std::uint8_t>& rec, const Plane<std::uint8_t>& p0, int x, int y,
                     int side);

/// Predict a block of side n. base: P0 of the block, rows at a stride; out: n x n.
void predict_block(int mode, BlockSize size, const Border& border, const std::uint8_t* base,
                   int stride, std::uint8_t* out);

}  // namespace ablc

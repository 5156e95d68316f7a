#pragma once

// Prediction of a block (docs/FORMAT.md, Prediction): the upsampled base P0, plus the error that P0
// made on the decoded samples around the block, carried into it. Where nothing is decoded yet that
// error is zero, so no rule of availability is needed.

#include <array>
#include <cstdint>

#include "plane.h"
#include "transform.h"

namespace ablc {

inline constexpr int kModeBase = 0;      ///< P0 alone
inline constexpr int kModeFade = 1;      ///< errors above and left, fading with distance
inline constexpr int kModeAngular = 2;   ///< first of the directions
inline constexpr int kDirections = 16;
inline constexpr int kLumaModes = kModeAngular + 2 * kDirections;

/// Error of P0 along the border of a block of side n: index 0 is the corner, 1..2n go away from it.
struct Border {
  std::array<std::int16_t, 2 * kMaxBlock + 1> top;
  std::array<std::int16_t, 2 * kMaxBlock + 1> left;
};

/// rec, p0: the tile's planes (same size). x, y: the block's corner in them.
Border gather_border(const Plane<std::uint8_t>& rec, const Plane<std::uint8_t>& p0, int x, int y, int size);

/// error: n x n, what mode adds to P0. mode >= 1.
void predict_error(int mode, int log2_size, const Border& border, std::int16_t* error);

}  // namespace ablc

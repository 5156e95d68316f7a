#pragma once

// Code of a small tensor of levels, most of them zero: what the sections of assistant information
// hold (docs/FORMAT.md, Tensor code).

#include <cstdint>
#include <span>
#include <vector>

#include "array.h"
#include "plane.h"

namespace ablc {

/// Levels reach from -kMostLevel to kMostLevel.
inline constexpr int kMostLevel = 2047;

/// Planes of levels, each planes of rows, one after another.
struct Tensor {
  int planes = 0;
  int rows = 0;
  int columns = 0;
  Vector<std::int16_t> levels;

  Tensor(int p, int r, int c) : planes(p), rows(r), columns(c), levels(sample_count(c, r, p)) {}
};

/// The tensor as one segment. coded: of one plane's size, 0 where the level is 0 in all planes and
/// nothing is coded; empty: all places are coded.
std::vector<std::uint8_t> pack_tensor(Tensor tensor, const Plane<std::uint8_t>& coded);
/// Fills tensor, whose size must be given and whose levels must be 0. False if the segment is
/// damaged.
bool unpack_tensor(std::span<const std::uint8_t> segment, const Plane<std::uint8_t>& coded,
                   Tensor& tensor);

}  // namespace ablc

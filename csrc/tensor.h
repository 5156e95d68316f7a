#pragma once

// Code of a small tensor of levels, most of them zero; sections of assistant information use it
// (docs/FORMAT.md, Tensor code).

#include <cstdint>
#include <span>
#include <vector>

#include "array.h"
#include "plane.h"

namespace ablc {

/// Levels reach from -kMostLevel to kMostLevel.
inline constexpr int kMostLevel = 2047;

/// Planes of levels one after another, each row by row.
struct Tensor {
  int planes = 0;
  int rows = 0;
  int columns = 0;
  Vector<std::int16_t> levels;

  Tensor(int p, int r, int c) : planes(p), rows(r), columns(c), levels(sample_count(c, r, p)) {}
};

/// Return the tensor as one segment. coded has the size of a plane: at its zeros the level is 0 in
/// every plane and not coded. If coded is empty, all places are coded.
std::vector<std::uint8_t> pack_tensor(Tensor tensor, const Plane<std::uint8_t>& coded);
/// Fill a tensor of the right size, whose levels are 0. Return false if the segment is damaged.
bool unpack_tensor(std::span<const std::uint8_t> segment, const Plane<std::uint8_t>& coded,
                   Tensor& tensor);

}  // namespace ablc

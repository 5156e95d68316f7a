#pragma once

// Deblocking of the decoded planes (docs/FORMAT.md, Deblocking). It comes after all prediction.

#include <cstdint>

#include "plane.h"
#include "stream.h"

namespace ablc {

/// What the filters know of an 8x8 luma cell of the picture.
struct CellShape {
  std::uint8_t log2 = 0;  ///< of its leaf's side, 3..5
  std::uint8_t kept = 0;
  std::uint8_t chroma_coded = 0;
  std::int8_t step_offset = 0;  ///< of its superblock
};

/// Smooths the edges of leaves in place where they look like steps of the quantiser.
void deblock(const Header& header, const Plane<CellShape>& cells, int threads, Planes& planes);

}  // namespace ablc

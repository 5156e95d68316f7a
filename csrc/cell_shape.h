#pragma once

#include <cstdint>

namespace ablc {

/// What the filters and the projection know of an 8x8 luma cell of the picture.
struct CellShape {
  std::uint8_t log2 = 0;  ///< of its leaf's side, 3..6; 3 for a cell of four leaves, too
  std::uint8_t kept = 0;
  std::uint8_t chroma_coded = 0;  ///< chroma has more than its lowest coefficients
  std::int8_t step_offset = 0;    ///< of its superblock
};

}  // namespace ablc

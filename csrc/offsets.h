#pragma once

// Step offsets of superblocks (docs/FORMAT.md, Step offsets), which make the quantiser finer or
// coarser than the header's step. They precede a tile's leaves, because they select their models.

#include <cstdint>
#include <cstdlib>

#include "array.h"
#include "plane.h"
#include "quantiser.h"
#include "range_coder.h"

namespace ablc {

struct OffsetModels {
  Array<Model, 3> same;   // as the one at the left; by how the neighbours agree
  Array<Model, 2> above;  // as the one above instead; by whether that one goes on to the right
  Model rises;
  Array<Model, 16> larger;
};

/// Code the offsets of a tile's superblocks row by row: a writer reads them, a reader fills them.
template <class Coder>
void code_offsets(Coder& coder, OffsetModels& models, Plane<std::int8_t>& offsets) {
  for (int y = 0; y < offsets.height; ++y) {
    if constexpr (requires { coder.overrun(); }) {
      if (coder.overrun()) return;
    }
    for (int x = 0; x < offsets.width; ++x) {
      const auto at = [&](int i, int j) -> int { return offsets.at(i, j); };
      const int above = y > 0 ? at(x, y - 1) : x > 0 ? at(x - 1, y) : 0;
      const int left = x > 0 ? at(x - 1, y) : above;
      const int corner = x > 0 && y > 0 ? at(x - 1, y - 1) : left;
      const int right = y > 0 && x + 1 < offsets.width ? at(x + 1, y - 1) : above;
      const int offset = at(x, y);
      int value = left;
      if (!coder.bit(models.same[left == above ? 0u : left == corner ? 1u : 2u], offset == left)) {
        if (above != left && coder.bit(models.above[above == right], offset == above)) {
          value = above;
        } else {
          const bool rises = coder.bit(models.rises, offset > left) != 0;
          int change = 1;
          while (change < 2 * kMostOffset && coder.bit(models.larger[std::min(change - 1, 15)],
                                                       change < std::abs(offset - left)))
            ++change;
          value = std::clamp(rises ? left + change : left - change, -kMostOffset, kMostOffset);
        }
      }
      offsets.at(x, y) = static_cast<std::int8_t>(value);
    }
  }
}

}  // namespace ablc

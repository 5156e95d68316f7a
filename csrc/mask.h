#pragma once

// Code of a mask of cells as a two-level picture (docs/FORMAT.md, Cell mask). Explicit masks may
// have any shape; a caller or a scheme makes them.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "array.h"
#include "cancel.h"
#include "mixer.h"
#include "plane.h"

namespace ablc {

/// Adaptive state of one cell mask.
struct MaskModels {
  Array<Estimate, 1 << 12> wide;      // 12 cells around
  Array<Estimate, 1 << 6> close;      // 6 nearest cells
  Array<Estimate, 9 * 9 * 4> counts;  // how full the rows above and the left are
  Array<MixWeights<3>, 16> weights;

  /// The trained start.
  MaskModels();
};

/// Return a mask of zeros and ones as one segment.
std::vector<std::uint8_t> pack_mask(Plane<std::uint8_t> mask);
/// Fill a mask of the right size. Return false if the segment is damaged.
bool unpack_mask(std::span<const std::uint8_t> segment, Plane<std::uint8_t>& mask);

/// Code a mask of zeros and ones: a writer reads it, a reader fills it and stops early when it
/// overruns.
template <class Coder>
void code_cell_mask(Coder& coder, MaskModels& models, Plane<std::uint8_t>& mask) {
  const auto cell = [&](int x, int y) -> unsigned {
    return x >= 0 && y >= 0 && x < mask.width && y < mask.height ? mask.at(x, y) : 0u;
  };
  for (int y = 0; y < mask.height; ++y) {
    stop_if_cancelled();
    if constexpr (requires { coder.overrun(); }) {
      if (coder.overrun()) return;
    }
    for (int x = 0; x < mask.width; ++x) {
      const unsigned w = cell(x - 1, y), ww = cell(x - 2, y), www = cell(x - 3, y);
      const unsigned nw = cell(x - 1, y - 1), n = cell(x, y - 1), ne = cell(x + 1, y - 1);
      const unsigned nww = cell(x - 2, y - 1), nee = cell(x + 2, y - 1);
      const unsigned nnw = cell(x - 1, y - 2), nn = cell(x, y - 2), nne = cell(x + 1, y - 2);
      const unsigned near4 = w | n << 1 | nw << 2 | ne << 3;
      const unsigned six = near4 | ww << 4 | nn << 5;
      const unsigned twelve =
          six | nee << 6 | nww << 7 | nnw << 8 | nne << 9 | www << 10 | cell(x, y - 3) << 11;
      unsigned above = 0, left = 0;
      for (int d = -4; d <= 3; ++d)
        above += cell(x + d, y - 1) + (d >= -2 && d <= 2 ? 0u : cell(x + d, y - 2));
      for (int d = 1; d <= 8; ++d) left += cell(x - d, y);
      const unsigned counts = (std::min(above, 8u) * 9 + left) * 4 + (w | n << 1);
      Mixed<3> mixed({&models.wide[twelve], &models.close[six], &models.counts[counts]},
                     models.weights[near4]);
      mask.at(x, y) = static_cast<std::uint8_t>(mixed.code(coder, mask.at(x, y)));
    }
  }
}

}  // namespace ablc

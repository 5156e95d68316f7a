#include "starts.h"

#include "starts_tables.inc"

namespace ablc {

static_assert(!kHaveStarts || (std::size(kTileStarts[0]) == kTileStartCount &&
                               std::size(kMaskStarts) == kMaskStartCount),
              "the models have changed: train their starts again");
static_assert(std::size(kTileStarts) == kStepBands);

Starts tile_starts(int step) {
  if constexpr (!kHaveStarts) return {};
  return kTileStarts[step_band(step)];
}

Starts mask_starts() {
  if constexpr (!kHaveStarts) return {};
  return kMaskStarts;
}

}  // namespace ablc

#pragma once

// Refinement of the decoded luma (docs/FORMAT.md, Refinement): every 4x4 block is filtered by one of
// 45 small symmetric filters, picked by how strong and how directed its second differences are.
// Trained on what the quantiser does to photographs; the last step of the integer decoder.

#include <cstdint>

#include "deblock.h"
#include "plane.h"

namespace ablc {

/// step: luma quantisation step of the picture in 1/16 grey level; cells carry the offsets from it.
void refine(int step, const Plane<CellShape>& cells, int threads, Plane<std::uint8_t>& luma);

}  // namespace ablc

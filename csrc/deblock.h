#pragma once

// Deblocking of the decoded planes (docs/FORMAT.md, Deblocking), once all prediction is done.

#include <cstdint>

#include "cell_shape.h"
#include "plane.h"
#include "stream.h"

namespace ablc {

/// Smooth the edges of leaves, in place, where they look like the quantiser's work.
void deblock(const Header& header, const Plane<CellShape>& cells, int threads, Planes& planes);

}  // namespace ablc

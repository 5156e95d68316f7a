#pragma once

// Deblocking of the decoded planes (docs/FORMAT.md, Deblocking). It comes after all prediction.

#include <cstdint>

#include "cell_shape.h"
#include "plane.h"
#include "stream.h"

namespace ablc {

/// Smooths the edges of leaves in place where they look like steps of the quantiser.
void deblock(const Header& header, const Plane<CellShape>& cells, int threads, Planes& planes);

}  // namespace ablc

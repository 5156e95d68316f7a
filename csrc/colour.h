#pragma once

// Colour planes (docs/FORMAT.md, Colour): YCbCr of JFIF with 4:2:0 or 4:4:4 chroma, and the
// reversible YCoCg-R of the lossless mode.

#include <cstdint>

#include "image.h"
#include "plane.h"

namespace ablc {

/// Planes of a window, which may reach over the right and bottom border: edge samples repeat there.
/// window: even corner and size when subsample is 1. Grey fills the first plane only.
Planes to_planes(const ConstImage& image, const Rect& window, int subsample);

/// Decoded samples to the colour channels of rows [y0, y1); alpha is left alone. luma: of these
/// rows alone; of planes, which are whole, the first is not looked at.
void from_planes(const Plane<std::uint8_t>& luma, const Planes& planes, int subsample, int y0,
                 int y1, const Image& out);

}  // namespace ablc

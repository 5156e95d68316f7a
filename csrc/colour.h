#pragma once

// Colour planes (docs/FORMAT.md, Colour): YCbCr of JFIF with 4:2:0 or 4:4:4 chroma, and the
// reversible YCoCg-R of the lossless mode.

#include <cstdint>

#include "image.h"
#include "plane.h"

namespace ablc {

/// Return the planes of a window, which may reach beyond the right and lower border of the image:
/// the last samples repeat there. Corner and size of the window are even if subsample is 1. Grey
/// fills the first plane only.
Planes to_planes(const ConstImage& image, const Rect& window, int subsample);

/// Convert decoded samples to the colour channels of rows [first, last) of out; alpha stays as it
/// is. luma: of these rows alone, used instead of planes[0].
void from_planes(const Plane<std::uint8_t>& luma, const Planes& planes, int subsample, int first,
                 int last, const Image& out);

}  // namespace ablc

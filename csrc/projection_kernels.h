#pragma once

// Arithmetic of the projection on blocks of floats. Planes of a block: grey alone, or Y, Cb, Cr.

#include <cstdint>

#include "array.h"
#include "block_size.h"

namespace ablc::kernels {

/// n x n floats, rows one after another, n at most kMaxSide.
using Block = Array<float, kMaxArea>;

/// out = orthonormal DCT-II of in, n x n each.
void transform(const Block& in, int n, Block& out);
/// The inverse.
void transform_back(const Block& in, int n, Block& out);

/// True if all |value| <= factor / 2048 - narrower. factor: of a quantiser, 1/1024 of a grey level.
bool within(const float* value, const std::int32_t* factor, int count, float narrower);

/// Impose the same limits, less slack or a quarter of each, whichever is smaller, for the rounding
/// that follows.
void limit(float* value, const std::int32_t* factor, int count, float slack);

/// Changes of RGB to changes of Y, Cb, Cr (docs/FORMAT.md, Colour).
void to_ycc(const float* r, const float* g, const float* b, int count, float* y, float* cb,
            float* cr);
void to_rgb(const float* y, const float* cb, const float* cr, int count, float* r, float* g,
            float* b);

/// change = painted - decoded, in grey levels; painted is 0..1, clipped; 0 where it is NaN.
void subtract(const float* painted, const float* decoded, int count, float* change);

/// stored = the change of pixels once they are rounded and clipped to 0..255.
void round_to_pixels(const float* change, const float* decoded, float scale, int count,
                     float* stored);

}  // namespace ablc::kernels

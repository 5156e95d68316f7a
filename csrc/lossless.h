#pragma once

// Lossless samples (docs/FORMAT.md, Lossless): the channels of a lossless stream, alpha, and the
// values of exact samples.

#include "colour.h"
#include "plane_coder.h"
#include "stream.h"

namespace ablc {

/// Colour channels of a window: Y, Co and Cg of the reversible YCoCg-R, or grey alone.
using LosslessPlanes = Vector<Plane<std::int16_t>>;

LosslessPlanes to_lossless(const ConstImage& image, const Rect& window);
/// The inverse, into a window of out; with coded, only for the pixels that it marks.
void put_lossless(const LosslessPlanes& planes, const Rect& window, const Image& out,
                  const Plane<std::uint8_t>* coded = nullptr);

/// Encode planes; with coded, only the samples that it marks. A decoder has to know the others.
void encode_planes(RangeEncoder& coder, LosslessPlanes& planes,
                   const Plane<std::uint8_t>* coded = nullptr);
/// Decode planes, which hold the known samples. Return false if the code ended early.
bool decode_planes(RangeDecoder& coder, LosslessPlanes& planes, const Rect& window,
                   const Spent& spent, const Plane<std::uint8_t>* coded = nullptr);

/// Return the colour channels of a window as one segment.
Bytes encode_lossless(const ConstImage& image, const Rect& window);
/// Decode the colour channels of a window. Return false if the segment is damaged or cut short; the
/// rest of the window then repeats the last sound row.
bool decode_lossless(ByteView segment, const Rect& window, const Image& out, const Spent& spent);

/// Return the alpha channel of a window of an RGBA image as one segment.
Bytes encode_alpha(const ConstImage& image, const Rect& window);
/// Decode alpha; return as decode_lossless.
bool decode_alpha(ByteView segment, const Rect& window, const Image& out, const Spent& spent);

}  // namespace ablc

#pragma once

// Lossless planes: alpha, and every channel in the lossless mode (docs/FORMAT.md, Lossless).

#include "colour.h"
#include "stream.h"

namespace ablc {

/// Colour channels of a window as one segment: YCoCg-R planes, or grey.
Bytes encode_lossless(const ConstImage& image, const Rect& window);
/// False if the segment is damaged or cut; the rest of the window then repeats the last row.
bool decode_lossless(ByteView segment, const Rect& window, const Image& out);

/// The alpha channel of a window of an RGBA image.
Bytes encode_alpha(const ConstImage& image, const Rect& window);
bool decode_alpha(ByteView segment, const Rect& window, const Image& out);

}  // namespace ablc

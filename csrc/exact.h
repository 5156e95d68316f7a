#pragma once

// Exact samples (docs/FORMAT.md, Exact samples): pixels of the original that replace decoded ones,
// either whole 8x8 cells (lossless regions) or single pixels (sampling masks).

#include "lossless.h"

namespace ablc {

/// Return the segment of a tile's exact samples. decoded: the picture without them. marked: 1 for
/// each exact cell of the picture; for each exact pixel if `pixels`.
Bytes encode_exact(const ConstImage& original, const ConstImage& decoded, const Rect& tile,
                   const Plane<std::uint8_t>& marked, bool pixels);

/// Lay the exact samples of a tile over picture, which is decoded except for them. tile: in pixels
/// of picture. Return false if the segment is damaged; the tile is then unchanged. If noted is
/// given, which has the size of picture, set it to 1 for every exact pixel.
bool decode_exact(ByteView segment, const Rect& tile, const Image& picture, const Spent& spent,
                  Plane<std::uint8_t>* noted = nullptr);

}  // namespace ablc

#pragma once

// Exact samples (docs/FORMAT.md, Exact samples): pixels that come back as they were, laid over the
// decoded picture. Whole 8x8 cells (lossless regions) or single pixels (sampling masks).

#include "lossless.h"

namespace ablc {

/// Code of a tile's exact samples. decoded: the picture without them. wanted: one value a cell of
/// the picture, or a pixel.
Bytes encode_exact(const ConstImage& original, const ConstImage& decoded, const Rect& tile,
                   const Plane<std::uint8_t>& wanted, bool pixels);

/// Lays the exact samples of a tile over picture, which holds all else. tile: in picture's pixels.
/// False if the segment is damaged; the tile is then left as it is. With noted, of the picture's
/// size, sets 1 there for every exact pixel.
bool decode_exact(ByteView segment, const Rect& tile, const Image& picture, const Spent& spent,
                  Plane<std::uint8_t>* noted = nullptr);

}  // namespace ablc

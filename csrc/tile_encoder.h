#pragma once

// Segments of one tile, written (docs/FORMAT.md, Mask, Blocks): the mirror of tile_decoder.h.

#include "codec.h"
#include "layout.h"
#include "search.h"

namespace ablc {

/// Mask and blocks of a tile.
struct TileBytes {
  Bytes mask, blocks;
};

/// Encode a tile of an image. analysis may be null.
TileBytes encode_tile(const ConstImage& image, const Header& header, const Rect& tile,
                      const EncodeSettings& settings, const Quantisers& quantisers,
                      TileAnalysis* analysis);

}  // namespace ablc

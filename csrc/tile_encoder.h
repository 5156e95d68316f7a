#pragma once

// Segments of one tile, written (docs/FORMAT.md, Base layer, Mask, Blocks): the mirror of
// tile_decoder.h.

#include "codec.h"
#include "layout.h"
#include "search.h"

namespace ablc {

/// Encode the base samples of a tile of an image. They are stored in base as the decoder will have
/// them.
Bytes encode_base(const ConstImage& image, const Header& header, const Rect& tile,
                  BasePlanes& base);

/// Mask and blocks of a tile.
struct TileBytes {
  Bytes mask, blocks;
};

/// Encode a tile beyond its base; base has to hold the base samples around the tile too. analysis
/// may be null.
TileBytes encode_tile(const ConstImage& image, const Header& header, const Rect& tile,
                      const EncodeSettings& settings, const Quantisers& quantisers,
                      const BasePlanes& base, TileAnalysis* analysis);

}  // namespace ablc

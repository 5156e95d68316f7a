#pragma once

// One tile's segments, read (docs/FORMAT.md, Base layer, Mask, Blocks): the mirror of
// tile_encoder.h.

#include "layout.h"
#include "lossless.h"

namespace ablc {

/// Base samples of a tile. False if damaged.
bool decode_base(ByteView segment, const Header& header, const Rect& tile, BasePlanes& base,
                 const Spent& spent);

/// Mask segment of a tile, its first `rows` superblock rows: step offsets, leaves, keep flags.
/// False if damaged; what is missing is one dropped leaf.
bool decode_mask(ByteView segment, const Header& header, Tile& tile, int rows, const Spent& spent);

/// What a tile is coded in, beside its base.
struct TileSegments {
  ByteView mask, blocks;
};

/// Which of them were sound. Blocks are not looked at where the mask is damaged.
struct TileState {
  bool mask = true, blocks = true;
};

/// Decodes the first `rows` superblock rows of a tile; what is missing stays the upsampled base.
/// start is called once, to fill the planes with that: beside the reading if there are two threads.
TileState decode_tile(const TileSegments& segments, const Header& header,
                      const Quantisers& quantisers, int rows, int threads, const Spent& spent,
                      const std::function<void()>& start, Tile& tile);

}  // namespace ablc

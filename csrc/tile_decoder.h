#pragma once

// The segments of one tile, decoded (docs/FORMAT.md, Base layer, Mask, Blocks): the mirror image of
// tile_encoder.h.
//
//   BASE  decode_base  range coder -> plane code -> base samples
//   MASK  decode_mask  cell mask, step offsets -> leaves and keep flags
//   BLKS  BlockReader  modes and levels of kept leaves -> units
//         rebuild      prediction + residual of every unit -> samples

#include <functional>

#include "layout.h"
#include "spent.h"

namespace ablc {

/// Decode the base samples of a tile. Returns false if the segment is damaged.
bool decode_base(ByteView segment, const Header& header, const Rect& tile, BasePlanes& base,
                 const Spent& spent);

/// Decode step offsets, leaves and keep flags of the first `rows` superblock rows of a tile.
/// Returns false if the segment is damaged; superblocks that are missing become one dropped leaf
/// each.
bool decode_mask(ByteView segment, const Header& header, Tile& tile, int rows, const Spent& spent);

/// The segments of a tile beside its base.
struct TileSegments {
  ByteView mask, blocks;
};

/// True for segments that were sound. Blocks are not read if the mask is damaged.
struct TileState {
  bool mask = true, blocks = true;
};

/// Decode the first `rows` superblock rows of a tile; samples that are missing stay the upsampled
/// base. start() fills the planes with that: with two threads at the same time as the reading.
TileState decode_tile(const TileSegments& segments, const Header& header,
                      const Quantisers& quantisers, int rows, int threads, const Spent& spent,
                      const std::function<void()>& start, Tile& tile);

}  // namespace ablc

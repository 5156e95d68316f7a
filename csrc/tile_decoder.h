#pragma once

// The segments of one tile, decoded (docs/FORMAT.md, Mask, Blocks): the mirror image of
// tile_encoder.h.
//
//   MASK  decode_mask  cell mask, step offsets
//   BLKS  BlockReader  leaves, their modes and levels -> units
//         rebuild      prediction + residual of every unit -> samples

#include "layout.h"
#include "spent.h"

namespace ablc {

/// True for a stream whose tiles have mask segments.
inline bool has_mask(const Header& header) {
  return header.explicit_mask || header.step_offsets;
}

/// Decode the cell mask and the step offsets of a tile, as far as the header announces them.
/// Returns false if the segment is damaged.
bool decode_mask(ByteView segment, const Header& header, Tile& tile, const Spent& spent);

/// The segments of a tile.
struct TileSegments {
  ByteView mask, blocks;
};

/// True for segments that were sound. Blocks are not read if the mask is damaged.
struct TileState {
  bool mask = true, blocks = true;
};

/// Decode the first `rows` superblock rows of a tile; samples that are missing are mid grey. With
/// two threads, blocks are read and rebuilt at the same time.
TileState decode_tile(const TileSegments& segments, const Header& header,
                      const Quantisers& quantisers, int rows, int threads, const Spent& spent,
                      Tile& tile);

/// Make a tile that of a stream that holds nothing of it: mid grey, and all leaves are dropped.
void blank_tile(Tile& tile);

/// Read the syntax of a whole tile, without samples.
TileState read_tile(const TileSegments& segments, const Header& header, Tile& tile);

}  // namespace ablc

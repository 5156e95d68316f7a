#pragma once

// One tile's segments, read (docs/FORMAT.md, Base layer, Mask, Blocks): the mirror of what encode.cpp writes.

#include "layout.h"
#include "lossless.h"

namespace ablc {

/// Base samples of a tile. False if damaged.
bool decode_base(ByteView segment, const Header& header, const Rect& tile, std::array<Plane<std::int16_t>, 3>& base, const Spent& spent);

/// Mask segment of a tile, its first `rows` superblock rows: step offsets, leaves, keep flags. False if
/// damaged; what is missing is one dropped leaf.
bool decode_mask(ByteView segment, const Header& header, Tile& tile, int rows, const Spent& spent);

/// Blocks segment of a tile, its first `rows` superblock rows. False if damaged; what is missing stays
/// the upsampled base.
bool decode_blocks(ByteView segment, int step, Tile& tile, const Quantisers& quantisers, int rows, const Spent& spent);

}  // namespace ablc

#pragma once

// Segments, one for every tile and section (docs/FORMAT.md, Segments, Tile index). A picture of one
// tile has them as sections; of several, the section TILE has them tile by tile, and TIDX says
// where.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "array.h"
#include "bytes.h"
#include "section_id.h"
#include "status.h"

namespace ablc {

/// Bodies by section.
using Sections = std::vector<std::pair<SectionId, Bytes>>;
/// Segments by section and tile.
using SegmentLists = std::vector<std::pair<SectionId, Vector<Bytes>>>;

/// What TIDX says.
struct TileIndex {
  static constexpr int kMostParts = 16;

  Vector<SectionId> parts;          ///< whose segments make a tile, in this order
  Vector<std::uint64_t> lengths;    ///< of the segments, tile by tile
  Vector<std::uint64_t> starts;     ///< of the tiles in the body of TILE; then its length
  Vector<std::uint32_t> checksums;  ///< CRC-32 of the tiles
  bool sound = false;               ///< its own checksum matches

  /// Return the place of a section's segment in the tiles, -1 if they have none.
  int part_at(SectionId id) const;
  /// Return the number of bytes of a tile.
  std::uint64_t length(int tile) const { return starts[tile + 1] - starts[tile]; }
  /// Return the segment of parts[part] from the bytes that are at hand of a tile.
  ByteView segment(ByteView bytes, int tile, int part) const;
};

/// Read the body of TIDX for a number of tiles. Return what is wrong with it, in words; empty if
/// nothing is. out has no parts if it could not be read at all, and is otherwise complete.
/// header_checksum: of the file.
std::string read_index(ByteView body, int tiles, std::uint32_t header_checksum, TileIndex& out);

/// Return TIDX and TILE of the segments of several tiles.
Sections join_tiles(const SegmentLists& lists, std::uint32_t header_checksum);

/// Split the body of a section of version 1, which begins with the lengths of all segments but the
/// last. Where it ends early the missing segments become empty views, and the result is
/// Status::truncated.
Status split_segments(ByteView body, int count, Vector<ByteView>& segments);

}  // namespace ablc

#pragma once

// The blocks of a tile, decoded in two stages (docs/FORMAT.md, Blocks): reading, which needs no
// samples, and rebuilding, which needs no bits. The stages may run side by side, rebuilding at
// least a row of superblocks behind.

#include <memory>
#include <span>
#include <vector>

#include "spent.h"
#include "stream.h"
#include "syntax.h"

namespace ablc {

/// A luma leaf or the unit of a chroma plane, as read.
struct BlockUnit {
  Node node;
  int plane = 0;
  int mode = 0;
  LevelSummary summary;
  std::span<const PlacedLevel> levels;
};

/// The units of a row of superblocks, in the order of the stream.
struct BlockRow {
  std::vector<BlockUnit> units;
  std::unique_ptr<PlacedLevel[]> levels;  ///< of all units; room for a level at every sample
};

/// Reads the blocks segment of a tile by rows of superblocks. Modes and densities go into the
/// tile's cells.
class BlockReader {
 public:
  BlockReader(ByteView segment, int step, Tile& tile, const Spent& spent)
      : coder_(segment), step_(step), tile_(tile), spent_(spent) {}

  /// Read row number `row` into out. Returns false once the segment is overrun; out then holds the
  /// superblocks before that, and the squares of the others are as in a new tile.
  bool read(int row, BlockRow& out);
  /// Return true if the segment ends with what was read, or later if more_allowed.
  bool ended(bool more_allowed) const {
    return !coder_.overrun() && (more_allowed || !coder_.unused());
  }

 private:
  void read_node(const Node& node, BlockRow& out);
  void read_luma(const Node& node, const Along& around, BlockRow& out);
  void read_chroma(const Node& node, int plane, BlockRow& out);

  RangeDecoder coder_;
  int step_;
  Tile& tile_;
  const Spent& spent_;
  LevelWriter writer_{};
};

/// Rebuild the samples of a row. The tile's planes hold the rows above.
void rebuild(const BlockRow& row, const Quantisers& quantisers, Tile& tile);

}  // namespace ablc

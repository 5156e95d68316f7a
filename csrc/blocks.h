#pragma once

// The blocks of a tile, decoded in two stages: reading, which looks at no sample, and rebuilding,
// which reads nothing. They may run side by side, rebuilding a row of superblocks or more behind.

#include <memory>
#include <span>
#include <vector>

#include "lossless.h"
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

/// Reads the blocks segment of a tile, row of superblocks by row. Modes and densities go into the
/// tile's cells.
class BlockReader {
 public:
  BlockReader(ByteView segment, int step, Tile& tile, const Spent& spent)
      : coder_(segment), step_(step), tile_(tile), spent_(spent) {}

  /// Reads row number `row` into out. False once the segment is overrun: out then holds what came
  /// before.
  bool read(int row, BlockRow& out);
  /// Whether the segment was as long as what was read, or longer where that may be.
  bool ended(bool more_allowed) const {
    return !coder_.overrun() && (more_allowed || !coder_.unused());
  }

 private:
  void read_node(const Node& node, BlockRow& out);
  void read_luma(const Node& node, BlockRow& out);
  void read_chroma(const Node& node, int plane, BlockRow& out);

  RangeDecoder coder_;
  int step_;
  Tile& tile_;
  const Spent& spent_;
  LevelWriter writer_{};
};

/// Rebuilds the samples of a row. The rows above and the base are already in the tile's planes.
void rebuild(const BlockRow& row, const Quantisers& quantisers, Tile& tile);

}  // namespace ablc

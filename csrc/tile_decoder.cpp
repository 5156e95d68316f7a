#include "tile_decoder.h"

#include "blocks.h"
#include "bounded_queue.h"
#include "cancel.h"
#include "mask.h"
#include "parallel.h"

namespace ablc {

namespace {

constexpr int kRowsAhead = 8;  // rows of superblocks by which reading may be ahead of rebuilding

/// Read mask and blocks of a tile. room() returns where the next row of blocks goes, null to stop;
/// use() is called once it is there.
template <class Room, class Use>
void read_rows(const TileSegments& segments, const Header& header, int rows, const Spent& spent,
               Tile& tile, TileState& state, Room&& room, Use&& use) {
  state.mask = decode_mask(segments.mask, header, tile, spent);
  if (!state.mask) return;  // without the mask the blocks cannot be read
  BlockReader reader(segments.blocks, header.step, tile, spent);
  bool more = true;
  for (int row = 0; more && row < rows; ++row) {
    stop_if_cancelled();
    BlockRow* blocks = room();
    if (!blocks) return;
    more = reader.read(row, *blocks);
    use();
  }
  state.blocks = reader.ended(rows * kSuper < tile.height);
}

/// Give squares that were not read a shape: that of dropped leaves of 32x32.
void shape_missing(Tile& tile) {
  for (SquareInfo& square : tile.squares.samples)
    if (square.log2 == 0) square.log2 = static_cast<std::uint8_t>(kBlock32.log2());
}

}  // namespace

void blank_tile(Tile& tile) {
  make_planes(tile);
  shape_missing(tile);
}

bool decode_mask(ByteView segment, const Header& header, Tile& tile, const Spent& spent) {
  if (!has_mask(header)) return true;
  RangeDecoder coder(segment);
  watch(coder, spent, {0, 0, tile.width, tile.height}, [&] {
    if (header.explicit_mask) {
      tile.explicit_mask = Plane<std::uint8_t>(tile.cells_wide, tile.cells_high);
      auto models = std::make_unique<MaskModels>();
      code_cell_mask(coder, *models, tile.explicit_mask);
    }
    if (header.step_offsets) {
      OffsetModels models;
      code_offsets(coder, models, tile.offsets);
    }
  });
  return !coder.overrun() && !coder.unused();
}

TileState decode_tile(const TileSegments& segments, const Header& header,
                      const Quantisers& quantisers, int rows, int threads, const Spent& spent,
                      Tile& tile) {
  TileState state;
  make_planes(tile);
  if (threads < 2) {
    BlockRow blocks;
    read_rows(
        segments, header, rows, spent, tile, state, [&] { return &blocks; },
        [&] { rebuild(blocks, quantisers, tile); });
    shape_missing(tile);
    return state;
  }
  using Rows = BoundedQueue<BlockRow, kRowsAhead>;
  Rows queue;
  parallel_for(2, 2, [&](int stage) {
    const Rows::End end(queue);
    if (stage == 0)
      return read_rows(
          segments, header, rows, spent, tile, state, [&] { return queue.wait_for_room(); },
          [&] { queue.push(); });
    while (const BlockRow* blocks = queue.wait_for_item()) {
      rebuild(*blocks, quantisers, tile);
      queue.pop();
    }
  });
  shape_missing(tile);
  return state;
}

TileState read_tile(const TileSegments& segments, const Header& header, Tile& tile) {
  TileState state;
  BlockRow blocks;
  read_rows(
      segments, header, tile.height / kSuper, {}, tile, state, [&] { return &blocks; }, [] {});
  shape_missing(tile);
  return state;
}

}  // namespace ablc

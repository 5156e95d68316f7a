#include "tile_decoder.h"

#include "blocks.h"
#include "bounded_queue.h"
#include "cancel.h"
#include "mask.h"
#include "parallel.h"

namespace ablc {

namespace {

void read_leaves(RangeDecoder& coder, Tile& tile, const Node& node) {
  if (outside(tile, node)) return;
  if (code_split(coder, tile, node, false)) {
    for (int i = 0; i < 4; ++i) read_leaves(coder, tile, node.child(i));
    return;
  }
  // Contexts look at decoded cells only, so size and flag are written together.
  const bool kept = code_keep(coder, tile, node, false);
  for_cells(tile, node, [&](CellInfo& c) {
    c.log2 = static_cast<std::uint8_t>(node.size.log2());
    c.kept = kept;
  });
}

constexpr int kRowsAhead = 8;  // rows of superblocks by which reading may be ahead of rebuilding

/// Read mask and blocks of a tile. room() returns where the next row of blocks goes, null to stop;
/// use() is called once it is there.
template <class Room, class Use>
void read_rows(const TileSegments& segments, const Header& header, int rows, const Spent& spent,
               Tile& tile, TileState& state, Room&& room, Use&& use) {
  state.mask = decode_mask(segments.mask, header, tile, rows, spent);
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

}  // namespace

bool decode_base(ByteView segment, const Header& header, const Rect& rect, BasePlanes& base,
                 const Spent& spent) {
  RangeDecoder coder(segment);
  PlaneCoder planes(header.step);
  bool whole = true;
  for (int p = 0; p < header.planes(); ++p) {
    PlaneParams params = base_params(header.step, p);
    const int side = kCell << (p ? header.subsample : 0);
    SpentOnSample on_sample;
    if (spent)
      on_sample = [&](int x, int y, float bits) {
        spent({rect.x + x * side, rect.y + y * side, side, side}, bits);
      };
    params.spent = &on_sample;
    whole = planes.decode(coder, base[p], base_rect(header, rect, p), params, p, p == 2) && whole;
  }
  return whole && !coder.overrun() && !coder.unused();
}

bool decode_mask(ByteView segment, const Header& header, Tile& tile, int rows, const Spent& spent) {
  RangeDecoder coder(segment);
  watch(coder, spent, {0, 0, tile.width, tile.height}, [&] {
    if (header.explicit_mask) {
      tile.explicit_mask = Plane<std::uint8_t>(tile.activity.width, tile.activity.height);
      auto models = std::make_unique<MaskModels>();
      code_cell_mask(coder, *models, tile.explicit_mask);
    }
    if (header.step_offsets) {
      OffsetModels models;
      code_offsets(coder, models, tile.offsets);
    }
  });
  for (int y = 0; y < tile.cells.height; y += kSuper / kCell) {
    stop_if_cancelled();
    for (int x = 0; x < tile.cells.width; x += kSuper / kCell) {
      const Node super{x, y, kBlock32};
      if (coder.overrun() || y >= rows * (kSuper / kCell)) {
        for_cells(tile, super, [](CellInfo& c) {
          c.log2 = kBlock32.log2();
          c.kept = 0;
        });
      } else {
        tile.select(offset_step(header.step, tile.offset_at(x, y)));
        watch(coder, spent, {x * kCell, y * kCell, kSuper, kSuper},
              [&] { read_leaves(coder, tile, super); });
      }
    }
  }
  return !coder.overrun() && (!coder.unused() || rows * kSuper < tile.height);
}

TileState decode_tile(const TileSegments& segments, const Header& header,
                      const Quantisers& quantisers, int rows, int threads, const Spent& spent,
                      const std::function<void()>& start, Tile& tile) {
  TileState state;
  if (threads < 2) {
    start();
    BlockRow blocks;
    read_rows(
        segments, header, rows, spent, tile, state, [&] { return &blocks; },
        [&] { rebuild(blocks, quantisers, tile); });
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
    start();
    while (const BlockRow* blocks = queue.wait_for_item()) {
      rebuild(*blocks, quantisers, tile);
      queue.pop();
    }
  });
  return state;
}

}  // namespace ablc

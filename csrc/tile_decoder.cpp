#include "tile_decoder.h"

#include "blocks.h"
#include "handover.h"
#include "mask.h"
#include "parallel.h"

namespace ablc {

namespace {

constexpr int kRowsAhead = 8;  // rows of superblocks that reading may be ahead of rebuilding

/// Reads mask and blocks of a tile. Every row of blocks goes to where room() says, null to stop,
/// and then to use().
template <class Room, class Use>
void read_rows(const TileSegments& segments, const Header& header, int rows, const Spent& spent,
               Tile& tile, TileState& state, Room&& room, Use&& use) {
  BlockReader reader(segments.blocks, header.step, tile, spent);
  bool more = true;
  for (int row = 0; more && row < rows; ++row) {
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
      tile.wanted = Plane<std::uint8_t>(tile.activity.width, tile.activity.height);
      auto models = std::make_unique<MaskModels>();
      code_cell_mask(coder, *models, tile.wanted);
    }
    if (header.step_offsets) {
      OffsetModels models;
      code_offsets(coder, models, tile.offsets);
    }
  });
  for (int y = 0; y < tile.cells.height; y += kSuper / kUnit)
    for (int x = 0; x < tile.cells.width; x += kSuper / kUnit) {
      const Node super{x, y, kBlock64};
      if (coder.overrun() || y >= rows * (kSuper / kUnit)) {
        for_cells(tile, super, [](CellInfo& c) {
          c.log2 = kBlock32.log2();
          c.kept = 0;
        });
      } else {
        tile.select(offset_step(header.step, tile.offset_at(x, y)));
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
  using Rows = Handover<BlockRow, kRowsAhead>;
  Rows between;
  parallel_for(2, 2, [&](int stage) {
    const Rows::Side side(between);
    if (stage == 0)
      return read_rows(
          segments, header, rows, spent, tile, state, [&] { return between.wait_for_room(); },
          [&] { between.send(); });
    start();
    while (const BlockRow* blocks = between.wait_for_item()) {
      rebuild(*blocks, quantisers, tile);
      between.give_back();
    }
  });
  return state;
}

}  // namespace ablc

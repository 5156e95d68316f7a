#include "blocks.h"

#include "reconstruct.h"

namespace ablc {

namespace {

void rebuild_luma(const BlockUnit& unit, const Quantisers& quantisers, Tile& tile) {
  const Node& node = unit.node;
  std::uint8_t pred[kMaxArea], out[kMaxArea];
  predict_luma(node, unit.mode, gather_border(tile, node, 0), pred);
  add_residual(quantisers.luma(tile.offset_at(node.x, node.y)), node.size, unit.levels,
               unit.summary, pred, out);
  put_block(tile.rec[0], node.x * kSquare, node.y * kSquare, node.size.side(), out);
}

void rebuild_chroma(const BlockUnit& unit, const Quantisers& quantisers, Tile& tile) {
  const Node& node = unit.node;
  const int s = tile.subsample;
  const BlockSize size = node.size.reduced(s);
  std::uint8_t pred[kMaxArea], out[kMaxArea];
  LumaAround luma;
  if (unit.mode >= kChromaFromLuma) average_luma(tile, node, luma);
  predict_chroma(tile, node, unit.mode, gather_border(tile, node, unit.plane), luma, pred);
  add_residual(quantisers.chroma(tile.offset_at(node.x, node.y)), size, unit.levels, unit.summary,
               pred, out);
  put_block(tile.rec[unit.plane], (node.x * kSquare) >> s, (node.y * kSquare) >> s, size.side(),
            out);
}

}  // namespace

bool BlockReader::read(int row, BlockRow& out) {
  if (!out.levels)
    out.levels = std::unique_ptr<PlacedLevel[]>(
        new PlacedLevel[sample_count(tile_.width, kSuper, tile_.planes)]);
  out.units.clear();
  writer_.next = out.levels.get();
  const int y = row * (kSuper / kSquare);
  for (int x = 0; x < tile_.squares.width; x += kSuper / kSquare) {
    const std::size_t before = out.units.size();
    tile_.select(offset_step(step_, tile_.offset_at(x, y)));
    read_node({x, y, kBlock64}, out);
    if (coder_.overrun()) {  // what was read of this superblock means nothing
      out.units.resize(before);
      for_squares(tile_, {x, y, kBlock64}, [](SquareInfo& square) { square = {}; });
      return false;
    }
  }
  return true;
}

void BlockReader::read_node(const Node& node, BlockRow& out) {
  if (outside(tile_, node)) return;
  const Rect pixels{node.x * kSquare, node.y * kSquare, node.size.side(), node.size.side()};
  bool split = false;
  const Along around = along_luma(tile_, node);
  watch(coder_, spent_, pixels, [&] { split = code_split(coder_, tile_, node, around, false); });
  if (split) {
    for (int i = 0; i < 4; ++i) read_node(node.child(i), out);
  } else {
    watch(coder_, spent_, pixels, [&] { read_luma(node, around, out); });
  }
  if (!has_chroma_unit(tile_, node, split)) return;
  watch(coder_, spent_, pixels, [&] {
    for (int plane = 1; plane <= 2; ++plane) read_chroma(node, plane, out);
  });
}

void BlockReader::read_luma(const Node& node, const Along& around, BlockRow& out) {
  PlacedLevel* const first = writer_.next;
  LumaSyntax leaf;
  const LevelSummary summary = code_luma(coder_, tile_, node, around, leaf, writer_);
  note_luma(tile_, node, leaf.kept, leaf.mode, summary);
  out.units.push_back(
      {.node = node, .mode = leaf.mode, .summary = summary, .levels = {first, writer_.next}});
}

void BlockReader::read_chroma(const Node& node, int plane, BlockRow& out) {
  PlacedLevel* const first = writer_.next;
  int mode = 0;
  const LevelSummary summary = code_chroma(coder_, tile_, node, plane, mode, 0, writer_);
  note_chroma(tile_, node, plane, mode, summary);
  out.units.push_back({.node = node,
                       .plane = plane,
                       .mode = mode,
                       .summary = summary,
                       .levels = {first, writer_.next}});
}

void rebuild(const BlockRow& row, const Quantisers& quantisers, Tile& tile) {
  for (const BlockUnit& unit : row.units)
    (unit.plane == 0 ? rebuild_luma : rebuild_chroma)(unit, quantisers, tile);
}

}  // namespace ablc

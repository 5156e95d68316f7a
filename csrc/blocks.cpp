#include "blocks.h"

#include "reconstruct.h"

namespace ablc {

namespace {

void rebuild_luma(const BlockUnit& unit, const Quantisers& quantisers, Tile& tile) {
  const Node& node = unit.node;
  const int x = node.x * kUnit, y = node.y * kUnit, n = node.size.side();
  std::uint8_t pred[kMaxArea], out[kMaxArea];
  const Border border = gather_border(tile, node, 0);
  predict_luma(node, unit.mode, border, pred);
  add_residual(quantisers.luma(tile.offset_at(node.x, node.y)), node.size, unit.levels,
               unit.summary, pred, out);
  put_block(tile.rec[0], x, y, n, out);
}

void rebuild_chroma(const BlockUnit& unit, const Quantisers& quantisers, Tile& tile) {
  const Node& node = unit.node;
  const int p = unit.plane;
  const BlockSize size = node.size.reduced(tile.subsample);
  const int x = (node.x * kUnit) >> tile.subsample, y = (node.y * kUnit) >> tile.subsample,
            n = size.side();
  std::uint8_t pred[kMaxArea], out[kMaxArea];
  const Border border = gather_border(tile, node, p);
  LumaBelow luma;
  if (unit.mode >= kChromaFromLuma) luma = luma_below(tile, node);
  predict_chroma(tile, node, unit.mode, border, luma, pred);
  add_residual(quantisers.chroma(tile.offset_at(node.x, node.y)), size, unit.levels, unit.summary,
               pred, out);
  put_block(tile.rec[p], x, y, n, out);
}

}  // namespace

bool BlockReader::read(int row, BlockRow& out) {
  if (!out.levels)
    out.levels = std::unique_ptr<PlacedLevel[]>(
        new PlacedLevel[sample_count(tile_.width, kSuper, tile_.planes)]);
  out.units.clear();
  writer_.next = out.levels.get();
  const int y = row * (kSuper / kUnit);
  for (int x = 0; x < tile_.cells.width; x += kSuper / kUnit) {
    if (coder_.overrun()) return false;
    tile_.select(offset_step(step_, tile_.offset_at(x, y)));
    read_node({x, y, kBlock64}, out);
  }
  return true;
}

void BlockReader::read_node(const Node& node, BlockRow& out) {
  if (outside(tile_, node)) return;
  const Rect pixels{node.x * kUnit, node.y * kUnit, node.size.side(), node.size.side()};
  const bool split = code_split(coder_, tile_, node, false);
  if (split) {
    for (int i = 0; i < 4; ++i) read_node(node.child(i), out);
  } else {
    const bool kept = code_keep(coder_, tile_, node, false);
    for_cells(tile_, node, [&](CellInfo& c) {
      c.log2 = static_cast<std::uint8_t>(node.size.log2());
      c.kept = kept;
    });
    watch(coder_, spent_, pixels, [&] { read_luma(node, out); });
  }
  const bool unit =
      node.size == kBlock16 || (node.size > kBlock16 && !split);
  if (tile_.planes == 1 || !unit) return;
  watch(coder_, spent_, pixels, [&] {
    for (int plane = 1; plane <= 2; ++plane) read_chroma(node, plane, out);
  });
}

void BlockReader::read_luma(const Node& node, BlockRow& out) {
  BlockUnit unit;
  unit.node = node;
  PlacedLevel* const first = writer_.next;
  unit.summary = code_luma(coder_, tile_, node, tile_.cells.at(node.x, node.y).kept != 0, unit.mode, 0, 0, writer_);
  unit.levels = {first, writer_.next};
  const std::uint16_t density = density_of(unit.summary, node.size);
  for_cells(tile_, node, [&](CellInfo& c) {
    c.mode = static_cast<std::uint8_t>(unit.mode);
    c.density = density;
  });
  out.units.push_back(unit);
}

void BlockReader::read_chroma(const Node& node, int plane, BlockRow& out) {
  BlockUnit unit;
  unit.node = node;
  unit.plane = plane;
  PlacedLevel* const first = writer_.next;
  code_chroma(coder_, tile_, node, plane, unit.mode, 0, writer_, unit.summary);
  unit.levels = {first, writer_.next};
  const std::uint16_t density = density_of(unit.summary, node.size.reduced(tile_.subsample));
  const int p = plane - 1;
  for_cells(tile_, node, [&](CellInfo& c) {
    c.chroma_coded[p] = 1;
    c.chroma_mode[p] = static_cast<std::uint8_t>(unit.mode);
    c.chroma_density[p] = density;
  });
  out.units.push_back(unit);
}

void rebuild(const BlockRow& row, const Quantisers& quantisers, Tile& tile) {
  for (const BlockUnit& unit : row.units)
    (unit.plane == 0 ? rebuild_luma : rebuild_chroma)(unit, quantisers, tile);
}

}  // namespace ablc

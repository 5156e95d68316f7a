#include "tile_decoder.h"

#include "mask.h"
#include "reconstruct.h"

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
    c.log2_size = static_cast<std::uint8_t>(node.log2_size);
    c.kept = kept;
  });
}

/// Runs work and tells spent, if anybody listens, what it took of coder for the pixels of window.
template <class F>
void watch(const RangeDecoder& coder, const Spent& spent, const Rect& window, F&& work) {
  if (!spent) return work();
  const double before = coder.position();
  work();
  spent(window, static_cast<float>(coder.position() - before));
}

class BlockReader {
 public:
  BlockReader(Tile& tile, const Quantisers& quantisers, RangeDecoder& coder, const Spent& spent)
      : tile_(tile), quantisers_(quantisers), coder_(coder), spent_(spent) {}

  void read(const Node& node) {
    if (outside(tile_, node)) return;
    const CellInfo& cell = tile_.cells.at(node.x, node.y);
    if (cell.log2_size < node.log2_size) {
      for (int i = 0; i < 4; ++i) read(node.child(i));
    } else if (cell.kept) {
      watch(coder_, spent_, pixels_of(node), [&] { read_luma(node); });
    }
    const bool unit = node.log2_size == 4 || (node.log2_size == 5 && cell.log2_size == 5);
    if (tile_.planes == 1 || !unit) return;
    watch(coder_, spent_, pixels_of(node), [&] {
      for (int plane = 1; plane <= 2; ++plane) read_chroma(node, plane);
    });
  }

 private:
  static Rect pixels_of(const Node& node) { return {node.x * kCell, node.y * kCell, 1 << node.log2_size, 1 << node.log2_size}; }

  void read_luma(const Node& node) {
    const int n = 1 << node.log2_size;
    std::fill_n(levels_.begin(), n * n, std::int16_t{0});
    int mode = 0;
    const LevelSummary summary = code_luma(coder_, tile_, node, mode, 0, levels_.data());
    const Border border = gather_border(tile_.rec[0], tile_.p0[0], node.x * kCell, node.y * kCell, n);
    predict_luma(tile_, node, mode, border, pred_.data());
    add_residual(quantisers_.luma(tile_.offset_at(node.x, node.y)), node.size(), levels_.data(), summary, pred_.data(), out_.data());
    put_block(tile_.rec[0], node.x * kCell, node.y * kCell, n, out_.data());
    const std::uint8_t density = density_of(summary, node.log2_size);
    for_cells(tile_, node, [&](CellInfo& c) {
      c.mode = static_cast<std::uint8_t>(mode);
      c.density = density;
    });
  }

  void read_chroma(const Node& node, int plane) {
    const int log2_size = node.log2_size - tile_.subsample;
    const int n = 1 << log2_size;
    std::fill_n(levels_.begin(), n * n, std::int16_t{0});
    int mode = 0;
    LevelSummary summary;
    const auto p = static_cast<std::size_t>(plane);
    const bool coded = code_chroma(coder_, tile_, node, plane, false, mode, 0, levels_.data(), summary);
    if (coded) {
      const int x = (node.x * kCell) >> tile_.subsample;
      const int y = (node.y * kCell) >> tile_.subsample;
      const Border border = gather_border(tile_.rec[p], tile_.p0[p], x, y, n);
      std::int16_t from_luma[kMaxArea];
      if (mode >= kChromaFromLuma) luma_error(tile_, node, from_luma);
      predict_chroma(tile_, node, plane, mode, border, from_luma, pred_.data());
      add_residual(quantisers_.chroma(tile_.offset_at(node.x, node.y)), log2_size - kMinLog2, levels_.data(), summary, pred_.data(), out_.data());
      put_block(tile_.rec[p], x, y, n, out_.data());
    }
    const std::uint8_t density = density_of(summary, log2_size);
    for_cells(tile_, node, [&](CellInfo& c) {
      c.chroma_coded[p - 1] = coded;
      c.chroma_density[p - 1] = density;
    });
  }

  Tile& tile_;
  const Quantisers& quantisers_;
  RangeDecoder& coder_;
  const Spent& spent_;
  std::array<std::int16_t, kMaxArea> levels_;
  std::array<std::uint8_t, kMaxArea> pred_;
  std::array<std::uint8_t, kMaxArea> out_;
};

}  // namespace

bool decode_base(ByteView segment, const Header& header, const Rect& rect, std::array<Plane<std::int16_t>, 3>& base, const Spent& spent) {
  RangeDecoder coder(segment);
  PlaneCoder planes(header.step);
  bool whole = true;
  for (int p = 0; p < header.planes(); ++p) {
    PlaneParams params = base_params(header.step, p);
    const int side = kCell << (p ? header.subsample : 0);
    SpentOnSample on_sample;
    if (spent) on_sample = [&](int x, int y, float bits) { spent({rect.x + x * side, rect.y + y * side, side, side}, bits); };
    params.spent = &on_sample;
    whole = planes.decode(coder, base[static_cast<std::size_t>(p)], base_rect(header, rect, p), params, p, p == 2) && whole;
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
  for (int y = 0; y < tile.cells.height; y += kSuper / kCell)
    for (int x = 0; x < tile.cells.width; x += kSuper / kCell) {
      const Node super{x, y, kMaxLog2};
      if (coder.overrun() || y >= rows * (kSuper / kCell)) {
        for_cells(tile, super, [](CellInfo& c) {
          c.log2_size = kMaxLog2;
          c.kept = 0;
        });
      } else {
        tile.select(offset_step(header.step, tile.offset_at(x, y)));
        watch(coder, spent, {x * kCell, y * kCell, kSuper, kSuper}, [&] { read_leaves(coder, tile, super); });
      }
    }
  return !coder.overrun() && (!coder.unused() || rows * kSuper < tile.height);
}

bool decode_blocks(ByteView segment, int step, Tile& tile, const Quantisers& quantisers, int rows, const Spent& spent) {
  RangeDecoder coder(segment);
  BlockReader reader(tile, quantisers, coder, spent);
  for (int y = 0; y < std::min(tile.cells.height, rows * (kSuper / kCell)); y += kSuper / kCell)
    for (int x = 0; x < tile.cells.width; x += kSuper / kCell) {
      if (coder.overrun()) return false;
      tile.select(offset_step(step, tile.offset_at(x, y)));
      reader.read({x, y, kMaxLog2});
    }
  return !coder.overrun() && (!coder.unused() || rows * kSuper < tile.height);
}

}  // namespace ablc

#include "reconstruct.h"

#include "dispatch.h"

namespace ablc {

namespace {

/// out = clip(base + error), rows of base at a stride.
ABLC_DISPATCH void add_clipped(const std::uint8_t* ABLC_RESTRICT base, int stride,
                               const std::int16_t* ABLC_RESTRICT error, int n,
                               std::uint8_t* ABLC_RESTRICT out) {
  for (int y = 0; y < n; ++y)
    for (int x = 0; x < n; ++x) {
      const int v = base[y * stride + x] + error[y * n + x];
      out[y * n + x] = static_cast<std::uint8_t>(v < 0 ? 0 : v > 255 ? 255 : v);
    }
}

/// out = clip(pred + inverse transform of coefficients), of which the first rows and columns are
/// not all zero.
void add_transformed(BlockSize size, const std::int16_t* coefficients, const LevelSummary& summary,
                     const std::uint8_t* pred, std::uint8_t* out) {
  const int n = size.side();
  if (summary.count == 0) {
    std::copy_n(pred, n * n, out);
    return;
  }
  std::int16_t residual[kMaxArea];
  inverse_transform(size, coefficients, summary.rows, summary.columns, residual);
  add_clipped(pred, n, residual, n, out);
}

}  // namespace

void predict_luma(const Tile& tile, const Node& node, int mode, const Border& border,
                  std::uint8_t* pred) {
  const std::uint8_t* base = tile.p0[0].row(node.y * kCell) + node.x * kCell;
  predict_block(mode, node.size, border, base, tile.p0[0].width, pred);
}

void predict_chroma(const Tile& tile, const Node& node, int plane, int mode, const Border& border,
                    const std::int16_t* error_luma, std::uint8_t* pred) {
  static constexpr int kFromLuma[4] = {-4, -2, 2, 4};  // 1/8
  const auto& p0 = tile.p0[plane];
  const BlockSize size = node.size.reduced(tile.subsample);
  const int n = size.side();
  const std::uint8_t* base =
      p0.row((node.y * kCell) >> tile.subsample) + ((node.x * kCell) >> tile.subsample);
  if (mode >= kChromaFromLuma) {
    std::int16_t error[kMaxArea];
    for (int i = 0; i < n * n; ++i)
      error[i] =
          static_cast<std::int16_t>((error_luma[i] * kFromLuma[mode - kChromaFromLuma] + 4) >> 3);
    return add_clipped(base, p0.width, error, n, pred);
  }
  // The direction that luma took here, or straight down; and straight right, or down if luma went
  // right.
  const int luma = tile.cells.at(node.x, node.y).mode;
  const int same = luma >= kModeAngular ? luma : kModeDown;
  const int chosen = mode == 2   ? same
                     : mode == 3 ? (same == kModeRight ? kModeDown : kModeRight)
                                 : mode;
  predict_block(chosen, size, border, base, p0.width, pred);
}

void luma_error(const Tile& tile, const Node& node, std::int16_t* error) {
  const int n = (node.size.side()) >> tile.subsample;
  const int x0 = node.x * kCell;
  const int y0 = node.y * kCell;
  for (int y = 0; y < n; ++y) {
    for (int x = 0; x < n; ++x) {
      if (tile.subsample == 0) {
        error[y * n + x] = static_cast<std::int16_t>(tile.rec[0].at(x0 + x, y0 + y) -
                                                     tile.p0[0].at(x0 + x, y0 + y));
        continue;
      }
      int sum = 2;
      for (int i = 0; i < 2; ++i)
        for (int j = 0; j < 2; ++j) {
          const int px = x0 + 2 * x + j;
          const int py = y0 + 2 * y + i;
          sum += tile.rec[0].at(px, py) - tile.p0[0].at(px, py);
        }
      error[y * n + x] = static_cast<std::int16_t>(sum >> 2);
    }
  }
}

void add_residual(const Quantiser& quantiser, BlockSize size, const std::int16_t* levels,
                  const LevelSummary& summary, const std::uint8_t* pred, std::uint8_t* out) {
  const int n = size.side();
  std::int16_t coefficients[kMaxArea];
  for (int i = 0; i < summary.rows * n; ++i)
    coefficients[i] = levels[i] ? quantiser.dequantise(levels[i], size, i) : std::int16_t{0};
  add_transformed(size, coefficients, summary, pred, out);
}

void add_residual(const Quantiser& quantiser, BlockSize size, std::span<const PlacedLevel> levels,
                  const LevelSummary& summary, const std::uint8_t* pred, std::uint8_t* out) {
  const int n = size.side();
  std::int16_t coefficients[kMaxArea];
  std::fill_n(coefficients, summary.rows * n, std::int16_t{0});
  for (const PlacedLevel& placed : levels)
    coefficients[placed.raster] = quantiser.dequantise(placed.level, size, placed.raster);
  add_transformed(size, coefficients, summary, pred, out);
}

void put_block(Plane<std::uint8_t>& plane, int x, int y, int n, const std::uint8_t* block) {
  for (int i = 0; i < n; ++i) std::copy_n(block + i * n, n, plane.row(y + i) + x);
}

}  // namespace ablc

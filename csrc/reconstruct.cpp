#include "reconstruct.h"

#include "dispatch.h"

namespace ablc {

namespace {

constexpr int kSuperSquares = kSuper / kSquare;

/// out = clip(pred + residual).
ABLC_DISPATCH void add_clipped(const std::uint8_t* ABLC_RESTRICT pred,
                               const std::int16_t* ABLC_RESTRICT residual, int count,
                               std::uint8_t* ABLC_RESTRICT out) {
  for (int i = 0; i < count; ++i) {
    const int v = pred[i] + residual[i];
    out[i] = static_cast<std::uint8_t>(v < 0 ? 0 : v > 255 ? 255 : v);
  }
}

/// out = the rounded means of 2x2 samples.
ABLC_DISPATCH void average_pairs(const std::uint8_t* ABLC_RESTRICT upper,
                                 const std::uint8_t* ABLC_RESTRICT lower, int count,
                                 std::int16_t* ABLC_RESTRICT out) {
  for (int i = 0; i < count; ++i)
    out[i] = static_cast<std::int16_t>(
        (upper[2 * i] + upper[2 * i + 1] + lower[2 * i] + lower[2 * i + 1] + 2) >> 2);
}

/// out = clip(pred + inverse transform of coefficients), of which the first rows and columns are
/// not all zero.
void add_transformed(BlockSize size, const std::int16_t* coefficients, const LevelSummary& summary,
                     const std::uint8_t* pred, std::uint8_t* out) {
  if (summary.count == 0) {
    std::copy_n(pred, size.area(), out);
    return;
  }
  std::int16_t residual[kMaxArea];
  inverse_transform(size, summary.sine, coefficients, summary.rows, summary.columns, residual);
  add_clipped(pred, residual, size.area(), out);
}

/// How many squares around a node are decoded before it: of those left of it, from its upper end
/// down, and of those above it, from its left end to the right.
struct Decoded {
  int left, above;

  Decoded(const Tile& tile, const Node& node) {
    const int n = node.squares();
    // Place inside the superblock.
    const int x = node.x % kSuperSquares, y = node.y % kSuperSquares;
    // The squares of the node's size at its lower left and upper right are decoded as a whole.
    const bool lower = y + n < kSuperSquares && (x == 0 || precedes(x - n, y + n, x, y));
    const bool right = y == 0 || (x + n < kSuperSquares && precedes(x + n, y - n, x, y));
    left = node.x == 0 ? 0 : std::min(lower ? 2 * n : n, tile.squares_high - node.y);
    above = node.y == 0 ? 0 : std::min(right ? 2 * n : n, tile.squares_wide - node.x);
  }

 private:
  /// True if square (x, y) comes before (at_x, at_y) in z-order: at the highest bit in which they
  /// differ, y counts before x.
  static bool precedes(int x, int y, int at_x, int at_y) {
    const int dx = x ^ at_x, dy = y ^ at_y;
    return (dx & ~dy) > dy ? x < at_x : y < at_y;
  }
};

/// The straight line that fits pairs of luma and chroma samples best, in 1/64.
class LineFit {
 public:
  void add(int luma, int chroma) {
    ++count_;
    sum_luma_ += luma;
    sum_chroma_ += chroma;
    sum_square_ += luma * luma;
    sum_product_ += luma * chroma;
  }
  /// Compute the line; mid grey without pairs.
  void solve() {
    if (count_ == 0) return;
    const std::int64_t spread = count_ * sum_square_ - sum_luma_ * sum_luma_;
    if (spread > 0)
      slope_ = std::clamp<std::int64_t>(
          (count_ * sum_product_ - sum_luma_ * sum_chroma_) * 64 / spread, -256, 256);
    offset_ = (sum_chroma_ * 64 - slope_ * sum_luma_) / count_;
  }
  std::uint8_t at(int luma) const {
    return static_cast<std::uint8_t>(
        clip_pixel(static_cast<int>((slope_ * luma + offset_ + 32) >> 6)));
  }

 private:
  std::int64_t count_ = 0, sum_luma_ = 0, sum_chroma_ = 0, sum_square_ = 0, sum_product_ = 0;
  std::int64_t slope_ = 0, offset_ = 128 * 64;
};

/// Predict chroma from luma by the line through the samples of the border.
void predict_from_luma(int n, int mode, const Border& border, const LumaAround& luma,
                       std::uint8_t* pred) {
  LineFit line;
  if (luma.has_top && mode != kChromaFromLuma + 1)
    for (int i = 0; i < n; ++i) line.add(luma.top[i], border.top[i + 1]);
  if (luma.has_left && mode != kChromaFromLuma + 2)
    for (int i = 0; i < n; ++i) line.add(luma.left[i], border.left[i + 1]);
  line.solve();
  for (int i = 0; i < n * n; ++i) pred[i] = line.at(luma.inside[i]);
}

}  // namespace

Border gather_border(const Tile& tile, const Node& node, int plane) {
  const int s = plane ? tile.subsample : 0;
  const Plane<std::uint8_t>& rec = tile.rec[plane];
  const int n = node.size.side() >> s, square = kSquare >> s;
  const int x = (node.x * kSquare) >> s, y = (node.y * kSquare) >> s;
  const Decoded decoded(tile, node);
  const int left = decoded.left * square, above = decoded.above * square;
  Border border;
  std::int16_t* side = border.left.data() + 1;
  std::int16_t* top = border.top.data() + 1;
  for (int i = 0; i < left; ++i) side[i] = rec.at(x - 1, y + i);
  if (above) std::copy_n(rec.row(y - 1) + x, above, top);
  // From the lower left end over the corner to the upper right one: what is not decoded repeats the
  // last sample before, at the beginning the first one there is.
  const std::int16_t first = left ? side[left - 1] : above ? top[0] : std::int16_t{128};
  std::fill(side + left, side + 2 * n, first);
  const std::int16_t corner = left && above ? rec.at(x - 1, y - 1) : side[0];
  border.left[0] = border.top[0] = corner;
  std::fill(top + above, top + 2 * n, above ? top[above - 1] : corner);
  return border;
}

void predict_luma(const Node& node, int mode, const Border& border, std::uint8_t* pred) {
  predict_block(mode, node.size, border, true, pred);
}

void average_luma(const Tile& tile, const Node& node, LumaAround& luma) {
  const int s = tile.subsample, n = node.size.side() >> s;
  const int x = node.x * kSquare, y = node.y * kSquare;
  const Plane<std::uint8_t>& rec = tile.rec[0];
  // Averages of a row of chroma from column `from` of luma on.
  const auto average = [&](int from, int row, int count, std::int16_t* out) {
    if (s == 0) return static_cast<void>(std::copy_n(rec.row(row) + from, count, out));
    average_pairs(rec.row(row) + from, rec.row(row + 1) + from, count, out);
  };
  luma.has_top = y > 0;
  luma.has_left = x > 0;
  if (luma.has_top) average(x, y - (1 << s), n, luma.top.data());
  for (int i = 0; i < n; ++i) {
    average(x, y + (i << s), n, luma.inside.data() + i * n);
    if (!luma.has_left) continue;
    const std::uint8_t* upper = rec.row(y + (i << s)) + x - 1;
    const std::uint8_t* lower = upper + rec.width;
    luma.left[i] =
        s == 0 ? std::int16_t{upper[0]}
               : static_cast<std::int16_t>((upper[-1] + upper[0] + lower[-1] + lower[0] + 2) >> 2);
  }
}

void predict_chroma(const Tile& tile, const Node& node, int mode, const Border& border,
                    const LumaAround& luma, std::uint8_t* pred) {
  const BlockSize size = node.size.reduced(tile.subsample);
  if (mode >= kChromaFromLuma) return predict_from_luma(size.side(), mode, border, luma, pred);
  // The mode of luma in the middle of the unit; another mode that equals it stands for the last
  // direction.
  static constexpr Array<int, kChromaFromLuma> kModes = {0, kModePlanar, kModeDc, kModeDown,
                                                         kModeRight};
  const int middle = node.squares() / 2;
  const int same = tile.squares.at(node.x + middle, node.y + middle).mode;
  const int chosen = mode == 0 ? same : kModes[mode] == same ? kLumaModes - 1 : kModes[mode];
  predict_block(chosen, size, border, false, pred);
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

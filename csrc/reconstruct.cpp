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

/// Place of a square in the order of decoding inside its superblock: bits of x and y in turn.
int z_order(int x, int y) {
  int z = 0;
  for (int i = 0; 1 << i < kSuperSquares; ++i)
    z |= (x >> i & 1) << (2 * i) | (y >> i & 1) << (2 * i + 1);
  return z;
}

/// True if a square is decoded before the node.
bool is_decoded(const Tile& tile, const Node& node, int x, int y) {
  if (x < 0 || y < 0 || x >= tile.squares_wide || y >= tile.squares_high) return false;
  const int column = x / kSuperSquares, row = y / kSuperSquares;
  const int node_column = node.x / kSuperSquares, node_row = node.y / kSuperSquares;
  if (row != node_row) return row < node_row;
  if (column != node_column) return column < node_column;
  return z_order(x, y) < z_order(node.x, node.y);
}

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
  // From the lower left end over the corner to the upper right one.
  Array<std::int16_t, 4 * kMaxSide + 1> line;
  Array<bool, 4 * kMaxSide + 1> decoded;
  for (int i = 0; i < 2 * n; i += square) {
    const bool left = is_decoded(tile, node, node.x - 1, node.y + i / square);
    const bool top = is_decoded(tile, node, node.x + i / square, node.y - 1);
    for (int k = i; k < i + square; ++k) {
      decoded[2 * n - 1 - k] = left;
      decoded[2 * n + 1 + k] = top;
      if (left) line[2 * n - 1 - k] = rec.at(x - 1, y + k);
      if (top) line[2 * n + 1 + k] = rec.at(x + k, y - 1);
    }
  }
  decoded[2 * n] = is_decoded(tile, node, node.x - 1, node.y - 1);
  if (decoded[2 * n]) line[2 * n] = rec.at(x - 1, y - 1);
  // Where nothing is decoded the last sample before repeats, at the beginning the first one there
  // is.
  int first = 0;
  while (first <= 4 * n && !decoded[first]) ++first;
  std::int16_t last = first <= 4 * n ? line[first] : std::int16_t{128};
  Border border;
  for (int i = 0; i <= 4 * n; ++i) {
    if (decoded[i]) last = line[i];
    line[i] = last;
  }
  for (int i = 0; i <= 2 * n; ++i) {
    border.left[i] = line[2 * n - i];
    border.top[i] = line[2 * n + i];
  }
  return border;
}

void predict_luma(const Node& node, int mode, const Border& border, std::uint8_t* pred) {
  predict_block(mode, node.size, border, true, pred);
}

void average_luma(const Tile& tile, const Node& node, LumaAround& luma) {
  const int s = tile.subsample, n = node.size.side() >> s;
  const int left = node.x * kSquare, top = node.y * kSquare;
  const Plane<std::uint8_t>& rec = tile.rec[0];
  const auto at = [&](int x, int y) {  // in chroma samples from the corner
    if (s == 0) return static_cast<std::int16_t>(rec.at(left + x, top + y));
    const int px = left + 2 * x, py = top + 2 * y;
    const int sum =
        rec.at(px, py) + rec.at(px + 1, py) + rec.at(px, py + 1) + rec.at(px + 1, py + 1);
    return static_cast<std::int16_t>((sum + 2) >> 2);
  };
  luma.has_top = node.y > 0;
  luma.has_left = node.x > 0;
  for (int i = 0; i < n; ++i) {
    if (luma.has_top) luma.top[i] = at(i, -1);
    if (luma.has_left) luma.left[i] = at(-1, i);
    for (int j = 0; j < n; ++j) luma.inside[i * n + j] = at(j, i);
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

#include "reconstruct.h"

#include <cmath>

#include "dispatch.h"

namespace ablc {

namespace {

int integer_sqrt(std::int64_t v) {
  auto r = static_cast<std::int64_t>(std::sqrt(static_cast<double>(v)));
  while (r * r > v) --r;
  while ((r + 1) * (r + 1) <= v) ++r;
  return static_cast<int>(r);
}

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
  inverse_transform(size, summary.kind, coefficients, summary.rows, summary.columns, residual);
  add_clipped(pred, n, residual, n, out);
}

/// Weight 0.6 + 1.2 f of every coefficient, f the radial frequency over Nyquist, in 1/64.
const auto kWeights = [] {
  Array<Array<std::int32_t, kMaxArea>, kSizes> weights{};
  const int flat = static_cast<int>(tuned("NB_FLAT", 54)), slope = static_cast<int>(tuned("NB_SLOPE", 45));
  for (const BlockSize size : {kBlock4, kBlock8, kBlock16, kBlock32, kBlock64}) {
    const int n = size.side();
    for (int y = 0; y < n; ++y)
      for (int x = 0; x < n; ++x) {
        const int radius = integer_sqrt(static_cast<std::int64_t>(x * x + y * y) * 65536 / (n * n));
        weights[size.index()][y * n + x] = flat + ((slope * radius + 128) >> 8);
      }
  }
  return weights;
}();
}  // namespace

int offset_step(int step, int offset) {
  static constexpr Array<int, 4> kQuarters = {4096, 4871, 5793, 6889};  // 2^(k / 4) in 1/4096
  const int octave = offset >> 2;
  std::int64_t scaled = static_cast<std::int64_t>(step) * kQuarters[offset & 3];
  scaled = octave >= 0 ? scaled << octave : scaled >> -octave;
  return static_cast<int>(std::clamp<std::int64_t>((scaled + 2048) >> 12, 16, 16384));
}

int chroma_step(int step) {
  return std::min((step * 9 + 4) >> 3, 16384);
}

Quantiser::Quantiser(int step_sixteenths) : step(step_sixteenths), factor{}, scale{} {
  for (std::size_t size = 0; size < kSizes; ++size)
    for (std::size_t i = 0; i < kMaxArea; ++i) {
      factor[size][i] = step * kWeights[size][i];
      scale[size][i] = 1024.0f / static_cast<float>(std::max(factor[size][i], 1));
    }
}

Quantisers::Quantisers(int step, bool offsets) : offsets_(offsets) {
  for (int k = offsets ? -kMostOffset : 0; k <= (offsets ? kMostOffset : 0); ++k) {
    luma_.emplace_back(offset_step(step, k));
    chroma_.emplace_back(chroma_step(offset_step(step, k)));
  }
}

namespace {
int z_order(int x, int y) {
  int z = 0;
  for (int i = 0; i < 4; ++i) z |= (x >> i & 1) << (2 * i) | (y >> i & 1) << (2 * i + 1);
  return z;
}
}  // namespace

Border gather_border(const Tile& tile, const Node& node, int plane) {
  const int s = plane ? tile.subsample : 0;
  const Plane<std::uint8_t>& rec = tile.rec[plane];
  const int n = node.size.side() >> s, unit = kUnit >> s;
  const int x = (node.x * kUnit) >> s, y = (node.y * kUnit) >> s;
  const int z = z_order(node.x, node.y);
  const auto known = [&](int cx, int cy) {
    if (cx < 0 || cy < 0 || cx >= tile.units_wide || cy >= tile.units_high) return false;
    const int sx = cx >> 4, sy = cy >> 4, nx = node.x >> 4, ny = node.y >> 4;
    if (sy != ny) return sy < ny;
    if (sx != nx) return sx < nx;
    return z_order(cx, cy) < z;
  };
  // From the lower left end over the corner to the upper right one.
  Array<std::int16_t, 4 * kMaxSide + 1> line;
  Array<bool, 4 * kMaxSide + 1> have;
  for (int i = 0; i < 2 * n; i += unit) {
    const bool l = known(node.x - 1, node.y + i / unit), t = known(node.x + i / unit, node.y - 1);
    for (int k = i; k < i + unit; ++k) {
      have[2 * n - 1 - k] = l;
      have[2 * n + 1 + k] = t;
      if (l) line[2 * n - 1 - k] = rec.at(x - 1, y + k);
      if (t) line[2 * n + 1 + k] = rec.at(x + k, y - 1);
    }
  }
  have[2 * n] = known(node.x - 1, node.y - 1);
  if (have[2 * n]) line[2 * n] = rec.at(x - 1, y - 1);
  int first = 0;
  while (first <= 4 * n && !have[first]) ++first;
  std::int16_t last = first <= 4 * n ? line[first] : std::int16_t{128};
  Border border;
  for (int i = 0; i <= 4 * n; ++i) {
    if (have[i]) last = line[i];
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

LumaBelow luma_below(const Tile& tile, const Node& node) {
  LumaBelow luma;
  const int s = tile.subsample, n = node.size.side() >> s;
  const int x0 = node.x * kUnit, y0 = node.y * kUnit;
  const auto at = [&](int x, int y) {  // in chroma samples from the corner
    const auto& rec = tile.rec[0];
    if (s == 0) return static_cast<std::int16_t>(rec.at(x0 + x, y0 + y));
    const int px = x0 + 2 * x, py = y0 + 2 * y;
    return static_cast<std::int16_t>((rec.at(px, py) + rec.at(px + 1, py) + rec.at(px, py + 1) +
                                      rec.at(px + 1, py + 1) + 2) >>
                                     2);
  };
  luma.has_top = node.y > 0;
  luma.has_left = node.x > 0;
  for (int i = 0; i < n; ++i) {
    if (luma.has_top) luma.top[i] = at(i, -1);
    if (luma.has_left) luma.left[i] = at(-1, i);
    for (int j = 0; j < n; ++j) luma.inside[i * n + j] = at(j, i);
  }
  return luma;
}

void predict_chroma(const Tile& tile, const Node& node, int mode, const Border& border,
                    const LumaBelow& luma, std::uint8_t* pred) {
  const BlockSize size = node.size.reduced(tile.subsample);
  const int n = size.side();
  if (mode >= kChromaFromLuma) {
    std::int64_t count = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
    const auto add = [&](int l, int c) {
      ++count, sx += l, sy += c, sxx += l * l, sxy += l * c;
    };
    if (luma.has_top && mode != kChromaFromLuma + 1)
      for (int i = 0; i < n; ++i) add(luma.top[i], border.top[i + 1]);
    if (luma.has_left && mode != kChromaFromLuma + 2)
      for (int i = 0; i < n; ++i) add(luma.left[i], border.left[i + 1]);
    std::int64_t slope = 0, offset = 128 * 64;
    if (count) {
      const std::int64_t over = count * sxx - sx * sx;
      if (over > 0) slope = std::clamp<std::int64_t>((count * sxy - sx * sy) * 64 / over, -256, 256);
      offset = (sy * 64 - slope * sx) / count;
    }
    for (int i = 0; i < n * n; ++i)
      pred[i] = static_cast<std::uint8_t>(
          clip_pixel(static_cast<int>((slope * luma.inside[i] + offset + 32) >> 6)));
    return;
  }
  // The mode that luma took in the middle; what would repeat it is the last direction instead.
  const int cells = node.cells() / 2;
  const int same = tile.cells.at(node.x + cells, node.y + cells).mode;
  static constexpr int kModes[5] = {0, kModePlanar, kModeDc, kModeDown, kModeRight};
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

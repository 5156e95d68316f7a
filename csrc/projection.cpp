#include "projection.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "dispatch.h"
#include "layout.h"
#include "parallel.h"

namespace ablc {

namespace {

using Block = Array<float, kMaxArea>;

constexpr float kSafe =
    0.01f;  // grey levels: what is checked is that much narrower than what is promised
constexpr int kAttempts = 3;  // projections before the change is scaled down
constexpr int kSuperCells = kSuper / kCell;

/// Orthonormal DCT-II matrix of n x n, rows are frequencies; and its transpose.
struct Basis {
  Block forward{}, inverse{};
  explicit Basis(int n) {
    for (int k = 0; k < n; ++k)
      for (int i = 0; i < n; ++i) {
        const double c =
            std::sqrt((k ? 2.0 : 1.0) / n) * std::cos(std::numbers::pi * (2 * i + 1) * k / (2 * n));
        forward[k * n + i] = static_cast<float>(c);
        inverse[i * n + k] = static_cast<float>(c);
      }
  }
};

const Basis& basis_of(int n) {
  static const Array<Basis, kSizes> kBases = {Basis(8), Basis(16), Basis(32), Basis(8), Basis(8)};
  return kBases[n == 8 ? 0 : n == 16 ? 1 : 2];
}

/// out = a b, n x n each.
ABLC_DISPATCH void multiply(const float* ABLC_RESTRICT a, const float* ABLC_RESTRICT b, int n,
                            float* ABLC_RESTRICT out) {
  for (int i = 0; i < n; ++i) {
    float sum[kMaxSide] = {};
    for (int k = 0; k < n; ++k) {
      const float s = a[i * n + k];
      for (int j = 0; j < n; ++j) sum[j] += s * b[k * n + j];
    }
    std::copy_n(sum, n, out + i * n);
  }
}

/// Whether all |value| <= factor / 2048 - narrower. factor: of a quantiser, in 1/1024 of a grey
/// level.
ABLC_DISPATCH bool within(const float* ABLC_RESTRICT value,
                          const std::int32_t* ABLC_RESTRICT factor, int count, float narrower) {
  int beyond = 0;
  for (int i = 0; i < count; ++i)
    beyond |= std::fabs(value[i]) > static_cast<float>(factor[i]) * (1.0f / 2048) - narrower;
  return beyond == 0;
}

/// The same limits, imposed; slack of at most a quarter of each is left for the rounding that
/// follows.
ABLC_DISPATCH void limit(float* ABLC_RESTRICT value, const std::int32_t* ABLC_RESTRICT factor,
                         int count, float slack) {
  for (int i = 0; i < count; ++i) {
    const float half = static_cast<float>(factor[i]) * (1.0f / 2048);
    const float most = half - (slack < half * 0.25f ? slack : half * 0.25f);
    value[i] = value[i] > most ? most : value[i] < -most ? -most : value[i];
  }
}

/// Changes of RGB to changes of Y, Cb, Cr (docs/FORMAT.md, Colour).
ABLC_DISPATCH void to_ycc(const float* ABLC_RESTRICT r, const float* ABLC_RESTRICT g,
                          const float* ABLC_RESTRICT b, int count, float* ABLC_RESTRICT y,
                          float* ABLC_RESTRICT cb, float* ABLC_RESTRICT cr) {
  for (int i = 0; i < count; ++i) {
    y[i] = 0.299f * r[i] + 0.587f * g[i] + 0.114f * b[i];
    cb[i] = -0.168736f * r[i] - 0.331264f * g[i] + 0.5f * b[i];
    cr[i] = 0.5f * r[i] - 0.418688f * g[i] - 0.081312f * b[i];
  }
}

ABLC_DISPATCH void to_rgb(const float* ABLC_RESTRICT y, const float* ABLC_RESTRICT cb,
                          const float* ABLC_RESTRICT cr, int count, float* ABLC_RESTRICT r,
                          float* ABLC_RESTRICT g, float* ABLC_RESTRICT b) {
  for (int i = 0; i < count; ++i) {
    r[i] = y[i] + 1.402f * cr[i];
    g[i] = y[i] - 0.344136f * cb[i] - 0.714136f * cr[i];
    b[i] = y[i] + 1.772f * cb[i];
  }
}

/// change = painted - decoded, painted limited to 0..255; 0 where painted is no number.
ABLC_DISPATCH void subtract(const float* ABLC_RESTRICT painted, const float* ABLC_RESTRICT decoded,
                            int count, float* ABLC_RESTRICT change) {
  for (int i = 0; i < count; ++i) {
    const float v = painted[i] * 255.0f;
    const float inside = v < 0.0f ? 0.0f : v > 255.0f ? 255.0f : v;
    change[i] = inside == inside ? inside - decoded[i] : 0.0f;
  }
}

/// The change of pixels when they are stored: rounded, within 0..255.
ABLC_DISPATCH void round_to_pixels(const float* ABLC_RESTRICT change,
                                   const float* ABLC_RESTRICT decoded, float scale, int count,
                                   float* ABLC_RESTRICT stored) {
  for (int i = 0; i < count; ++i) {
    const float v = decoded[i] + scale * change[i] + 0.5f;
    stored[i] = static_cast<float>(static_cast<int>(v < 0.0f     ? 0.0f
                                                    : v > 255.0f ? 255.0f
                                                                 : v)) -
                decoded[i];
  }
}

/// One 32x32 leaf, or a 16x16 square that a leaf or four of 8x8 fill: what a chroma block covers.
class Unit {
 public:
  Unit(const Guide& guide, const Quantisers& quantisers, const Image& picture,
       const Painted& painted, int top)
      : guide_(guide),
        quantisers_(quantisers),
        picture_(picture),
        painted_(painted),
        top_(top),
        colours_(picture.channels == 1 ? 1 : 3) {}

  /// x, y: of its corner in the picture, pixels.
  void project(int x, int y, int size) {
    x_ = x;
    y_ = y;
    n_ = size;
    width_ = std::min(size, picture_.width - x);
    height_ = std::min(size, picture_.height - y);
    load();
    store(1.0f);
    if (!changed_) return;
    if (!sound()) repair();
    put();
  }

 private:
  int area() const { return n_ * n_; }
  const CellShape& cell(int x, int y) const {
    return guide_.cells.at((x_ + x) / kCell, (y_ + y) / kCell);
  }

  /// Decoded samples and the painted ones' difference from them; beyond the picture its last ones
  /// repeat.
  void load() {
    for (int c = 0; c < colours_; ++c) {
      Block& decoded = decoded_[c];
      Block& change = change_[c];
      for (int j = 0; j < height_; ++j) {
        const int y = y_ + j;
        const std::uint8_t* in = picture_.row(y) + x_ * picture_.channels + c;
        float* to = decoded.data() + j * n_;
        for (int i = 0; i < width_; ++i) to[i] = in[i * picture_.channels];
        const float* from =
            painted_.planes[c] + static_cast<std::ptrdiff_t>(y - top_) * painted_.stride + x_;
        subtract(from, to, width_, change.data() + j * n_);
      }
      extend(decoded);
    }
    keep_exact();
  }

  /// Repeats the last visible samples beyond the picture.
  void extend(Block& block) const {
    float* rows = block.data();
    if (width_ < n_)
      for (int j = 0; j < height_; ++j)
        std::fill(rows + j * n_ + width_, rows + (j + 1) * n_, rows[j * n_ + width_ - 1]);
    for (int j = height_; j < n_; ++j) std::copy_n(rows + (height_ - 1) * n_, n_, rows + j * n_);
  }

  /// The change as it will be stored, in colours and in planes; and whether there is any.
  void store(float scale) {
    changed_ = false;
    const int count = area();
    for (int c = 0; c < colours_; ++c) {
      round_to_pixels(change_[c].data(), decoded_[c].data(), scale, count, stored_[c].data());
      extend(stored_[c]);
      changed_ = changed_ || std::any_of(stored_[c].begin(), stored_[c].begin() + count,
                                         [](float v) { return v != 0; });
    }
    planes_of(stored_, stored_planes_);
  }

  void planes_of(const Array<Block, 3>& colours, Array<Block, 3>& planes) const {
    if (colours_ == 1) {
      std::copy_n(colours[0].begin(), area(), planes[0].begin());
    } else {
      to_ycc(colours[0].data(), colours[1].data(), colours[2].data(), area(), planes[0].data(),
             planes[1].data(), planes[2].data());
    }
  }

  // --- what has to hold ---

  /// A square of the unit as a block of its own.
  void cut_square(const Block& plane, int x, int y, int side, Block& out) const {
    for (int j = 0; j < side; ++j)
      std::copy_n(plane.data() + (y + j) * n_ + x, side, out.data() + j * side);
  }

  /// Chroma as it is coded: means of 2x2 for 4:2:0.
  int reduce(const Block& plane, Block& out) const {
    if (guide_.subsample == 0) {
      std::copy_n(plane.begin(), area(), out.begin());
      return n_;
    }
    const int half = n_ / 2;
    for (int j = 0; j < half; ++j)
      for (int i = 0; i < half; ++i) {
        const float* at = plane.data() + 2 * j * n_ + 2 * i;
        out[j * half + i] = 0.25f * (at[0] + at[1] + at[n_] + at[n_ + 1]);
      }
    return half;
  }

  static void transform(const Block& in, int n, Block& out) {
    Block between;
    const Basis& basis = basis_of(n);
    multiply(basis.forward.data(), in.data(), n, between.data());
    multiply(between.data(), basis.inverse.data(), n, out.data());
  }
  static void transform_back(const Block& in, int n, Block& out) {
    Block between;
    const Basis& basis = basis_of(n);
    multiply(basis.inverse.data(), in.data(), n, between.data());
    multiply(between.data(), basis.forward.data(), n, out.data());
  }

  const std::int32_t* luma_limits(const CellShape& shape, int n) const {
    return quantisers_.luma(shape.step_offset).factor[n / 16].data();
  }
  const std::int32_t* chroma_limits(int n) const {
    return quantisers_.chroma(cell(0, 0).step_offset).factor[n / 16].data();
  }

  /// Half a step of the base, grey levels.
  float base_limit(std::size_t plane) const {
    return static_cast<float>(base_params(guide_.step, static_cast<int>(plane)).step) / 32;
  }

  /// Whether chroma's coefficients count, rather than its means: something of the unit is kept.
  bool chroma_kept() const {
    for (int y = 0; y < height_; y += kCell)
      for (int x = 0; x < width_; x += kCell)
        if (cell(x, y).kept || cell(x, y).chroma_coded) return true;
    return false;
  }

  /// Calls f(x, y, side, shape) for every leaf with a visible pixel.
  template <class F>
  bool every_leaf(F&& f) const {
    const int side = 1 << cell(0, 0).log2;
    for (int y = 0; y < height_; y += side)
      for (int x = 0; x < width_; x += side)
        if (!f(x, y, side, cell(x, y))) return false;
    return true;
  }

  /// Visible pixels of a cell, free ones of them, and the sum of a plane over the former.
  struct CellSum {
    int pixels = 0, free = 0;
    float sum = 0;
  };
  CellSum sum_of(const Block& plane, int x, int y) const {
    CellSum found;
    for (int j = y; j < std::min(y + kCell, height_); ++j)
      for (int i = x; i < std::min(x + kCell, width_); ++i) {
        found.sum += plane[j * n_ + i];
        ++found.pixels;
        found.free += guide_.exact.samples.empty() || !guide_.exact.at(x_ + i, y_ + j);
      }
    return found;
  }

  template <class F>
  bool every_cell(int x, int y, int side, F&& f) const {
    for (int j = y; j < std::min(y + side, height_); j += kCell)
      for (int i = x; i < std::min(x + side, width_); i += kCell)
        if (!f(i, j)) return false;
    return true;
  }

  bool means_hold(std::size_t plane, int x, int y, int side) const {
    return every_cell(x, y, side, [&](int i, int j) {
      const CellSum cell = sum_of(stored_planes_[plane], i, j);
      return std::fabs(cell.sum) <=
             std::max(base_limit(plane) - kSafe, 0.0f) * static_cast<float>(cell.pixels);
    });
  }

  bool sound() const {
    Block square, coefficients;
    const bool luma = every_leaf([&](int x, int y, int side, const CellShape& shape) {
      if (!shape.kept) return means_hold(0, x, y, side);
      cut_square(stored_planes_[0], x, y, side, square);
      transform(square, side, coefficients);
      return within(coefficients.data(), luma_limits(shape, side), side * side, kSafe);
    });
    if (!luma || colours_ == 1) return luma;
    const bool kept = chroma_kept();
    for (std::size_t p = 1; p < 3; ++p) {
      if (!kept) {
        if (!means_hold(p, 0, 0, n_)) return false;
        continue;
      }
      const int n = reduce(stored_planes_[p], square);
      transform(square, n, coefficients);
      if (!within(coefficients.data(), chroma_limits(n), n * n, kSafe)) return false;
    }
    return true;
  }

  // --- making it hold ---

  /// Moves the visible, free pixels of every dropped cell until its mean is within limits.
  void limit_means(Array<Block, 3>& planes, std::size_t plane, int x, int y, int side,
                   float slack) const {
    const float half = base_limit(plane);
    const float most = half - std::min(slack, half / 4);
    every_cell(x, y, side, [&](int i, int j) {
      const CellSum cell = sum_of(planes[plane], i, j);
      const float mean = cell.sum / static_cast<float>(cell.pixels);
      const float wanted = std::clamp(mean, -most, most);
      if (wanted == mean || cell.free == 0) return true;
      const float shift =
          (wanted - mean) * static_cast<float>(cell.pixels) / static_cast<float>(cell.free);
      for (int v = j; v < std::min(j + kCell, n_); ++v)
        for (int u = i; u < std::min(i + kCell, n_); ++u) planes[plane][v * n_ + u] += shift;
      return true;
    });
  }

  /// The nearest change within all limits, taken one plane at a time.
  void constrain(Array<Block, 3>& planes, float slack) const {
    Block square, coefficients;
    every_leaf([&](int x, int y, int side, const CellShape& shape) {
      if (!shape.kept) {
        limit_means(planes, 0, x, y, side, slack / 8);
        return true;
      }
      cut_square(planes[0], x, y, side, square);
      transform(square, side, coefficients);
      limit(coefficients.data(), luma_limits(shape, side), side * side, slack);
      transform_back(coefficients, side, square);
      for (int j = 0; j < side; ++j)
        std::copy_n(square.data() + j * side, side, planes[0].data() + (y + j) * n_ + x);
      return true;
    });
    if (colours_ == 1) return;
    const bool kept = chroma_kept();
    for (std::size_t p = 1; p < 3; ++p) {
      if (!kept) {
        limit_means(planes, p, 0, 0, n_, slack / 8);
        continue;
      }
      const int n = reduce(planes[p], square);
      transform(square, n, coefficients);
      limit(coefficients.data(), chroma_limits(n), n * n, slack / 2);
      Block limited;
      transform_back(coefficients, n, limited);
      const int s = guide_.subsample;
      for (int j = 0; j < n_; ++j)
        for (int i = 0; i < n_; ++i) {
          const int at = (j >> s) * n + (i >> s);
          planes[p][j * n_ + i] += limited[at] - square[at];
        }
    }
  }

  /// Rounding and the ends of the range may undo a little of what was imposed: the limits are then
  /// imposed again, a little narrower; at last the change is scaled down, to nothing if need be.
  void repair() {
    float slack = 0.7f;  // what rounding does to one coefficient in a thousand, grey levels
    for (int attempt = 0; attempt < kAttempts; ++attempt, slack *= 2) {
      Array<Block, 3> planes;
      planes_of(change_, planes);
      constrain(planes, slack);
      if (colours_ == 1) {
        std::copy_n(planes[0].begin(), area(), change_[0].begin());
      } else {
        to_rgb(planes[0].data(), planes[1].data(), planes[2].data(), area(), change_[0].data(),
               change_[1].data(), change_[2].data());
      }
      keep_exact();
      store(1.0f);
      if (sound()) return;
      change_ = stored_;
    }
    for (const float scale : {0.75f, 0.5f, 0.25f}) {
      store(scale);
      if (sound()) return;
    }
    store(0.0f);
  }

  /// Exact pixels do not change; and beyond the picture the change goes on as it is at its border.
  void keep_exact() {
    if (!guide_.exact.samples.empty())
      for (int j = 0; j < height_; ++j)
        for (int i = 0; i < width_; ++i)
          if (guide_.exact.at(x_ + i, y_ + j))
            for (Block& change : change_) change[j * n_ + i] = 0;
    for (int c = 0; c < colours_; ++c) extend(change_[c]);
  }

  void put() const {
    for (int c = 0; c < colours_; ++c)
      for (int j = 0; j < height_; ++j) {
        std::uint8_t* out = picture_.row(y_ + j) + x_ * picture_.channels + c;
        const float* from = decoded_[c].data() + j * n_;
        const float* change = stored_[c].data() + j * n_;
        for (int i = 0; i < width_; ++i)
          out[i * picture_.channels] = static_cast<std::uint8_t>(from[i] + change[i]);
      }
  }

  const Guide& guide_;
  const Quantisers& quantisers_;
  const Image& picture_;
  const Painted& painted_;
  int top_;
  int colours_;
  int x_ = 0, y_ = 0, n_ = 0, width_ = 0, height_ = 0;
  bool changed_ = false;
  Array<Block, 3> decoded_, change_, stored_, stored_planes_;
};

bool has_offsets(const Guide& guide) {
  return std::any_of(guide.cells.samples.begin(), guide.cells.samples.end(),
                     [](const CellShape& c) { return c.step_offset != 0; });
}

}  // namespace

Projection::Projection(const Guide& guide)
    : guide_(guide), quantisers_(guide.step, has_offsets(guide)) {}

void Projection::apply(const Painted& painted, int top, int threads, const Image& picture) const {
  const int columns = guide_.cells.width, first = top / kCell;
  const int last = div_up(top + painted.rows, kCell);
  parallel_for(div_up(last - first, kSuperCells), threads, [&](int row) {
    const auto unit = std::make_unique<Unit>(guide_, quantisers_, picture, painted, top);
    const int y = first + row * kSuperCells;
    for (int x = 0; x < columns; x += kSuperCells) {
      if (guide_.cells.at(x, y).log2 == kBlock32.log2()) {
        unit->project(x * kCell, y * kCell, kSuper);
        continue;
      }
      for (int j = y; j < std::min(y + kSuperCells, last); j += 2)
        for (int i = x; i < std::min(x + kSuperCells, columns); i += 2)
          unit->project(i * kCell, j * kCell, kSuper / 2);
    }
  });
}

}  // namespace ablc

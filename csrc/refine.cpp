#include "refine.h"

#include <cstring>
#include <vector>

#include "dispatch.h"
#include "initial.h"
#include "refine_tables.inc"
#include "tile.h"
#include <cstdio>
#include <cstdlib>

namespace ablc {

namespace {

constexpr int kBlock = 4;
constexpr int kReach = 3;   // of a filter
constexpr int kMost = 60;   // bound of a clipped difference, grey levels
constexpr int kMargin = 8;  // samples repeated left and right of a row

// The half of the diamond of radius 3 that precedes the centre in reading order.
constexpr Array<Array<int, 2>, kRefinePairs> kOffset = {{{{-3, 0},
                                                          {-2, -1},
                                                          {-2, 0},
                                                          {-2, 1},
                                                          {-1, -2},
                                                          {-1, -1},
                                                          {-1, 0},
                                                          {-1, 1},
                                                          {-1, 2},
                                                          {0, -3},
                                                          {0, -2},
                                                          {0, -1}}}};

constexpr int largest_weight_sum() {
  int largest = 0;
  for (const auto& band : kRefine)
    for (const auto& filter : band) {
      int sum = 0;
      for (const int w : filter) sum += w < 0 ? -w : w;
      largest = sum > largest ? sum : largest;
    }
  return largest;
}
static_assert(largest_weight_sum() * 2 * kMost + 64 < 1 << 15, "filter_row sums in 16 bits");

/// Adds the absolute second differences of a row in four directions to sums: across, down, and
/// along both diagonals. Rows are readable from -1 to count.
ABLC_DISPATCH void add_bends(const std::uint8_t* ABLC_RESTRICT above,
                             const std::uint8_t* ABLC_RESTRICT here,
                             const std::uint8_t* ABLC_RESTRICT below, int count,
                             std::uint16_t* ABLC_RESTRICT across, std::uint16_t* ABLC_RESTRICT down,
                             std::uint16_t* ABLC_RESTRICT falling,
                             std::uint16_t* ABLC_RESTRICT rising) {
  const auto add = [&](std::uint16_t* ABLC_RESTRICT sum, const std::uint8_t* a,
                       const std::uint8_t* b) {
    for (int x = 0; x < count; ++x) {
      const auto d = static_cast<std::int16_t>(2 * here[x] - a[x] - b[x]);
      sum[x] = static_cast<std::uint16_t>(sum[x] + (d < 0 ? -d : d));
    }
  };
  add(across, here - 1, here + 1);
  add(down, above, below);
  add(falling, above - 1, below + 1);
  add(rising, above + 1, below - 1);
}

int class_of(std::int64_t across, std::int64_t down, std::int64_t falling, std::int64_t rising) {
  const std::int64_t sum = across + down;  // over 64 samples
  const int strength = (sum >= 2 * 64) + (sum >= 4 * 64) + (sum >= 8 * 64) + (sum >= 16 * 64);
  const std::int64_t straight_most = std::max(across, down),
                     straight_least = std::min(across, down);
  const std::int64_t oblique_most = std::max(falling, rising),
                     oblique_least = std::min(falling, rising);
  const bool straight = straight_most * oblique_least > oblique_most * straight_least;
  const std::int64_t most = straight ? straight_most : oblique_most;
  const std::int64_t least = straight ? straight_least : oblique_least;
  if (2 * most <= 3 * least) return strength * 9;
  const int direction = straight ? (across > down ? 0 : 1) : (falling > rising ? 2 : 3);
  return strength * 9 + 1 + direction * 2 + (most > 3 * least);
}

/// out = here + sum of weights times clipped differences; weights[k] and bounds hold a value for
/// every sample. 16 bits suffice: |difference| <= 2 kMost and the weights of a filter add up to
/// less than 2^15 / 2 kMost.
ABLC_DISPATCH void filter_row(const Array<const std::uint8_t*, 2 * kReach + 1>& rows,
                              const std::int16_t* const* weights, const std::int16_t* bounds,
                              int count, std::uint8_t* out) {
  // Spelt with vectors: the compiler does not find this loop by itself.
  constexpr int kLanes = 16;
  using Wide = std::int16_t __attribute__((vector_size(2 * kLanes)));
  using Narrow = std::uint8_t __attribute__((vector_size(kLanes)));
  const auto load = [](const std::uint8_t* from) __attribute__((always_inline)) {
    Narrow v;
    std::memcpy(&v, from, sizeof v);
    return __builtin_convertvector(v, Wide);
  };
  const auto clamp = [](Wide v, Wide least, Wide greatest) __attribute__((always_inline)) {
    v = v < least ? least : v;
    return v > greatest ? greatest : v;
  };
  const Wide white = Wide{} + 255;
  for (int x0 = 0; x0 < count; x0 += kLanes) {
    const Wide here = load(rows[kReach] + x0);
    Wide sum = Wide{} + 64, high;
    std::memcpy(&high, bounds + x0, sizeof high);
    const Wide low = -high;
    for (std::size_t k = 0; k < kRefinePairs; ++k) {
      const Wide a = load(rows[kReach + kOffset[k][0]] + x0 + kOffset[k][1]) - here;
      const Wide b = load(rows[kReach - kOffset[k][0]] + x0 - kOffset[k][1]) - here;
      Wide w;
      std::memcpy(&w, weights[k] + x0, sizeof w);
      sum += w * (clamp(a, low, high) + clamp(b, low, high));
    }
    const Narrow result = __builtin_convertvector(clamp(here + (sum >> 7), Wide{}, white), Narrow);
    std::memcpy(out + x0, &result, sizeof result);
  }
}

/// Rows of a band with repeated borders, ready for reading three rows and columns around it.
class PaddedRows {
 public:
  PaddedRows(const Plane<std::uint8_t>& plane, int first, int last)
      : first_(first),
        stride_(round_up(plane.width, 64) + 2 * kMargin + 64),
        samples_(sample_count(stride_, last - first)) {
    for (int y = first; y < last; ++y) {
      const std::uint8_t* in = plane.row(std::clamp(y, 0, plane.height - 1));
      std::uint8_t* to = samples_.data() + at(y);
      std::fill_n(to, kMargin, in[0]);
      std::copy_n(in, plane.width, to + kMargin);
      std::fill(to + kMargin + plane.width, to + stride_, in[plane.width - 1]);
    }
  }
  const std::uint8_t* row(int y) const { return samples_.data() + at(y) + kMargin; }
  int stride() const { return stride_; }

 private:
  std::ptrdiff_t at(int y) const { return static_cast<std::ptrdiff_t>(y - first_) * stride_; }

  int first_;
  int stride_;
  std::vector<std::uint8_t> samples_;
};

}  // namespace

namespace {
using Tables = std::int16_t[std::size(kRefine)][std::size(kRefine[0])][12];
const Tables& tables() {
  static Tables own;
  static const bool read = [] {
    const char* name = std::getenv("ABLC_REFINE");
    std::FILE* file = name ? std::fopen(name, "rb") : nullptr;
    if (!file) return false;
    const bool whole = std::fread(own, sizeof own, 1, file) == 1;
    std::fclose(file);
    if (!whole) std::abort();
    return true;
  }();
  return read ? own : kRefine;
}
}  // namespace

Refinement::Filters::Filters(int step)
    : by_class(tables()[step_band(step)]),
      most(static_cast<std::int16_t>(std::clamp((step * 3 + 80) / 160, 2, kMost))) {}

Refinement::Refinement(int step, const Plane<CellShape>& cells) : cells_(cells) {
  for (int k = -kMostOffset; k <= kMostOffset; ++k) filters_.emplace_back(offset_step(step, k));
}

Plane<std::uint8_t> Refinement::rows(const Plane<std::uint8_t>& in, int y0, int y1) const {
  Plane<std::uint8_t> out(in.width, y1 - y0);
  const PaddedRows rows(in, y0 - 4, y1 + 8);
  const int stride = rows.stride();
  const int width = in.width;
  Array<Vector<std::uint16_t>, 4> bends;
  Array<Vector<std::int16_t>, kRefinePairs> weights;
  for (auto& b : bends) b = Vector<std::uint16_t>(stride);
  for (auto& w : weights) w = Vector<std::int16_t>(stride);
  Vector<std::int16_t> bounds(stride);
  Vector<std::uint8_t> line(stride);
  Array<const std::int16_t*, kRefinePairs> weight_rows{};
  for (std::size_t k = 0; k < kRefinePairs; ++k) weight_rows[k] = weights[k].data();

  for (int y = y0; y < y1; y += kBlock) {
    // Second differences over the eight rows around the block; rows outside repeat the nearest
    // inside.
    for (auto& b : bends) std::fill(b.begin(), b.end(), std::uint16_t{0});
    for (int i = -2; i < 6; ++i) {
      const int at = std::clamp(y + i, 0, in.height - 1);
      const int above = std::max(at - 1, y0 - 4), below = at + 1;
      add_bends(rows.row(above), rows.row(at), rows.row(below), width, bends[0].data() + 2,
                bends[1].data() + 2, bends[2].data() + 2, bends[3].data() + 2);
    }
    for (auto& b : bends) {
      b[0] = b[1] = b[2];
      std::fill(b.begin() + width + 2, b.begin() + width + 10, b[width + 1]);
    }
    for (int x = 0; x < width; x += kBlock) {
      Array<int, 4> sum{};
      for (std::size_t d = 0; d < 4; ++d)
        for (int j = 0; j < 8; ++j) sum[d] += bends[d][x + j];
      const Filters& of_step = filters_[cells_.at(x / kCell, y / kCell).step_offset + kMostOffset];
      const std::int16_t* filter = of_step.by_class[class_of(sum[0], sum[1], sum[2], sum[3])];
      std::fill_n(bounds.begin() + x, kBlock, of_step.most);
      for (std::size_t k = 0; k < kRefinePairs; ++k)
        std::fill_n(weights[k].begin() + x, kBlock, filter[k]);
    }
    for (int r = y; r < std::min(y + kBlock, in.height); ++r) {
      Array<const std::uint8_t*, 2 * kReach + 1> around{};
      for (int i = -kReach; i <= kReach; ++i) around[i + kReach] = rows.row(r + i);
      filter_row(around, weight_rows.data(), bounds.data(), width, line.data());
      std::copy_n(line.begin(), width, out.row(r - y0));
    }
  }
  return out;
}

}  // namespace ablc

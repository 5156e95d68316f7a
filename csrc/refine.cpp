#include "refine.h"

#include <cstring>
#include <vector>

#include "dispatch.h"
#include "quantiser.h"
#include "refine_tables.inc"
#include "starts.h"

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

/// Add the absolute second differences of a row in four directions to sums: across, down, and
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

/// classes = those of blocks, 0..44, from sums of columns that begin two before the first block's
/// (docs/FORMAT.md, Refinement). A block's sums are over eight columns, so that a product of two
/// fits 31 bits: 8 x 8 second differences are at most 64 x 510.
ABLC_DISPATCH void classify(const Array<const std::uint16_t*, 4>& columns, int blocks,
                            std::uint8_t* ABLC_RESTRICT classes) {
  const auto sum = [&](std::size_t direction, int block) __attribute__((always_inline)) {
    const std::uint16_t* s = columns[direction] + kBlock * block;
    return s[0] + s[1] + s[2] + s[3] + s[4] + s[5] + s[6] + s[7];
  };
  for (int i = 0; i < blocks; ++i) {
    const int across = sum(0, i), down = sum(1, i), falling = sum(2, i), rising = sum(3, i);
    const int all = across + down;  // over 64 samples
    const int strength = (all >= 2 * 64) + (all >= 4 * 64) + (all >= 8 * 64) + (all >= 16 * 64);
    const int straight_most = across > down ? across : down;
    const int straight_least = across > down ? down : across;
    const int oblique_most = falling > rising ? falling : rising;
    const int oblique_least = falling > rising ? rising : falling;
    const bool straight = straight_most * oblique_least > oblique_most * straight_least;
    const int most = straight ? straight_most : oblique_most;
    const int least = straight ? straight_least : oblique_least;
    const int direction = straight ? (across > down ? 0 : 1) : (falling > rising ? 2 : 3);
    const int directed = 1 + direction * 2 + (most > 3 * least);
    classes[i] = static_cast<std::uint8_t>(strength * 9 + (2 * most > 3 * least ? directed : 0));
  }
}

/// out = sample + sum of weights times clipped differences. weights[k] and bounds hold a value
/// for every sample. 16 bits suffice: |difference| <= 2 kMost, and the magnitudes of a filter's
/// weights add up to less than 2^15 / 2 kMost.
ABLC_DISPATCH void filter_row(const Array<const std::uint8_t*, 2 * kReach + 1>& rows,
                              const std::int16_t* const* weights, const std::int16_t* bounds,
                              int count, std::uint8_t* out) {
  // Written with vectors: compilers do not vectorise this loop.
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

/// Rows of a plane around a band, their last samples repeated beyond all borders, so that three
/// rows and columns around any sample can be read.
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
  std::ptrdiff_t at(int y) const { return std::ptrdiff_t{y - first_} * stride_; }

  int first_;
  int stride_;
  std::vector<std::uint8_t> samples_;
};

/// Absolute second differences of the eight rows around a row of blocks, added up by column. Rows
/// of blocks follow each other downwards: four of the eight rows are those of the block before.
class Bends {
 public:
  explicit Bends(const PaddedRows& rows, int width, int height, int least)
      : rows_(rows), width_(width), height_(height), least_(least) {
    for (auto* sums : {&upper_, &lower_, &both_})
      for (auto& sum : *sums) sum = Vector<std::uint16_t>(rows.stride());
  }

  /// Begin with the blocks whose first row is y; rows outside the plane repeat the nearest inside.
  void begin(int y) { add_up(y - 2, lower_); }
  /// classes: of the row of blocks at y, the next one.
  void classes(int y, std::uint8_t* classes) {
    std::swap(upper_, lower_);
    add_up(y + 2, lower_);
    Array<const std::uint16_t*, 4> columns{};
    for (int i = 0; i < 4; ++i) {
      auto& both = both_[i];
      for (int x = 0; x < width_; ++x)
        both[kBefore + x] =
            static_cast<std::uint16_t>(upper_[i][kBefore + x] + lower_[i][kBefore + x]);
      std::fill_n(both.begin(), kBefore, both[kBefore]);
      std::fill_n(both.begin() + kBefore + width_, 8, both[kBefore + width_ - 1]);
      columns[i] = both.data();
    }
    classify(columns, div_up(width_, kBlock), classes);
  }

 private:
  static constexpr int kBefore = 2;              // columns of a sum before the first of the plane
  using Sums = Array<Vector<std::uint16_t>, 4>;  // across, down, falling, rising

  /// Add up four rows from y on.
  void add_up(int y, Sums& sums) {
    for (auto& sum : sums) std::fill(sum.begin(), sum.end(), std::uint16_t{0});
    for (int i = 0; i < kBlock; ++i) {
      const int at = std::clamp(y + i, 0, height_ - 1);
      add_bends(rows_.row(std::max(at - 1, least_)), rows_.row(at), rows_.row(at + 1), width_,
                sums[0].data() + kBefore, sums[1].data() + kBefore, sums[2].data() + kBefore,
                sums[3].data() + kBefore);
    }
  }

  const PaddedRows& rows_;
  int width_, height_;
  int least_;  // first row that can be read
  Sums upper_, lower_, both_;
};

/// The filters of a row of blocks, a value for every sample.
class RowFilters {
 public:
  explicit RowFilters(int stride) : bounds_(stride) {
    for (int k = 0; k < kRefinePairs; ++k) {
      weights_[k] = Vector<std::int16_t>(stride);
      weight_rows_[k] = weights_[k].data();
    }
  }
  RowFilters(const RowFilters&) = delete;
  RowFilters& operator=(const RowFilters&) = delete;

  /// Set the filter of the block that begins at column x.
  void set(int x, const std::int16_t* filter, std::int16_t bound) {
    std::fill_n(bounds_.begin() + x, kBlock, bound);
    for (int k = 0; k < kRefinePairs; ++k) std::fill_n(weights_[k].begin() + x, kBlock, filter[k]);
  }

  /// Filter row y; out has room for a stride.
  void apply(const PaddedRows& rows, int y, int count, std::uint8_t* out) const {
    Array<const std::uint8_t*, 2 * kReach + 1> around{};
    for (int i = -kReach; i <= kReach; ++i) around[i + kReach] = rows.row(y + i);
    filter_row(around, weight_rows_.data(), bounds_.data(), count, out);
  }

 private:
  Array<Vector<std::int16_t>, kRefinePairs> weights_;
  Array<const std::int16_t*, kRefinePairs> weight_rows_{};
  Vector<std::int16_t> bounds_;
};

}  // namespace

Refinement::Filters::Filters(int step)
    : by_class(kRefine[step_band(step)]),
      most(static_cast<std::int16_t>(std::clamp((step * 3 + 80) / 160, 2, kMost))) {}

Refinement::Refinement(int step, const Plane<CellShape>& cells) : cells_(cells) {
  for (int k = -kMostOffset; k <= kMostOffset; ++k) filters_.emplace_back(offset_step(step, k));
}

Plane<std::uint8_t> Refinement::rows(const Plane<std::uint8_t>& luma, int first, int last) const {
  const int width = luma.width, height = luma.height;
  const PaddedRows rows(luma, first - 4, last + 8);
  Bends bends(rows, width, height, first - 4);
  std::vector<std::uint8_t> classes(static_cast<std::size_t>(div_up(width, kBlock)));
  RowFilters filters(rows.stride());
  std::vector<std::uint8_t> line(static_cast<std::size_t>(rows.stride()));
  Plane<std::uint8_t> out(width, last - first);
  bends.begin(first);
  for (int y = first; y < last; y += kBlock) {
    bends.classes(y, classes.data());
    for (int x = 0; x < width; x += kBlock) {
      const int offset = cells_.at(x / kCell, y / kCell).step_offset;
      const Filters& of_step = filters_[offset + kMostOffset];
      const std::uint8_t of_block = classes[static_cast<std::size_t>(x / kBlock)];
      filters.set(x, of_step.by_class[of_block], of_step.most);
    }
    for (int r = y; r < std::min(y + kBlock, height); ++r) {
      filters.apply(rows, r, width, line.data());
      std::copy_n(line.begin(), width, out.row(r - first));
    }
  }
  return out;
}

}  // namespace ablc

#include "projection.h"

#include <algorithm>
#include <memory>

#include "parallel.h"
#include "projection_limits.h"

namespace ablc {

using kernels::Block;

namespace {

constexpr int kAttempts = 3;  // projections before the change is scaled down
constexpr int kSuperCells = kSuper / kCell;

/// Projects one unit after another: what is painted there becomes a change of the decoded pixels,
/// which is rounded, checked, and repaired where it breaks a limit.
class UnitProjection {
 public:
  UnitProjection(const Guide& guide, const Quantisers& quantisers, const Image& picture,
                 const Painted& painted, int top)
      : guide_(guide),
        quantisers_(quantisers),
        picture_(picture),
        painted_(painted),
        top_(top),
        colours_(picture.channels == 1 ? 1 : 3) {}

  /// x, y: of the unit's corner in the picture, pixels.
  void project(int x, int y, int side) {
    unit_ = {x, y, side, std::min(side, picture_.width - x), std::min(side, picture_.height - y)};
    load();
    store(1.0f);
    if (!changed_) return;
    const UnitLimits limits(guide_, quantisers_, colours_, unit_);
    if (!limits.hold(stored_planes_)) repair(limits);
    put();
  }

 private:
  /// Load decoded samples and the painted ones' difference from them; beyond the picture its last
  /// ones repeat.
  void load() {
    for (int c = 0; c < colours_; ++c) {
      for (int j = 0; j < unit_.height; ++j) {
        const int y = unit_.y + j;
        const std::uint8_t* in = picture_.row(y) + unit_.x * picture_.channels + c;
        float* to = decoded_[c].data() + j * unit_.side;
        for (int i = 0; i < unit_.width; ++i) to[i] = in[i * picture_.channels];
        const float* from =
            painted_.planes[c] + std::ptrdiff_t{y - top_} * painted_.stride + unit_.x;
        kernels::subtract(from, to, unit_.width, change_[c].data() + j * unit_.side);
      }
      extend(decoded_[c]);
    }
    keep_exact();
  }

  /// Clear the change of exact pixels; beyond the picture the change repeats that at its border.
  void keep_exact() {
    if (!guide_.exact.samples.empty())
      for (int j = 0; j < unit_.height; ++j)
        for (int i = 0; i < unit_.width; ++i)
          if (guide_.exact.at(unit_.x + i, unit_.y + j))
            for (Block& change : change_) change[j * unit_.side + i] = 0;
    for (int c = 0; c < colours_; ++c) extend(change_[c]);
  }

  /// Repeat the last visible samples beyond the picture.
  void extend(Block& block) const {
    const int n = unit_.side, width = unit_.width, height = unit_.height;
    float* rows = block.data();
    if (width < n)
      for (int j = 0; j < height; ++j)
        std::fill(rows + j * n + width, rows + (j + 1) * n, rows[j * n + width - 1]);
    for (int j = height; j < n; ++j) std::copy_n(rows + (height - 1) * n, n, rows + j * n);
  }

  /// Derive the change as it will be stored, in colours and in planes, and whether there is any.
  void store(float scale) {
    changed_ = false;
    const int count = unit_.area();
    for (int c = 0; c < colours_; ++c) {
      Block& stored = stored_[c];
      kernels::round_to_pixels(change_[c].data(), decoded_[c].data(), scale, count, stored.data());
      extend(stored);
      changed_ = changed_ || std::any_of(stored.begin(), stored.begin() + count,
                                         [](float v) { return v != 0; });
    }
    to_planes(stored_, stored_planes_);
  }

  void to_planes(const UnitPlanes& colours, UnitPlanes& planes) const {
    if (colours_ == 1) {
      std::copy_n(colours[0].begin(), unit_.area(), planes[0].begin());
    } else {
      kernels::to_ycc(colours[0].data(), colours[1].data(), colours[2].data(), unit_.area(),
                      planes[0].data(), planes[1].data(), planes[2].data());
    }
  }

  void to_colours(const UnitPlanes& planes, UnitPlanes& colours) const {
    if (colours_ == 1) {
      std::copy_n(planes[0].begin(), unit_.area(), colours[0].begin());
    } else {
      kernels::to_rgb(planes[0].data(), planes[1].data(), planes[2].data(), unit_.area(),
                      colours[0].data(), colours[1].data(), colours[2].data());
    }
  }

  /// Impose the limits. Rounding and the ends of the range may undo a little of what was imposed:
  /// the limits are then imposed again, a little narrower; at last the change is scaled down, to
  /// nothing if need be.
  void repair(const UnitLimits& limits) {
    float slack = 0.7f;  // grey levels, what rounding does to one coefficient in a thousand
    for (int attempt = 0; attempt < kAttempts; ++attempt, slack *= 2) {
      UnitPlanes planes;
      to_planes(change_, planes);
      limits.impose(planes, slack);
      to_colours(planes, change_);
      keep_exact();
      store(1.0f);
      if (limits.hold(stored_planes_)) return;
      change_ = stored_;
    }
    for (const float scale : {0.75f, 0.5f, 0.25f}) {
      store(scale);
      if (limits.hold(stored_planes_)) return;
    }
    store(0.0f);
  }

  void put() const {
    for (int c = 0; c < colours_; ++c)
      for (int j = 0; j < unit_.height; ++j) {
        std::uint8_t* out = picture_.row(unit_.y + j) + unit_.x * picture_.channels + c;
        const float* from = decoded_[c].data() + j * unit_.side;
        const float* change = stored_[c].data() + j * unit_.side;
        for (int i = 0; i < unit_.width; ++i)
          out[i * picture_.channels] = static_cast<std::uint8_t>(from[i] + change[i]);
      }
  }

  const Guide& guide_;
  const Quantisers& quantisers_;
  const Image& picture_;
  const Painted& painted_;
  int top_;
  int colours_;
  Unit unit_;
  bool changed_ = false;
  UnitPlanes decoded_, change_, stored_,
      stored_planes_;  // the last in planes, the others in colours
};

/// Project the units below a node whose first cell is (x, y). last: the first cell row beyond.
void project_node(UnitProjection& unit, const Plane<CellShape>& cells, int x, int y, BlockSize size,
                  int last) {
  if (x >= cells.width || y >= last) return;
  if (size == kBlock16 || cells.at(x, y).log2 == size.log2())
    return unit.project(x * kCell, y * kCell, size.side());
  const int half = size.half().side() / kCell;
  for (const int j : {0, half})
    for (const int i : {0, half}) project_node(unit, cells, x + i, y + j, size.half(), last);
}

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
    const auto unit = std::make_unique<UnitProjection>(guide_, quantisers_, picture, painted, top);
    const int y = first + row * kSuperCells;
    for (int x = 0; x < columns; x += kSuperCells)
      project_node(*unit, guide_.cells, x, y, kBlock64, last);
  });
}

}  // namespace ablc

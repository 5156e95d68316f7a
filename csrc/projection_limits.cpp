#include "projection_limits.h"

#include <cmath>

namespace ablc {

using kernels::Block;

namespace {

/// Grey levels by which the limits that are checked are narrower than those that are promised.
constexpr float kSafe = 0.01f;

const std::int32_t* limits_of(const Quantiser& quantiser, int side) {
  int log2 = kBlock4.log2();
  while (1 << log2 < side) ++log2;
  return quantiser.factor[BlockSize(log2).index()].data();
}

}  // namespace

UnitLimits::UnitLimits(const Guide& guide, const Quantisers& quantisers, int planes,
                       const Unit& unit)
    : guide_(guide), quantisers_(quantisers), planes_(planes), unit_(unit) {
  every_cell(0, 0, unit.side, [&](int x, int y) {
    chroma_kept_ = chroma_kept_ || cell(x, y).kept || cell(x, y).chroma_coded;
    return !chroma_kept_;
  });
}

bool UnitLimits::hold(const UnitPlanes& change) const {
  bool all = luma_holds(change[0]);
  for (int p = 1; all && p < planes_; ++p) all = chroma_holds(change[p], p);
  return all;
}

void UnitLimits::impose(UnitPlanes& change, float slack) const {
  limit_luma(change[0], slack);
  for (int p = 1; p < planes_; ++p) limit_chroma(change[p], p, slack);
}

// --- luma ---

bool UnitLimits::luma_holds(const Block& change) const {
  Block leaf, coefficients;
  return every_leaf([&](int x, int y, int side, const CellShape& shape) {
    if (!shape.kept) return means_hold(change, 0, x, y, side);
    cut_leaf(change, x, y, side, leaf);
    kernels::transform(leaf, side, coefficients);
    return kernels::within(coefficients.data(),
                           limits_of(quantisers_.luma(shape.step_offset), side), side * side,
                           kSafe);
  });
}

void UnitLimits::limit_luma(Block& change, float slack) const {
  Block leaf, coefficients;
  every_leaf([&](int x, int y, int side, const CellShape& shape) {
    if (!shape.kept) {
      limit_means(change, 0, x, y, side, slack / 8);
      return true;
    }
    cut_leaf(change, x, y, side, leaf);
    kernels::transform(leaf, side, coefficients);
    kernels::limit(coefficients.data(), limits_of(quantisers_.luma(shape.step_offset), side),
                   side * side, slack);
    kernels::transform_back(coefficients, side, leaf);
    put_leaf(leaf, x, y, side, change);
    return true;
  });
}

// --- chroma ---

bool UnitLimits::chroma_holds(const Block& change, int plane) const {
  if (!chroma_kept_) return means_hold(change, plane, 0, 0, unit_.side);
  Block reduced, coefficients;
  const int n = reduce(change, reduced);
  kernels::transform(reduced, n, coefficients);
  return kernels::within(coefficients.data(),
                         limits_of(quantisers_.chroma(cell(0, 0).step_offset), n), n * n, kSafe);
}

void UnitLimits::limit_chroma(Block& change, int plane, float slack) const {
  if (!chroma_kept_) return limit_means(change, plane, 0, 0, unit_.side, slack / 8);
  Block reduced, coefficients, limited;
  const int n = reduce(change, reduced);
  kernels::transform(reduced, n, coefficients);
  kernels::limit(coefficients.data(), limits_of(quantisers_.chroma(cell(0, 0).step_offset), n),
                 n * n, slack / 2);
  kernels::transform_back(coefficients, n, limited);
  const int s = guide_.subsample;
  for (int j = 0; j < unit_.side; ++j)
    for (int i = 0; i < unit_.side; ++i) {
      const int at = (j >> s) * n + (i >> s);
      change[j * unit_.side + i] += limited[at] - reduced[at];
    }
}

int UnitLimits::reduce(const Block& plane, Block& out) const {
  const int n = unit_.side;
  if (guide_.subsample == 0) {
    std::copy_n(plane.begin(), unit_.area(), out.begin());
    return n;
  }
  const int half = n / 2;
  for (int j = 0; j < half; ++j)
    for (int i = 0; i < half; ++i) {
      const float* at = plane.data() + 2 * j * n + 2 * i;
      out[j * half + i] = 0.25f * (at[0] + at[1] + at[n] + at[n + 1]);
    }
  return half;
}

// --- means of dropped cells ---

/// Largest change of the mean of a dropped cell, grey levels: 5/128 of the step of luma, and 7/10
/// of that for chroma, whose errors show as tints of whole cells.
float UnitLimits::mean_limit(int plane, int step_offset) const {
  const int part = plane == 0 ? 80 : 56;  // in 1/1024 of a step, of twice the limit
  const int step = offset_step(guide_.step, step_offset);
  return static_cast<float>(std::max(1, (step * part + 512) >> 10)) / 32;
}

UnitLimits::CellSum UnitLimits::sum_of(const Block& plane, int x, int y) const {
  CellSum total;
  for (int j = y; j < std::min(y + kCell, unit_.height); ++j)
    for (int i = x; i < std::min(x + kCell, unit_.width); ++i) {
      total.sum += plane[j * unit_.side + i];
      ++total.pixels;
      total.free += guide_.exact.samples.empty() || !guide_.exact.at(unit_.x + i, unit_.y + j);
    }
  return total;
}

bool UnitLimits::means_hold(const Block& change, int plane, int x, int y, int side) const {
  const float most = std::max(mean_limit(plane, cell(x, y).step_offset) - kSafe, 0.0f);
  return every_cell(x, y, side, [&](int i, int j) {
    const CellSum total = sum_of(change, i, j);
    return std::fabs(total.sum) <= most * static_cast<float>(total.pixels);
  });
}

/// Moves the visible, free pixels of every dropped cell until its mean is within limits.
void UnitLimits::limit_means(Block& change, int plane, int x, int y, int side, float slack) const {
  const float half = mean_limit(plane, cell(x, y).step_offset);
  const float most = half - std::min(slack, half / 4);
  every_cell(x, y, side, [&](int i, int j) {
    const CellSum total = sum_of(change, i, j);
    const float mean = total.sum / static_cast<float>(total.pixels);
    const float limited = std::clamp(mean, -most, most);
    if (limited == mean || total.free == 0) return true;
    const float shift =
        (limited - mean) * static_cast<float>(total.pixels) / static_cast<float>(total.free);
    for (int v = j; v < std::min(j + kCell, unit_.side); ++v)
      for (int u = i; u < std::min(i + kCell, unit_.side); ++u) change[v * unit_.side + u] += shift;
    return true;
  });
}

// --- geometry ---

/// Call f(x, y, side, shape) for every leaf with a visible pixel, until it returns false.
template <class F>
bool UnitLimits::every_leaf(F&& f) const {
  const int side = 1 << cell(0, 0).log2;
  for (int y = 0; y < unit_.height; y += side)
    for (int x = 0; x < unit_.width; x += side)
      if (!f(x, y, side, cell(x, y))) return false;
  return true;
}

/// Call f(x, y) for every cell of a square with a visible pixel, until it returns false.
template <class F>
bool UnitLimits::every_cell(int x, int y, int side, F&& f) const {
  for (int j = y; j < std::min(y + side, unit_.height); j += kCell)
    for (int i = x; i < std::min(x + side, unit_.width); i += kCell)
      if (!f(i, j)) return false;
  return true;
}

void UnitLimits::cut_leaf(const Block& plane, int x, int y, int side, Block& out) const {
  for (int j = 0; j < side; ++j)
    std::copy_n(plane.data() + (y + j) * unit_.side + x, side, out.data() + j * side);
}

void UnitLimits::put_leaf(const Block& leaf, int x, int y, int side, Block& plane) const {
  for (int j = 0; j < side; ++j)
    std::copy_n(leaf.data() + j * side, side, plane.data() + (y + j) * unit_.side + x);
}

}  // namespace ablc

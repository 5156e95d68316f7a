#include "search.h"

#include <cmath>

#include "dispatch.h"

namespace ablc {

SearchEffort search_effort(int effort) {
  static constexpr Array<SearchEffort, 9> kEfforts = {{{{1, 16, false, 64},
                                                        {1, 8, false, 32},
                                                        {1, 8, true, 16},
                                                        {1, 4, true, 8},
                                                        {2, 4, true, 2},
                                                        {2, 2, true, 2},
                                                        {3, 1, true, 2},
                                                        {4, 1, true, 2},
                                                        {8, 1, true, 0}}}};
  return kEfforts[std::clamp(effort, 1, 9) - 1];
}

namespace {

struct Moments {
  std::int32_t sum = 0, square = 0;
};

/// Moments of a plane's 4x4 squares.
Plane<Moments> moments_of(const Plane<std::uint8_t>& plane) {
  Plane<Moments> moments(plane.width / 4, plane.height / 4);
  for (int y = 0; y < plane.height; ++y) {
    const std::uint8_t* row = plane.row(y);
    Moments* to = moments.row(y / 4);
    for (int x = 0; x < plane.width; ++x) {
      to[x / 4].sum += row[x];
      to[x / 4].square += row[x] * row[x];
    }
  }
  return moments;
}

/// Variance of the 16x16 samples around a cell: about what a window of SSIM sees.
float variance_around(const Plane<Moments>& moments, int cx, int cy) {
  float sum = 0, square = 0;
  for (int y = 2 * cy - 1; y <= 2 * cy + 2; ++y)
    for (int x = 2 * cx - 1; x <= 2 * cx + 2; ++x) {
      const Moments& m = moments.clamped(x, y);
      sum += static_cast<float>(m.sum);
      square += static_cast<float>(m.square);
    }
  const float mean = sum / 256;
  return std::max(square / 256 - mean * mean, 0.0f);
}

/// Weight of the error of every cell. SSIM divides by the local variance; a milder power keeps the
/// mean squared error in sight.
Plane<float> cell_weights(const Plane<std::uint8_t>& luma, const Plane<float>& importance,
                          float ssim_power) {
  const Plane<Moments> moments = moments_of(luma);
  Plane<float> weights(luma.width / kCell, luma.height / kCell);
  for (int cy = 0; cy < weights.height; ++cy)
    for (int cx = 0; cx < weights.width; ++cx) {
      float weight = std::pow((2 * variance_around(moments, cx, cy) + 58) / 658, -ssim_power);
      if (!importance.samples.empty()) weight *= importance.clamped(cx, cy);
      weights.at(cx, cy) = weight;
    }
  return weights;
}

/// Modes of a luma leaf with their estimated costs.
class Candidates {
 public:
  void add(int mode, float cost) { list_[count_++] = {cost, mode}; }
  /// The cheapest `count` modes, best first.
  TileAnalysis::Modes best(int count) {
    count = std::min(count, count_);
    std::partial_sort(list_.begin(), list_.begin() + count, list_.begin() + count_,
                      [](const Candidate& a, const Candidate& b) { return a.cost < b.cost; });
    TileAnalysis::Modes modes{};
    for (int i = 0; i < count; ++i) modes[i] = static_cast<std::uint8_t>(list_[i].mode + 1);
    return modes;
  }

 private:
  struct Candidate {
    float cost;
    int mode;
  };
  Array<Candidate, kLumaModes> list_;
  int count_ = 0;
};

}  // namespace

TileSearch::TileSearch(Tile& tile, const Planes& org, const SearchSettings& settings,
                       const Quantisers& quantisers, const TileHints& hints)
    : tile_(tile),
      org_(org),
      settings_(settings),
      quantisers_(quantisers),
      luma_(&quantisers.luma(0)),
      chroma_(&quantisers.chroma(0)),
      weight_(cell_weights(org[0], hints.importance, settings.ssim_power)),
      hints_(hints) {
  for (auto& trial : scratch_) trial = std::make_unique<Trial>();
}

float TileSearch::drop_energy(int plane, int x, int y, BlockSize size, const std::uint8_t* pred,
                              const Quantiser& quantiser) const {
  std::int16_t residual[kMaxArea];
  float coefficients[kMaxArea];
  difference(org_[plane], x, y, size.side(), pred, residual);
  forward_transform(size, residual, coefficients);
  return energy(coefficients, quantiser, size);
}

ABLC_INLINE float TileSearch::hadamard_price(const Node& node, const Border& border, int mode,
                                             float satd_bit) {
  std::uint8_t pred[kMaxArea];
  std::int16_t rest[kMaxArea];
  predict_luma(tile_, node, mode, border, pred);
  difference(org_[0], node.x * kCell, node.y * kCell, node.size.side(), pred, rest);
  PriceCoder price;
  code_luma_mode(price, tile_, node, mode);
  return static_cast<float>(hadamard_cost(node.size, rest)) + satd_bit * price.bits;
}

TileAnalysis::Modes TileSearch::best_modes(const Node& node, const Border& border, float satd_bit) {
  TileAnalysis::Modes* known = nullptr;
  if (hints_.analysis) {
    known =
        &hints_.analysis->luma[node.size.index()].at(node.x / node.cells(), node.y / node.cells());
    if ((*known)[0] != 0) return *known;
  }
  Candidates candidates;
  const auto consider = [&](int mode) {
    const float cost = hadamard_price(node, border, mode, satd_bit);
    candidates.add(mode, cost);
    return cost;
  };
  consider(kModeBase);
  consider(kModeFade);
  // Directions: a coarse sweep, then the neighbours of the best.
  int best_direction = 0;
  float best_cost = kInfinite;
  const auto look = [&](int d) {
    const float cost = consider(kModeAngular + d);
    if (cost < best_cost) {
      best_cost = cost;
      best_direction = d;
    }
  };
  const int stride = settings_.effort.mode_stride;
  for (int d = stride - 1; d < kDirections; d += stride) look(d);
  for (int reach = stride / 2; reach > 0; reach /= 2) {
    const int centre = best_direction;
    if (centre - reach >= 0) look(centre - reach);
    if (centre + reach < kDirections) look(centre + reach);
  }
  const TileAnalysis::Modes modes = candidates.best(settings_.effort.candidates);
  if (known) *known = modes;
  return modes;
}

/// Return the mean weight of the visible cells of a node.
float TileSearch::luma_weight(const Node& node) const {
  float sum = 0;
  int visible = 0;
  for (int cy = node.y; cy < std::min(node.y + node.cells(), tile_.activity.height); ++cy)
    for (int cx = node.x; cx < std::min(node.x + node.cells(), tile_.activity.width); ++cx) {
      sum += weight_.at(cx, cy);
      ++visible;
    }
  return sum * (gain_ / static_cast<float>(visible));
}

/// A luma leaf on trial.
struct TileSearch::LumaLeaf {
  const Node& node;
  int x, y;  // in samples
  LevelContext context;
  Border border;
  float bit;   // price of a bit, of the unweighted error
  float keep;  // bits of the keep flag of a kept leaf
};

/// Make the dropped leaf the trial. Return its squared error in steps.
float TileSearch::try_drop(const LumaLeaf& leaf, Trial& trial) {
  predict_luma(tile_, leaf.node, kModeBase, leaf.border, trial.rec.data());
  PriceCoder price;
  code_keep(price, tile_, leaf.node, false);
  const float energy = drop_energy(0, leaf.x, leaf.y, leaf.node.size, trial.rec.data(), *luma_);
  trial.cost = energy + leaf.bit * price.bits;
  trial.coded = false;
  trial.mode = kModeBase;
  trial.summary = LevelSummary{};
  return energy;
}

/// Make the kept leaf with a mode the trial if it costs less.
void TileSearch::try_mode(const LumaLeaf& leaf, int mode, Trial& trial) {
  const BlockSize size = leaf.node.size;
  std::uint8_t pred[kMaxArea];
  std::int16_t rest[kMaxArea];
  float coefficients[kMaxArea];
  Array<std::int16_t, kMaxArea> levels;
  predict_luma(tile_, leaf.node, mode, leaf.border, pred);
  difference(org_[0], leaf.x, leaf.y, size.side(), pred, rest);
  forward_transform(size, rest, coefficients);
  PriceCoder price;
  code_luma_mode(price, tile_, leaf.node, mode);
  LevelSummary summary;
  const float cost = optimise_levels(coefficients, *luma_, tile_.models->luma, leaf.context,
                                     leaf.bit, levels.data(), summary) +
                     leaf.bit * (price.bits + leaf.keep);
  if (cost >= trial.cost) return;
  trial.cost = cost;
  trial.coded = true;
  trial.mode = mode;
  trial.summary = summary;
  trial.levels = levels;
  add_residual(*luma_, size, levels.data(), summary, pred, trial.rec.data());
}

void TileSearch::try_leaf(const Node& node, Trial& trial) {
  const float weight = luma_weight(node);
  const int x = node.x * kCell, y = node.y * kCell;
  PriceCoder keep;
  code_keep(keep, tile_, node, true);
  const LumaLeaf leaf{.node = node,
                      .x = x,
                      .y = y,
                      .context = luma_context(tile_, node),
                      .border = gather_border(tile_.rec[0], tile_.p0[0], x, y, node.size.side()),
                      .bit = settings_.lambda / std::max(weight, kLeastWeight),
                      .keep = keep.bits};
  const float dropped = try_drop(leaf, trial);
  const Demand demand = demand_on(tile_, node);
  if (demand == Demand::keep) trial.cost = kInfinite;
  const bool drop =
      demand == Demand::drop ||
      (demand != Demand::keep && (weight < kLeastWeight || dropped < leaf.bit * leaf.keep));
  if (!drop) {
    const float satd_bit = std::sqrt(leaf.bit) * static_cast<float>(luma_->step) / 16 * 0.6f;
    for (const std::uint8_t entry : best_modes(node, leaf.border, satd_bit)) {
      if (entry == 0) break;
      try_mode(leaf, entry - 1, trial);
    }
  }
  trial.cost *= weight;
}

void TileSearch::commit_leaf(const Node& node, const Trial& trial, LeafChoice& choice) {
  const int n = node.size.side();
  put_block(tile_.rec[0], node.x * kCell, node.y * kCell, n, trial.rec.data());
  choice.mode = trial.mode;
  choice.count = trial.summary.count;
  if (trial.coded) std::copy_n(trial.levels.begin(), n * n, choice.levels.begin());
  const std::uint8_t density = density_of(trial.summary, node.size);
  for_cells(tile_, node, [&](CellInfo& c) {
    c.log2 = static_cast<std::uint8_t>(node.size.log2());
    c.kept = trial.coded;
    c.mode = static_cast<std::uint8_t>(trial.mode);
    c.density = density;
  });
}

/// Decide the children of a node. Return their cost added to `cost`; stop once it reaches `most`.
float TileSearch::decide_children(const Node& node, int zorder, float cost, float most,
                                  SuperChoice& choice) {
  const int stride = node.size.half().area() / kBlock8.area();
  for (int i = 0; i < 4; ++i) {
    cost += decide_node(node.child(i), zorder + i * stride, choice);
    if (cost >= most) break;
  }
  return cost;
}

float TileSearch::decide_node(const Node& node, int zorder, SuperChoice& choice) {
  if (outside(tile_, node)) return 0;
  const Demand demand = demand_on(tile_, node);
  if (demand == Demand::mixed) return decide_children(node, zorder, 0, kInfinite, choice);
  Trial& leaf = *scratch_[node.size.index()];
  try_leaf(node, leaf);
  if (node.size == kBlock8) {
    commit_leaf(node, leaf, choice.luma[zorder]);
    return leaf.cost;
  }
  PriceCoder whole, split;
  code_split(whole, tile_, node, false);
  code_split(split, tile_, node, true);
  const float whole_cost = leaf.cost + settings_.lambda * whole.bits;
  // A block that costs next to nothing is not worth splitting.
  if (demand != Demand::drop && leaf.cost > settings_.effort.split_bits * settings_.lambda) {
    const float cost =
        decide_children(node, zorder, settings_.lambda * split.bits, whole_cost, choice);
    if (cost < whole_cost) return cost;
  }
  commit_leaf(node, leaf, choice.luma[zorder]);
  return whole_cost;
}

void TileSearch::decide(int x, int y, SuperChoice& choice) {
  const Node root{x, y, kBlock32};
  const int offset = tile_.offset_at(x, y);
  luma_ = &quantisers_.luma(offset);
  chroma_ = &quantisers_.chroma(offset);
  gain_ = std::exp2(0.5f * static_cast<float>(offset));
  decide_node(root, 0, choice);
  if (tile_.planes == 1) return;
  const bool whole = tile_.cells.at(x, y).log2 == kBlock32.log2();
  for (int i = 0; i < (whole ? 1 : 4); ++i) {
    const Node node = whole ? root : root.child(i);
    if (outside(tile_, node)) continue;
    for (int plane = 1; plane <= 2; ++plane)
      decide_chroma(node, plane, choice.chroma[plane - 1][i]);
  }
}

}  // namespace ablc

#include "search.h"

#include <cmath>

#include "dispatch.h"

namespace ablc {

SearchEffort search_effort(int effort) {
  static constexpr Array<SearchEffort, 9> kEfforts = {{{{1, 16, false, 64},
                                                        {1, 8, false, 40},
                                                        {1, 8, true, 32},
                                                        {1, 4, true, 28},
                                                        {2, 4, true, 24},
                                                        {2, 2, true, 16},
                                                        {3, 1, true, 8},
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
  void add(int mode, float cost) {
    list_[count_++] = {cost, mode};
    set_ |= std::uint64_t{1} << mode;
  }
  bool contains(int mode) const { return set_ >> mode & 1u; }
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
  std::uint64_t set_ = 0;  // bit per mode
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

/// A luma leaf on trial.
struct TileSearch::LumaLeaf {
  const Node& node;
  int x, y;  // in samples
  float weight;
  Border border;
  LevelContext levels, low_levels;  // of a kept leaf and of a dropped one
  ModeContext modes;
  float bit;                   // price of a bit, of the unweighted error
  float keep_bits, drop_bits;  // of the keep flag
};

float TileSearch::mode_bits(const LumaLeaf& leaf, int mode) {
  PriceCoder price;
  code_luma_mode(price, *tile_.models, leaf.modes, mode);
  return price.bits;
}

float TileSearch::hadamard_price(const LumaLeaf& leaf, int mode, float satd_bit) {
  std::uint8_t pred[kMaxArea];
  std::int16_t rest[kMaxArea];
  predict_luma(leaf.node, mode, leaf.border, pred);
  difference(org_[0], leaf.x, leaf.y, leaf.node.size.side(), pred, rest);
  return static_cast<float>(hadamard_cost(leaf.node.size, rest)) + satd_bit * mode_bits(leaf, mode);
}

TileAnalysis::Modes TileSearch::best_modes(const LumaLeaf& leaf, float satd_bit) {
  const Node& node = leaf.node;
  TileAnalysis::Modes* known = nullptr;
  if (hints_.analysis) {
    known = &hints_.analysis->luma[node.size.index()].at(node.x / node.squares(),
                                                         node.y / node.squares());
    if ((*known)[0] != 0) return *known;
  }
  Candidates candidates;
  const auto consider = [&](int mode) {
    if (candidates.contains(mode)) return kInfinite;
    const float cost = hadamard_price(leaf, mode, satd_bit);
    candidates.add(mode, cost);
    return cost;
  };
  consider(kModePlanar);
  consider(kModeDc);
  // Directions: a coarse sweep and those of the neighbouring leaves, then some close to the best.
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
  const Beside beside(tile_, node);
  for (const SquareInfo* square : {beside.left, beside.above})
    if (square && square->mode >= kModeAngular) look(square->mode - kModeAngular);
  for (int reach = stride / 2; reach > 0; reach /= 2) {
    const int centre = best_direction;
    if (centre - reach >= 0) look(centre - reach);
    if (centre + reach < kDirections) look(centre + reach);
  }
  const TileAnalysis::Modes modes = candidates.best(settings_.effort.candidates);
  if (known) *known = modes;
  return modes;
}

/// Return the mean weight of the visible squares of a node.
float TileSearch::luma_weight(const Node& node) const {
  constexpr int kSquares = kCell / kSquare;
  float sum = 0;
  int visible = 0;
  for (int y = node.y; y < std::min(node.y + node.squares(), tile_.squares_high); ++y)
    for (int x = node.x; x < std::min(node.x + node.squares(), tile_.squares_wide); ++x) {
      sum += weight_.at(x / kSquares, y / kSquares);
      ++visible;
    }
  return sum * (gain_ / static_cast<float>(visible));
}

/// Make the dropped leaf, which has the lowest coefficients alone, the trial.
void TileSearch::try_drop(const LumaLeaf& leaf, Trial& trial) {
  const BlockSize size = leaf.node.size;
  std::uint8_t pred[kMaxArea];
  std::int16_t rest[kMaxArea];
  float coefficients[kMaxArea];
  predict_luma(leaf.node, kModePlanar, leaf.border, pred);
  difference(org_[0], leaf.x, leaf.y, size.side(), pred, rest);
  forward_transform(size, false, rest, coefficients);
  trial.cost = optimise_levels(coefficients, *luma_, tile_.models->low, leaf.low_levels, leaf.bit,
                               kInfinite, trial.levels.data(), trial.summary) +
               leaf.bit * leaf.drop_bits;
  trial.kept = false;
  trial.mode = kModePlanar;
}

/// Make the kept leaf with a mode and a transform the trial if it costs less.
void TileSearch::try_transform(const LumaLeaf& leaf, int mode, float bits, bool sine,
                               const float* coefficients, Trial& trial) {
  const BlockSize size = leaf.node.size;
  Array<std::int16_t, kMaxArea> levels;
  LevelSummary summary;
  float cost = optimise_levels(coefficients, *luma_, tile_.models->luma, leaf.levels, leaf.bit,
                               trial.cost - leaf.bit * bits, levels.data(), summary);
  if (cost >= trial.cost || (summary.count == 0 && sine)) return;
  PriceCoder price;
  code_sine(price, tile_, size, mode, summary.count, sine);
  summary.sine = sine;
  cost += leaf.bit * (price.bits + bits);
  if (cost >= trial.cost) return;
  trial.cost = cost;
  trial.kept = true;
  trial.mode = mode;
  trial.summary = summary;
  std::copy_n(levels.begin(), size.area(), trial.levels.begin());
}

/// Make the kept leaf with a mode the trial if it costs less.
void TileSearch::try_mode(const LumaLeaf& leaf, int mode, Trial& trial) {
  const BlockSize size = leaf.node.size;
  std::uint8_t pred[kMaxArea];
  std::int16_t rest[kMaxArea];
  float coefficients[kMaxArea];
  predict_luma(leaf.node, mode, leaf.border, pred);
  difference(org_[0], leaf.x, leaf.y, size.side(), pred, rest);
  const float bits = mode_bits(leaf, mode) + leaf.keep_bits;
  for (const bool sine : {false, true}) {
    if (sine && size == kBlock64) break;
    forward_transform(size, sine, rest, coefficients);
    try_transform(leaf, mode, bits, sine, coefficients, trial);
  }
}

TileSearch::LumaLeaf TileSearch::make_leaf(const Node& node, const Along& around) const {
  const float weight = luma_weight(node);
  PriceCoder keep, drop;
  code_keep(keep, tile_, node, around, true);
  code_keep(drop, tile_, node, around, false);
  return {.node = node,
          .x = node.x * kSquare,
          .y = node.y * kSquare,
          .weight = weight,
          .border = gather_border(tile_, node, 0),
          .levels = luma_context(node, around, true),
          .low_levels = luma_context(node, around, false),
          .modes = ModeContext(tile_, node),
          .bit = settings_.lambda / std::max(weight, kLeastWeight),
          .keep_bits = keep.bits,
          .drop_bits = drop.bits};
}

void TileSearch::try_leaf(const LumaLeaf& leaf, Demand demand, Trial& trial) {
  const bool dropped = demand == Demand::drop ||
                       (demand == Demand::free &&
                        (leaf.weight < kLeastWeight || trial.cost < leaf.bit * leaf.keep_bits));
  if (!dropped) {
    const float satd_bit = std::sqrt(leaf.bit) * static_cast<float>(luma_->step) / 16 * 0.6f;
    for (const std::uint8_t entry : best_modes(leaf, satd_bit)) {
      if (entry == 0) break;
      try_mode(leaf, entry - 1, trial);
    }
  }
  trial.cost *= leaf.weight;
}

void TileSearch::commit_leaf(const Node& node, int zorder, const Trial& trial,
                             SuperChoice& choice) {
  const BlockSize size = node.size;
  std::uint8_t pred[kMaxArea], rec[kMaxArea];
  predict_luma(node, trial.mode, gather_border(tile_, node, 0), pred);
  add_residual(*luma_, size, trial.levels.data(), trial.summary, pred, rec);
  put_block(tile_.rec[0], node.x * kSquare, node.y * kSquare, size.side(), rec);
  choice.luma(zorder) = {.kept = trial.kept,
                         .mode = trial.mode,
                         .count = trial.summary.count,
                         .sine = trial.summary.sine};
  std::copy_n(trial.levels.begin(), size.area(), choice.levels(0, zorder));
  note_luma(tile_, node, trial.kept, trial.mode, trial.summary);
}

/// Decide the children of a node. Return their cost added to `cost`; stop once it reaches `most`.
float TileSearch::decide_children(const Node& node, int zorder, float cost, float most,
                                  SuperChoice& choice) {
  const int stride = node.size.half().area() / kBlock4.area();
  for (int i = 0; i < 4; ++i) {
    cost += decide_node(node.child(i), zorder + i * stride, choice);
    if (cost >= most) break;
  }
  return cost;
}

float TileSearch::decide_node(const Node& node, int zorder, SuperChoice& choice) {
  if (outside(tile_, node)) return 0;
  const Demand demand = node.size == kBlock4 ? Demand::keep : demand_on(tile_, node);
  if (demand == Demand::mixed) return decide_children(node, zorder, 0, kInfinite, choice);
  const Along around = along_luma(tile_, node);
  const LumaLeaf leaf = make_leaf(node, around);
  Trial& trial = *scratch_[node.size.index()];
  trial.cost = kInfinite;
  if (demand != Demand::keep) try_drop(leaf, trial);
  PriceCoder whole, split;
  code_split(whole, tile_, node, around, false);
  code_split(split, tile_, node, around, true);
  const float lambda = settings_.lambda;
  // Bits that a block costs at least if splitting it may pay: for a block of 8x8, times that.
  static constexpr Array<float, kSizes> kSplitBits = {kInfinite, 1, 1.2f, 1.7f, 2.3f};
  const int index = node.size.index();
  float parts = kInfinite;  // cost of the parts
  try_leaf(leaf, demand, trial);
  const float cost = trial.cost + lambda * whole.bits;
  if (node.size != kBlock4 && demand != Demand::drop &&
      trial.cost > settings_.effort.split_bits * kSplitBits[index] * lambda)
    parts = decide_children(node, zorder, lambda * split.bits, cost, choice);
  if (parts < cost) return parts;
  commit_leaf(node, zorder, trial, choice);
  return cost;
}

void TileSearch::decide(int x, int y, SuperChoice& choice) {
  const Node root{x, y, kBlock64};
  const int offset = tile_.offset_at(x, y);
  luma_ = &quantisers_.luma(offset);
  chroma_ = &quantisers_.chroma(offset);
  gain_ = std::exp2(0.5f * static_cast<float>(offset));
  decide_node(root, 0, choice);
  if (tile_.planes > 1) decide_chroma(root, 0, choice);
}

}  // namespace ablc

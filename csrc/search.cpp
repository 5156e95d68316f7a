#include "search.h"

#include <cmath>

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

struct TileSearch::Leaf {
  float cost = kInfinite;
  bool kept = false;
  int mode = 0;
  LevelSummary summary;
  Array<std::int16_t, kMaxArea> levels;
  Array<std::uint8_t, kMaxArea> rec;
};

TileSearch::TileSearch(Tile& tile, const Planes& org, const SearchSettings& settings,
                       const Quantisers& quantisers, const TileHints& hints)
    : tile_(tile),
      org_(org),
      settings_(settings),
      quantisers_(quantisers),
      luma_(&quantisers.luma(0)),
      chroma_(&quantisers.chroma(0)),
      weight_(tile.width / kCell, tile.height / kCell, 1.0f),
      hints_(hints) {
  for (auto& s : scratch_) s = std::make_unique<Leaf>();
  // Sums over 4x4 samples, then over the 16x16 around each cell: what SSIM's window would see.
  struct Moments {
    std::int32_t sum = 0, square = 0;
  };
  Plane<Moments> moments(tile.width / 4, tile.height / 4);
  for (int y = 0; y < tile.height; ++y) {
    const std::uint8_t* row = org[0].row(y);
    Moments* to = moments.row(y / 4);
    for (int x = 0; x < tile.width; ++x) {
      to[x / 4].sum += row[x];
      to[x / 4].square += row[x] * row[x];
    }
  }
  for (int cy = 0; cy < weight_.height; ++cy)
    for (int cx = 0; cx < weight_.width; ++cx) {
      float sum = 0, square = 0;
      for (int y = 2 * cy - 1; y <= 2 * cy + 2; ++y)
        for (int x = 2 * cx - 1; x <= 2 * cx + 2; ++x) {
          const Moments& m = moments.clamped(x, y);
          sum += static_cast<float>(m.sum);
          square += static_cast<float>(m.square);
        }
      const float mean = sum / 256;
      const float variance = std::max(square / 256 - mean * mean, 0.0f);
      // SSIM divides by the local variance; a milder power keeps the mean squared error in sight.
      float w = std::pow((2 * variance + 58) / 658, -settings.ssim_power);
      if (!hints.importance.samples.empty()) w *= hints.importance.clamped(cx, cy);
      weight_.at(cx, cy) = w;
    }
}
TileSearch::~TileSearch() = default;

TileAnalysis::Modes TileSearch::best_modes(const Node& node, const Border& border, float satd_bit) {
  // By the Hadamard cost of what they leave.
  const int n = node.size.side();
  struct Candidate {
    float cost;
    int mode;
  };
  Array<Candidate, kLumaModes> candidates;
  std::size_t found = 0;
  std::uint8_t pred[kMaxArea];
  std::int16_t rest[kMaxArea];
  std::uint64_t seen = 0;
  const auto consider = [&](int mode) {
    if (seen >> mode & 1u) return kInfinite;
    seen |= std::uint64_t{1} << mode;
    predict_luma(node, mode, border, pred);
    difference(org_[0], node.x * kUnit, node.y * kUnit, n, pred, rest);
    PriceCoder price;
    code_luma_mode(price, tile_, node, mode);
    const float cost = static_cast<float>(hadamard_cost(node.size, rest)) + satd_bit * price.bits;
    candidates[found++] = {cost, mode};
    return cost;
  };
  consider(kModePlanar);
  consider(kModeDc);
  // Directions: a coarse sweep, then the neighbours of the best.
  int best_direction = 0;
  float best_cost = kInfinite;
  const int stride = settings_.effort.mode_stride;
  const auto look = [&](int d) {
    const float cost = consider(kModeAngular + d);
    if (cost < best_cost) {
      best_cost = cost;
      best_direction = d;
    }
  };
  for (int d = stride - 1; d < kDirections; d += stride) look(d);
  static const bool probable = tuned("NB_PROBABLE", 1) != 0;
  if (probable) {
    const Beside beside(tile_, node);
    if (beside.left && beside.left->mode >= kModeAngular) look(beside.left->mode - kModeAngular);
    if (beside.above && beside.above->mode >= kModeAngular) look(beside.above->mode - kModeAngular);
  }
  for (int reach = stride / 2; reach > 0; reach /= 2) {
    const int centre = best_direction;
    if (centre - reach >= 0) look(centre - reach);
    if (centre + reach < kDirections) look(centre + reach);
  }
  const auto tries =
      std::min<std::size_t>(static_cast<std::size_t>(settings_.effort.candidates), found);
  std::partial_sort(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(tries),
                    candidates.begin() + static_cast<std::ptrdiff_t>(found),
                    [](const Candidate& a, const Candidate& b) { return a.cost < b.cost; });
  TileAnalysis::Modes modes{};
  for (std::size_t t = 0; t < tries; ++t)
    modes[t] = static_cast<std::uint8_t>(candidates[t].mode + 1);
  return modes;
}

void TileSearch::try_leaf(const Node& node, Leaf& leaf) {
  const int n = node.size.side();
  const int x = node.x * kUnit;
  const int y = node.y * kUnit;
  const int density = along(tile_, node).density();
  const LevelContext context{node.size, density};
  const LevelContext low{node.size, density, low_limit(node.size)};
  float weight = 0;
  int inside = 0;
  for (int cy = node.y; cy < std::min(node.y + node.cells(), tile_.units_high); ++cy)
    for (int cx = node.x; cx < std::min(node.x + node.cells(), tile_.units_wide); ++cx) {
      weight += weight_.at(cx >> 1, cy >> 1);
      ++inside;
    }
  weight *= gain_ / static_cast<float>(inside);
  const float bit = settings_.lambda / std::max(weight, 1e-6f);  // price of a bit before the weight

  std::uint8_t pred[kMaxArea];
  float coefficients[kMaxArea];
  std::int16_t rest[kMaxArea];
  Array<std::int16_t, kMaxArea> levels;
  LevelSummary summary;
  const Border border = gather_border(tile_, node, 0);

  PriceCoder drop, keep;
  code_keep(drop, tile_, node, false);
  code_keep(keep, tile_, node, true);
  leaf.cost = kInfinite;
  static const bool may_drop = tuned("NB_DROP", 1) != 0;
  if (may_drop && node.size != kBlock4) {
    predict_luma(node, kModePlanar, border, pred);
    difference(org_[0], x, y, n, pred, rest);
    forward_transform(node.size, 0, rest, coefficients);
    leaf.cost = optimise_levels(coefficients, *luma_, tile_.models->low, low, bit,
                                leaf.levels.data(), leaf.summary) +
                bit * drop.bits;
    leaf.kept = false;
    leaf.mode = kModePlanar;
    add_residual(*luma_, node.size, leaf.levels.data(), leaf.summary, pred, leaf.rec.data());
    static const bool all_dropped = tuned("NB_ALLDROP", 0) != 0;
    if (all_dropped || leaf.cost < bit * keep.bits) {
      leaf.cost *= weight;
      return;
    }
  }

  const float satd_bit = std::sqrt(bit) * static_cast<float>(luma_->step) / 16 * 0.6f;
  const TileAnalysis::Modes modes = best_modes(node, border, satd_bit);
  for (const std::uint8_t entry : modes) {
    if (entry == 0) break;
    const int mode = entry - 1;
    predict_luma(node, mode, border, pred);
    difference(org_[0], x, y, n, pred, rest);
    static const int kinds = static_cast<int>(tuned("NB_KINDS", 2));
    for (int k = 0; k < (node.size == kBlock64 ? 1 : kinds); ++k) {
      const int kind = kinds == 2 && k == 1 ? 3 : k;
      forward_transform(node.size, kind, rest, coefficients);
      PriceCoder price;
      code_luma_mode(price, tile_, node, mode);
      float cost = optimise_levels(coefficients, *luma_, tile_.models->luma, context, bit,
                                   levels.data(), summary);
      summary.kind = kind;
      if (summary.count == 0) {
        if (kind) continue;
      } else {
        code_kind(price, tile_, node.size, mode, summary.count, kind);
      }
      cost += bit * (price.bits + keep.bits);
      if (cost >= leaf.cost) continue;
      leaf.cost = cost;
      leaf.kept = true;
      leaf.mode = mode;
      leaf.summary = summary;
      leaf.levels = levels;
      add_residual(*luma_, node.size, levels.data(), summary, pred, leaf.rec.data());
    }
  }
  leaf.cost *= weight;
}

void TileSearch::commit_leaf(const Node& node, const Leaf& leaf, LeafChoice& choice) {
  const int n = node.size.side();
  put_block(tile_.rec[0], node.x * kUnit, node.y * kUnit, n, leaf.rec.data());
  choice.mode = leaf.mode;
  choice.count = leaf.summary.count;
  choice.kind = leaf.summary.kind;
  choice.kept = leaf.kept;
  std::copy_n(leaf.levels.begin(), n * n, choice.levels.begin());
  const std::uint16_t density = density_of(leaf.summary, node.size);
  for_cells(tile_, node, [&](CellInfo& c) {
    c.log2 = static_cast<std::uint8_t>(node.size.log2());
    c.kept = leaf.kept;
    c.mode = static_cast<std::uint8_t>(leaf.mode);
    c.density = density;
  });
}

float TileSearch::decide_node(const Node& node, int zorder, SuperChoice& choice) {
  if (outside(tile_, node)) return 0;
  if (node.size.log2() > most_log2()) {
    float cost = 0;
    const int step = node.size.half().area() / kBlock4.area();
    for (int i = 0; i < 4; ++i) cost += decide_node(node.child(i), zorder + i * step, choice);
    return cost;
  }
  Leaf& leaf = *scratch_[node.size.index()];
  try_leaf(node, leaf);
  if (node.size.log2() == least_log2()) {
    commit_leaf(node, leaf, choice.luma[zorder]);
    return leaf.cost;
  }
  PriceCoder whole, split;
  code_split(whole, tile_, node, false);
  code_split(split, tile_, node, true);
  const float whole_cost = leaf.cost + settings_.lambda * whole.bits;
  float cost = settings_.lambda * split.bits;
  // A block that cost next to nothing needs no closer look.
  if (leaf.cost > settings_.effort.split_bits * settings_.lambda) {
    const int step = node.size.half().area() / kBlock4.area();
    for (int i = 0; i < 4; ++i) {
      cost += decide_node(node.child(i), zorder + i * step, choice);
      if (cost >= whole_cost) break;
    }
    if (cost < whole_cost) return cost;
  }
  commit_leaf(node, leaf, choice.luma[zorder]);
  return whole_cost;
}

void TileSearch::decide(int x, int y, SuperChoice& choice) {
  const Node root{x, y, kBlock64};
  const int offset = tile_.offset_at(x, y);
  luma_ = &quantisers_.luma(offset);
  chroma_ = &quantisers_.chroma(offset);
  gain_ = std::exp2(0.5f * static_cast<float>(offset));
  decide_node(root, 0, choice);
  if (tile_.planes == 1) return;
  decide_all_chroma(root, 0, choice);
}

void TileSearch::decide_all_chroma(const Node& node, int zorder, SuperChoice& choice) {
  if (outside(tile_, node)) return;
  if (node.size == kBlock16 || tile_.cells.at(node.x, node.y).log2 == node.size.log2()) {
    for (int plane = 1; plane <= 2; ++plane)
      decide_chroma(node, plane, choice.chroma[plane - 1][zorder / 16]);
    return;
  }
  const int step = node.size.half().area() / kBlock4.area();
  for (int i = 0; i < 4; ++i) decide_all_chroma(node.child(i), zorder + i * step, choice);
}

}  // namespace ablc

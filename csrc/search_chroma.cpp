// Search of chroma units: coded or not, mode, levels.

#include "search.h"

namespace ablc {

float TileSearch::chroma_weight(const Node& node) const {
  if (hints_.importance.samples.empty()) return 1.0f;
  float sum = 0;
  for (int y = node.y; y < node.y + node.cells(); ++y)
    for (int x = node.x; x < node.x + node.cells(); ++x) sum += hints_.importance.at(x, y);
  return gain_ * sum / static_cast<float>(node.cells() * node.cells());
}

/// One plane of a chroma unit on trial.
struct TileSearch::ChromaUnit {
  const Node& node;
  int plane;
  BlockSize size;
  int x, y;  // in samples of the plane
  LevelContext context;
  Border border;
  const std::int16_t* from_luma;  // error of luma's P0
  float bit;                      // price of a bit, of the unweighted error
};

/// Make the unit without levels the trial. Return its cost.
float TileSearch::try_chroma_drop(const ChromaUnit& unit, Trial& trial) {
  predict_chroma(tile_, unit.node, unit.plane, kModeBase, unit.border, unit.from_luma,
                 trial.rec.data());
  PriceCoder price;
  int mode = kModeBase;
  LevelSummary summary;
  const std::int16_t* no_levels = nullptr;
  code_chroma(price, tile_, unit.node, unit.plane, false, mode, 0, no_levels, summary);
  trial.cost = drop_energy(unit.plane, unit.x, unit.y, unit.size, trial.rec.data(), *chroma_) +
               unit.bit * price.bits;
  trial.coded = false;
  trial.mode = kModeBase;
  trial.summary = LevelSummary{};
  return trial.cost;
}

/// Make the unit coded with a mode the trial if it costs less.
void TileSearch::try_chroma_mode(const ChromaUnit& unit, int mode, Trial& trial) {
  std::uint8_t pred[kMaxArea];
  std::int16_t rest[kMaxArea];
  float coefficients[kMaxArea];
  Array<std::int16_t, kMaxArea> levels;
  predict_chroma(tile_, unit.node, unit.plane, mode, unit.border, unit.from_luma, pred);
  difference(org_[unit.plane], unit.x, unit.y, unit.size.side(), pred, rest);
  forward_transform(unit.size, rest, coefficients);
  LevelSummary summary, none;
  float cost = optimise_levels(coefficients, *chroma_, tile_.models->chroma, unit.context, unit.bit,
                               levels.data(), summary);
  // The price of flag and mode: that of a coded unit without levels, less that of its count.
  PriceCoder flags, no_count;
  const std::int16_t* no_levels = nullptr;
  code_chroma(flags, tile_, unit.node, unit.plane, true, mode, 0, no_levels, none);
  code_count(no_count, tile_.models->chroma, unit.context, 0);
  cost += unit.bit * (flags.bits - no_count.bits);
  if (cost >= trial.cost) return;
  trial.cost = cost;
  trial.coded = true;
  trial.mode = mode;
  trial.summary = summary;
  trial.levels = levels;
  add_residual(*chroma_, unit.size, levels.data(), summary, pred, trial.rec.data());
}

void TileSearch::commit_chroma(const ChromaUnit& unit, const Trial& trial, LeafChoice& choice) {
  const int n = unit.size.side();
  choice.coded = trial.coded;
  choice.mode = trial.mode;
  choice.count = trial.summary.count;
  if (trial.coded) std::copy_n(trial.levels.begin(), n * n, choice.levels.begin());
  put_block(tile_.rec[unit.plane], unit.x, unit.y, n, trial.rec.data());
  const int p = unit.plane - 1;
  const std::uint8_t density = density_of(trial.summary, unit.size);
  for_cells(tile_, unit.node, [&](CellInfo& c) {
    c.chroma_coded[p] = trial.coded;
    c.chroma_density[p] = density;
  });
}

void TileSearch::decide_chroma(const Node& node, int plane, LeafChoice& choice) {
  const BlockSize size = node.size.reduced(tile_.subsample);
  const int x = (node.x * kCell) >> tile_.subsample, y = (node.y * kCell) >> tile_.subsample;
  const float weight = chroma_weight(node);
  std::int16_t from_luma[kMaxArea];
  luma_error(tile_, node, from_luma);
  const ChromaUnit unit{
      .node = node,
      .plane = plane,
      .size = size,
      .x = x,
      .y = y,
      .context = chroma_context(tile_, node, plane),
      .border = gather_border(tile_.rec[plane], tile_.p0[plane], x, y, size.side()),
      .from_luma = from_luma,
      .bit = settings_.lambda / std::max(weight, kLeastWeight)};
  std::uint8_t* known = nullptr;  // best mode of an earlier encode + 1
  if (hints_.analysis)
    known = &hints_.analysis->chroma[node.size == kBlock32][plane - 1].at(node.x / node.cells(),
                                                                          node.y / node.cells());
  const int before = known ? *known : 0;
  Trial& trial = *scratch_[size.index()];
  const float dropped = try_chroma_drop(unit, trial);
  if (dropped >= 2 * unit.bit && weight >= kLeastWeight && demand_on(tile_, node) != Demand::drop)
    for (int mode = 0; mode < (settings_.effort.optimise_chroma ? kChromaModes : 1); ++mode)
      if (mode == 0 || before == 0 || mode == before - 1) try_chroma_mode(unit, mode, trial);
  if (known && trial.coded) *known = static_cast<std::uint8_t>(trial.mode + 1);
  commit_chroma(unit, trial, choice);
}

}  // namespace ablc

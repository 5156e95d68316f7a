// Search of chroma units: mode and levels.

#include "search.h"

namespace ablc {

float TileSearch::chroma_weight(const Node& node) const {
  if (hints_.importance.samples.empty()) return 1.0f;
  const int cells = node.size.side() / kCell;
  const int left = node.x * kSquare / kCell, top = node.y * kSquare / kCell;
  float sum = 0;
  for (int y = top; y < top + cells; ++y)
    for (int x = left; x < left + cells; ++x) sum += hints_.importance.at(x, y);
  return gain_ * sum / static_cast<float>(cells * cells);
}

/// One plane of a chroma unit on trial.
struct TileSearch::ChromaUnit {
  const Node& node;
  int plane;
  BlockSize size;
  int x, y;  // in samples of the plane
  LevelContext context;
  Border border;
  const LumaAround& luma;
  float bit;  // price of a bit, of the unweighted error
};

/// Make the unit with a mode the trial if it costs less.
void TileSearch::try_chroma_mode(const ChromaUnit& unit, int mode, Trial& trial) {
  std::uint8_t pred[kMaxArea];
  std::int16_t rest[kMaxArea];
  float coefficients[kMaxArea];
  Array<std::int16_t, kMaxArea> levels;
  LevelSummary summary;
  predict_chroma(tile_, unit.node, mode, unit.border, unit.luma, pred);
  difference(org_[unit.plane], unit.x, unit.y, unit.size.side(), pred, rest);
  forward_transform(unit.size, false, rest, coefficients);
  PriceCoder price;
  code_chroma_mode(price, tile_, unit.node, unit.plane, mode);
  const float bits = unit.bit * price.bits;
  const float cost =
      bits + optimise_levels(coefficients, *chroma_, tile_.models->chroma, unit.context, unit.bit,
                             trial.cost - bits, levels.data(), summary);
  if (cost >= trial.cost) return;
  trial.cost = cost;
  trial.mode = mode;
  trial.summary = summary;
  std::copy_n(levels.begin(), unit.size.area(), trial.levels.begin());
  add_residual(*chroma_, unit.size, levels.data(), summary, pred, trial.rec.data());
}

void TileSearch::commit_chroma(const ChromaUnit& unit, int zorder, const Trial& trial,
                               SuperChoice& choice) {
  choice.chroma(unit.plane, zorder) = {.mode = trial.mode, .count = trial.summary.count};
  std::copy_n(trial.levels.begin(), unit.size.area(), choice.levels(unit.plane, zorder));
  put_block(tile_.rec[unit.plane], unit.x, unit.y, unit.size.side(), trial.rec.data());
  note_chroma(tile_, unit.node, unit.plane, trial.mode, trial.summary);
}

void TileSearch::decide_chroma_plane(const Node& node, int plane, int zorder,
                                     const LumaAround& luma, SuperChoice& choice) {
  const ChromaUnit unit{.node = node,
                        .plane = plane,
                        .size = node.size.reduced(tile_.subsample),
                        .x = (node.x * kSquare) >> tile_.subsample,
                        .y = (node.y * kSquare) >> tile_.subsample,
                        .context = chroma_context(tile_, node, plane),
                        .border = gather_border(tile_, node, plane),
                        .luma = luma,
                        .bit = settings_.lambda / std::max(chroma_weight(node), kLeastWeight)};
  std::uint8_t* known = nullptr;  // best mode of an earlier encode + 1
  if (hints_.analysis)
    known = &hints_.analysis->chroma[node.size.log2() - kBlock16.log2()][plane - 1].at(
        node.x / node.squares(), node.y / node.squares());
  const int before = known ? *known : 0;
  Trial& trial = *scratch_[unit.size.index()];
  trial.cost = kInfinite;
  for (int mode = 0; mode < (settings_.effort.optimise_chroma ? kChromaModes : 2); ++mode)
    if (mode == 0 || before == 0 || mode == before - 1) try_chroma_mode(unit, mode, trial);
  if (known) *known = static_cast<std::uint8_t>(trial.mode + 1);
  commit_chroma(unit, zorder, trial, choice);
}

void TileSearch::decide_chroma(const Node& node, int zorder, SuperChoice& choice) {
  if (outside(tile_, node)) return;
  const bool split = tile_.squares.at(node.x, node.y).log2 < node.size.log2();
  if (has_chroma_unit(tile_, node, split)) {
    LumaAround luma;
    average_luma(tile_, node, luma);
    for (int plane = 1; plane <= 2; ++plane) decide_chroma_plane(node, plane, zorder, luma, choice);
    return;
  }
  const int stride = node.size.half().area() / kBlock4.area();
  for (int i = 0; i < 4; ++i) decide_chroma(node.child(i), zorder + i * stride, choice);
}

}  // namespace ablc

// The part of the search that deals with chroma: coded or not, mode, levels.

#include "search.h"

namespace ablc {

float TileSearch::chroma_weight(const Node& node) const {
  if (hints_.importance.samples.empty()) return 1.0f;
  float sum = 0;
  for (int y = node.y; y < node.y + node.cells(); ++y)
    for (int x = node.x; x < node.x + node.cells(); ++x) sum += hints_.importance.at(x, y);
  return gain_ * sum / static_cast<float>(node.cells() * node.cells());
}

void TileSearch::decide_chroma(const Node& node, int plane, LeafChoice& choice) {
  const BlockSize size = node.size.reduced(tile_.subsample);
  const int n = size.side();
  const int x = (node.x * kCell) >> tile_.subsample;
  const int y = (node.y * kCell) >> tile_.subsample;
  const int p = plane;
  const Beside beside(tile_, node);
  const LevelContext context{
      size, beside.density([&](const CellInfo& c) { return c.chroma_density[p - 1]; })};
  const Border border = gather_border(tile_.rec[p], tile_.p0[p], x, y, n);
  const float weight = chroma_weight(node);
  const float bit = settings_.lambda / std::max(weight, 1e-6f);

  std::int16_t from_luma[kMaxArea], residual[kMaxArea];
  luma_error(tile_, node, from_luma);
  float coefficients[kMaxArea];
  std::uint8_t pred[kMaxArea];
  Array<std::int16_t, kMaxArea> levels;
  std::uint8_t best_rec[kMaxArea];

  float best = kInfinite;
  LevelSummary best_summary;
  choice = LeafChoice{};
  const int modes = settings_.effort.optimise_chroma ? kChromaModes : 1;
  std::uint8_t* known = nullptr;
  if (hints_.analysis) {
    const bool whole = node.size == kBlock32;
    known = &hints_.analysis->chroma[whole][p - 1].at(node.x / node.cells(), node.y / node.cells());
  }
  const int before = known ? *known : 0;  // best mode of an earlier encode + 1
  for (int mode = 0; mode < modes; ++mode) {
    if (mode > 0 && before > 0 && mode != before - 1) continue;
    predict_chroma(tile_, node, plane, mode, border, from_luma, pred);
    difference(org_[p], x, y, n, pred, residual);
    forward_transform(size, residual, coefficients);
    LevelSummary none;
    std::int16_t dummy = 0;
    int unused = 0;
    PriceCoder price;
    if (mode == 0) {
      code_chroma(price, tile_, node, plane, false, unused, 0, &dummy, none);
      best = drop_energy(plane, x, y, size, pred, *chroma_) + bit * price.bits;
      std::copy_n(pred, n * n, best_rec);
      if (best < 2 * bit || weight < 1e-6f || wanted(tile_, node) == Wanted::drop) break;
    }
    LevelSummary summary;
    float cost = optimise_levels(coefficients, *chroma_, tile_.models->chroma, context, bit,
                                 levels.data(), summary);
    PriceCoder flags;
    int coded_mode = mode;
    std::int16_t zero[1] = {0};
    code_chroma(flags, tile_, node, plane, true, coded_mode, 0, zero,
                none);  // includes the price of count 0
    PriceCoder count_zero;
    code_count(count_zero, tile_.models->chroma, context, 0);
    cost += bit * (flags.bits - count_zero.bits);
    if (cost >= best) continue;
    best = cost;
    best_summary = summary;
    choice.coded = true;
    choice.mode = mode;
    choice.count = summary.count;
    choice.levels = levels;
    add_residual(*chroma_, size, levels.data(), summary, pred, best_rec);
  }
  if (known && choice.coded) *known = static_cast<std::uint8_t>(choice.mode + 1);
  put_block(tile_.rec[p], x, y, n, best_rec);
  const std::uint8_t density = density_of(best_summary, size);
  for_cells(tile_, node, [&](CellInfo& c) {
    c.chroma_coded[p - 1] = choice.coded;
    c.chroma_density[p - 1] = choice.coded ? density : std::uint8_t{0};
  });
}

}  // namespace ablc

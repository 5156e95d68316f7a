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
  const int x = (node.x * kUnit) >> tile_.subsample;
  const int y = (node.y * kUnit) >> tile_.subsample;
  const int p = plane;
  const LevelContext context{
      size, along_chroma(tile_, node, plane).density(), chroma_limit(size), true};
  const Border border = gather_border(tile_, node, p);
  const float weight = chroma_weight(node);
  static const float share = tuned("NB_CHROMA", 1);
  const float bit = share * settings_.lambda / std::max(weight, 1e-6f);

  const LumaBelow luma = luma_below(tile_, node);
  std::int16_t residual[kMaxArea];
  float coefficients[kMaxArea];
  std::uint8_t pred[kMaxArea];
  Array<std::int16_t, kMaxArea> levels;
  std::uint8_t best_rec[kMaxArea];

  float best = kInfinite;
  LevelSummary best_summary;
  choice = LeafChoice{};
  const int modes = settings_.effort.optimise_chroma ? kChromaModes : 2;
  static const bool lm = tuned("NB_CCLM", 1) != 0;
  for (int mode = 0; mode < (lm ? modes : std::min(modes, kChromaFromLuma)); ++mode) {
    predict_chroma(tile_, node, mode, border, luma, pred);
    difference(org_[p], x, y, n, pred, residual);
    forward_transform(size, 0, residual, coefficients);
    LevelSummary summary;
    PriceCoder price;
    code_chroma_mode(price, tile_, node, plane, mode);
    const float cost = bit * price.bits +
                       optimise_levels(coefficients, *chroma_, tile_.models->chroma, context, bit,
                                       levels.data(), summary);
    if (cost >= best) continue;
    best = cost;
    best_summary = summary;
    choice.mode = mode;
    choice.count = summary.count;
    choice.levels = levels;
    add_residual(*chroma_, size, levels.data(), summary, pred, best_rec);
  }
  put_block(tile_.rec[p], x, y, n, best_rec);
  const std::uint16_t density = density_of(best_summary, size);
  for_cells(tile_, node, [&](CellInfo& c) {
    c.chroma_coded[p - 1] = 1;
    c.chroma_mode[p - 1] = static_cast<std::uint8_t>(choice.mode);
    c.chroma_density[p - 1] = density;
  });
}

}  // namespace ablc

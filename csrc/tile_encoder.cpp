// A tile to segments: tile_decoder.cpp from back to front. The headings of docs/FORMAT.md:
//
//   Base layer     encode_base: means of 8x8 samples, plane coded
//   Mask           encode_tile: cell mask and step offsets, then the leaves of each superblock
//   Blocks         encode_tile: levels and modes of each superblock
//
// TileSearch decides a superblock before its leaves and blocks are written. The coders' models are
// then as it has priced them.

#include "tile_encoder.h"

#include <cmath>

#include "cancel.h"
#include "colour.h"
#include "mask.h"
#include "plane_coder.h"
#include "statistics.h"
#include "upsample.h"

namespace ablc {

namespace {

// Tuned on photographs; docs/DESIGN.md, Search, has the figures.
constexpr float kLambda = 0.05f;     // price of a bit in squared steps
constexpr float kSsimPower = 0.25f;  // exponent of a block's variance in its weight
constexpr float kTailPrice = 2;      // factor of a bit's price in the tail, see EncodeSettings
constexpr float kOffsetPower = 4;    // of the power mean of a superblock's importance
constexpr float kBaseShare = 0.5f;  // of a bit's price in the base layer, which all prediction uses

/// Planes of a tile of an image, padded to whole superblocks.
Planes tile_planes(const ConstImage& image, const Header& header, const Rect& rect) {
  return to_planes(image,
                   {rect.x, rect.y, round_up(rect.width, kSuper), round_up(rect.height, kSuper)},
                   header.subsample);
}

/// Store the means of 8x8 samples in base, in 1/16 grey level.
void box_means(const Plane<std::uint8_t>& plane, const Rect& cells, Plane<std::int16_t>& base) {
  for (int cy = 0; cy < cells.height; ++cy)
    for (int cx = 0; cx < cells.width; ++cx) {
      int sum = 2;
      for (int y = 0; y < kBaseScale; ++y)
        for (int x = 0; x < kBaseScale; ++x)
          sum += plane.at(cx * kBaseScale + x, cy * kBaseScale + y);
      base.at(cells.x + cx, cells.y + cy) = static_cast<std::int16_t>(sum >> 2);
    }
}

/// Write the leaves below node: splits and keep flags.
void write_leaves(RangeEncoder& coder, Tile& tile, const Node& node) {
  if (outside(tile, node)) return;
  const CellInfo& cell = tile.cells.at(node.x, node.y);
  if (code_split(coder, tile, node, cell.log2 < node.size.log2())) {
    for (int i = 0; i < 4; ++i) write_leaves(coder, tile, node.child(i));
    return;
  }
  code_keep(coder, tile, node, cell.kept != 0);
}

/// Write the blocks below node; a chroma unit follows the luma of its 16x16 or 32x32 node.
void write_blocks(RangeEncoder& coder, Tile& tile, const Node& node, int zorder,
                  SuperChoice& choice) {
  if (outside(tile, node)) return;
  const CellInfo& cell = tile.cells.at(node.x, node.y);
  if (cell.log2 < node.size.log2()) {
    const int stride = node.size.half().area() / kBlock8.area();
    for (int i = 0; i < 4; ++i)
      write_blocks(coder, tile, node.child(i), zorder + i * stride, choice);
  } else if (cell.kept) {
    LeafChoice& leaf = choice.luma[zorder];
    code_luma(coder, tile, node, leaf.mode, leaf.count, leaf.levels.data());
  }
  const bool unit =
      node.size == kBlock16 || (node.size == kBlock32 && cell.log2 == kBlock32.log2());
  if (tile.planes == 1 || !unit) return;
  for (int plane = 1; plane <= 2; ++plane) {
    LeafChoice& c = choice.chroma[plane - 1][zorder / 4];
    LevelSummary summary;
    code_chroma(coder, tile, node, plane, c.coded, c.mode, c.count, c.levels.data(), summary);
  }
}

/// Return the step offset for the importance of a superblock's cells. If error weighs w, the
/// squared step goes as 1 / w; the mean gives most say to the most important cells.
int offset_for(const Plane<float>& importance, const Node& super) {
  float sum = 0;
  int voters = 0;
  for (int y = super.y; y < super.y + super.cells(); ++y)
    for (int x = super.x; x < super.x + super.cells(); ++x) {
      sum += std::pow(importance.at(x, y), kOffsetPower);
      voters += importance.at(x, y) > 0;
    }
  if (sum <= 0) return 0;
  const float mean = std::pow(sum / static_cast<float>(voters), 1 / kOffsetPower);
  return static_cast<int>(
      std::lround(std::clamp(-2.0f * std::log2(mean), -1.0f * kMostOffset, 1.0f * kMostOffset)));
}

/// Return the importance of a tile's cells, empty if all are equal. Exact cells have none: what is
/// decoded there is replaced.
Plane<float> tile_importance(const EncodeSettings& settings, const Rect& rect, const Tile& tile) {
  const Plane<float>& given = settings.importance;
  const bool exact = !settings.exact.samples.empty() && !settings.exact_pixels;
  if (given.samples.empty() && !exact) return {};
  Plane<float> importance(tile.cells.width, tile.cells.height, 1.0f);
  for (int y = 0; y < importance.height; ++y)
    for (int x = 0; x < importance.width; ++x) {
      const int cx = rect.x / kCell + x, cy = rect.y / kCell + y;
      if (!given.samples.empty()) importance.at(x, y) = given.clamped(cx, cy);
      if (exact && settings.exact.clamped(cx, cy)) importance.at(x, y) = 0;
    }
  return importance;
}

/// An analysis of a tile that knows nothing yet.
TileAnalysis make_analysis(const Tile& tile) {
  TileAnalysis analysis;
  for (std::size_t size = 0; size < kSizes; ++size)
    analysis.luma[size] = Plane<TileAnalysis::Modes>(div_up(tile.cells.width, 1 << size),
                                                     div_up(tile.cells.height, 1 << size));
  for (std::size_t whole = 0; whole < 2; ++whole)
    for (auto& plane : analysis.chroma[whole])
      plane =
          Plane<std::uint8_t>(tile.cells.width >> (1 + whole), tile.cells.height >> (1 + whole));
  return analysis;
}

/// Write the parts of the mask segment that come before all leaves: cell mask and step offsets.
void write_mask_head(RangeEncoder& coder, const Header& header, const Rect& rect,
                     const EncodeSettings& settings, const Plane<float>& importance, Tile& tile) {
  if (header.explicit_mask) {
    tile.explicit_mask = cut(
        settings.mask, {rect.x / kCell, rect.y / kCell, tile.activity.width, tile.activity.height});
    const auto models = std::make_unique<MaskModels>();
    code_cell_mask(coder, *models, tile.explicit_mask);
  }
  if (header.step_offsets) {
    for (int y = 0; y < tile.offsets.height; ++y)
      for (int x = 0; x < tile.offsets.width; ++x)
        tile.offsets.at(x, y) =
            static_cast<std::int8_t>(offset_for(importance, {4 * x, 4 * y, kBlock32}));
    OffsetModels models;
    code_offsets(coder, models, tile.offsets);
  }
}

/// Decide and write superblock by superblock.
void write_superblocks(RangeEncoder& mask, RangeEncoder& blocks, int step, float tail,
                       TileSearch& search, Tile& tile) {
  const auto choice = std::make_unique<SuperChoice>();
  const auto supers = static_cast<float>(tile.cells.width * tile.cells.height / 16);
  const auto head = static_cast<int>(std::lround((1 - std::abs(tail)) * supers));
  int done = 0;
  for (int y = 0; y < tile.cells.height; y += kSuper / kCell)
    for (int x = 0; x < tile.cells.width; x += kSuper / kCell) {
      stop_if_cancelled();
      const Node super{x, y, kBlock32};
      tile.select(offset_step(step, tile.offset_at(x, y)));
      if (done++ == head) search.scale_price(tail > 0 ? kTailPrice : 1 / kTailPrice);
      search.decide(x, y, *choice);
      write_leaves(mask, tile, super);
      write_blocks(blocks, tile, super, 0, *choice);
    }
}

}  // namespace

Bytes encode_base(const ConstImage& image, const Header& header, const Rect& rect,
                  BasePlanes& base) {
  const Planes org = tile_planes(image, header, rect);
  RangeEncoder coder;
  PlaneCoder planes(header.step);
  for (int p = 0; p < header.planes(); ++p) {
    const PlaneParams params = base_params(header.step, p);
    const float price = kBaseShare * kLambda * static_cast<float>(params.step * params.step);
    const Rect cells = base_rect(header, rect, p);
    auto& plane = base[p];
    box_means(org[p], cells, plane);
    planes.encode(coder, plane, cells, params, p, p == 2, price);
  }
#ifdef ABLC_STATISTICS
  planes.record_base(header.step);
#endif
  return coder.finish();
}

TileBytes encode_tile(const ConstImage& image, const Header& header, const Rect& rect,
                      const EncodeSettings& settings, const Quantisers& quantisers,
                      const BasePlanes& base, TileAnalysis* analysis) {
  const Planes org = tile_planes(image, header, rect);
  const std::unique_ptr<Tile> tile = make_tile(header, rect, base);
  fill_planes(header, rect, base, *tile);
  const Plane<float> importance = tile_importance(settings, rect, *tile);
  RangeEncoder mask, blocks;
  write_mask_head(mask, header, rect, settings, importance, *tile);

  if (analysis && analysis->chroma[0][0].samples.empty()) *analysis = make_analysis(*tile);
  TileSearch search(*tile, org,
                    {.effort = search_effort(settings.effort),
                     .lambda = kLambda,
                     .ssim_power = settings.tune_ssim ? kSsimPower : 0.0f},
                    quantisers, {importance, analysis});
  write_superblocks(mask, blocks, header.step, settings.tail, search, *tile);
#ifdef ABLC_STATISTICS
  std::vector<std::uint32_t> numbers;
  collect(std::span(reinterpret_cast<const Model*>(tile->models), kTileModels), numbers);
  record("tile", header.step, numbers);
#endif
  return {mask.finish(), blocks.finish()};
}

}  // namespace ablc

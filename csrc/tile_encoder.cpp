// A tile to segments: tile_decoder.cpp from back to front. The headings of docs/FORMAT.md:
//
//   Mask           write_mask: cell mask and step offsets
//   Blocks         write_blocks: leaves, modes and levels of each superblock
//
// TileSearch decides a superblock before it is written. The coder's models are then as it has
// priced them.

#include "tile_encoder.h"

#include <cmath>

#include "cancel.h"
#include "colour.h"
#include "mask.h"
#include "statistics.h"

namespace ablc {

namespace {

// Tuned on photographs; docs/DESIGN.md, Search, has the figures.
constexpr float kLambda = 0.05f;     // price of a bit in squared steps
constexpr float kSsimPower = 0.25f;  // exponent of a block's variance in its weight
constexpr float kTailPrice = 2;      // factor of a bit's price in the tail, see EncodeSettings
constexpr float kOffsetPower = 4;    // of the power mean of a superblock's importance

/// Planes of a tile of an image, padded to whole superblocks.
Planes tile_planes(const ConstImage& image, const Header& header, const Rect& rect) {
  return to_planes(image,
                   {rect.x, rect.y, round_up(rect.width, kSuper), round_up(rect.height, kSuper)},
                   header.subsample);
}

/// Write the blocks below node; a chroma unit follows the luma of its node.
void write_blocks(RangeEncoder& coder, Tile& tile, const Node& node, int zorder,
                  SuperChoice& choice) {
  if (outside(tile, node)) return;
  const Along around = along_luma(tile, node);
  const bool split = code_split(coder, tile, node, around,
                                tile.squares.at(node.x, node.y).log2 < node.size.log2());
  if (split) {
    const int stride = node.size.half().area() / kBlock4.area();
    for (int i = 0; i < 4; ++i)
      write_blocks(coder, tile, node.child(i), zorder + i * stride, choice);
  } else {
    code_luma(coder, tile, node, around, choice.luma(zorder), choice.levels(0, zorder));
  }
  if (!has_chroma_unit(tile, node, split)) return;
  for (int plane = 1; plane <= 2; ++plane) {
    ChromaSyntax& unit = choice.chroma(plane, zorder);
    code_chroma(coder, tile, node, plane, unit.mode, unit.count, choice.levels(plane, zorder));
  }
}

/// Return the step offset for the importance of a superblock's cells. If error weighs w, the
/// squared step goes as 1 / w; the mean gives most say to the most important cells.
int offset_for(const Plane<float>& importance, int column, int row) {
  float sum = 0;
  int voters = 0;
  constexpr int kCells = kSuper / kCell;
  for (int y = row * kCells; y < (row + 1) * kCells; ++y)
    for (int x = column * kCells; x < (column + 1) * kCells; ++x) {
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
  Plane<float> importance(tile.width / kCell, tile.height / kCell, 1.0f);
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
  for (int size = 0; size < kSizes; ++size)
    analysis.luma[size] =
        Plane<TileAnalysis::Modes>(tile.squares.width >> size, tile.squares.height >> size);
  for (int size = 0; size < TileAnalysis::kUnitSizes; ++size)
    for (auto& plane : analysis.chroma[size])
      plane =
          Plane<std::uint8_t>(tile.squares.width >> (2 + size), tile.squares.height >> (2 + size));
  return analysis;
}

/// Write the mask segment: cell mask and step offsets.
void write_mask(RangeEncoder& coder, const Header& header, const Rect& rect,
                const EncodeSettings& settings, const Plane<float>& importance, Tile& tile) {
  if (header.explicit_mask) {
    tile.explicit_mask =
        cut(settings.mask, {rect.x / kCell, rect.y / kCell, tile.cells_wide, tile.cells_high});
    const auto models = std::make_unique<MaskModels>();
    code_cell_mask(coder, *models, tile.explicit_mask);
  }
  if (header.step_offsets) {
    for (int y = 0; y < tile.offsets.height; ++y)
      for (int x = 0; x < tile.offsets.width; ++x)
        tile.offsets.at(x, y) = static_cast<std::int8_t>(offset_for(importance, x, y));
    OffsetModels models;
    code_offsets(coder, models, tile.offsets);
  }
}

/// Decide and write superblock by superblock.
void write_superblocks(RangeEncoder& blocks, int step, float tail, TileSearch& search, Tile& tile) {
  const auto choice = std::make_unique<SuperChoice>();
  const auto supers = static_cast<float>(tile.width / kSuper * (tile.height / kSuper));
  const auto head = static_cast<int>(std::lround((1 - std::abs(tail)) * supers));
  int done = 0;
  for (int y = 0; y < tile.squares.height; y += kSuper / kSquare)
    for (int x = 0; x < tile.squares.width; x += kSuper / kSquare) {
      stop_if_cancelled();
      const Node super{x, y, kBlock64};
      tile.select(offset_step(step, tile.offset_at(x, y)));
      if (done++ == head) search.scale_price(tail > 0 ? kTailPrice : 1 / kTailPrice);
      search.decide(x, y, *choice);
      write_blocks(blocks, tile, super, 0, *choice);
    }
}

}  // namespace

TileBytes encode_tile(const ConstImage& image, const Header& header, const Rect& rect,
                      const EncodeSettings& settings, const Quantisers& quantisers,
                      TileAnalysis* analysis) {
  const Planes org = tile_planes(image, header, rect);
  const std::unique_ptr<Tile> tile = make_tile(header, rect);
  make_planes(*tile);
  const Plane<float> importance = tile_importance(settings, rect, *tile);
  RangeEncoder mask, blocks;
  write_mask(mask, header, rect, settings, importance, *tile);

  if (analysis && analysis->chroma[0][0].samples.empty()) *analysis = make_analysis(*tile);
  TileSearch search(*tile, org,
                    {.effort = search_effort(settings.effort),
                     .lambda = kLambda,
                     .ssim_power = settings.tune_ssim ? kSsimPower : 0.0f},
                    quantisers, {importance, analysis});
  write_superblocks(blocks, header.step, settings.tail, search, *tile);
#ifdef ABLC_STATISTICS
  std::vector<std::uint32_t> numbers;
  collect(std::span(reinterpret_cast<const Model*>(tile->models), kTileModels), numbers);
  record("tile", header.step, numbers);
#endif
  return {mask.finish(), blocks.finish()};
}

}  // namespace ablc

#include <cmath>

#include "codec.h"
#include "initial.h"
#include "layout.h"
#include "lossless.h"
#include "mask.h"
#include "parallel.h"
#include "plane_coder.h"
#include "plane_coder_state.h"
#include "search.h"
#include "upsample.h"

namespace ablc {

namespace {

// Found on photographs; docs/DESIGN.md, Search, has the figures.
constexpr float kLambda = 0.05f;     // price of a bit in squared steps
constexpr float kSsimPower = 0.25f;  // exponent of a block's variance in its weight
constexpr float kOffsetPower = 4;    // of the mean of a superblock's importance that sets its step
constexpr float kBaseShare = 0.5f;   // of that price in the base layer, on which all prediction stands

/// Source planes of a tile, padded to whole superblocks.
std::array<Plane<std::uint8_t>, 3> tile_planes(const ConstImage& image, const Header& header, const Rect& rect) {
  return to_planes(image, {rect.x, rect.y, round_up(rect.width, kSuper), round_up(rect.height, kSuper)}, header.subsample);
}

/// Means of 8x8 samples in 1/16 grey level.
void box_means(const Plane<std::uint8_t>& plane, const Rect& cells, Plane<std::int16_t>& base) {
  for (int cy = 0; cy < cells.height; ++cy)
    for (int cx = 0; cx < cells.width; ++cx) {
      int sum = 2;
      for (int y = 0; y < kBaseScale; ++y)
        for (int x = 0; x < kBaseScale; ++x) sum += plane.at(cx * kBaseScale + x, cy * kBaseScale + y);
      base.at(cells.x + cx, cells.y + cy) = static_cast<std::int16_t>(sum >> 2);
    }
}

Bytes encode_base(const std::array<Plane<std::uint8_t>, 3>& org, const Header& header, const Rect& rect, float lambda,
                  std::array<Plane<std::int16_t>, 3>& base) {
  RangeEncoder coder;
  PlaneCoder planes(header.step);
  const PlaneParams params = base_params(header.step);
  const float price = kBaseShare * lambda * static_cast<float>(params.step * params.step);
  for (int p = 0; p < header.planes(); ++p) {
    const Rect cells = base_rect(header, rect, p);
    auto& plane = base[static_cast<std::size_t>(p)];
    box_means(org[static_cast<std::size_t>(p)], cells, plane);
    planes.encode(coder, plane, cells, params, p, p == 2, price);
  }
#ifdef ABLC_STATISTICS
  std::vector<std::uint32_t> numbers;
  for (auto& kind : planes.state().kinds) {
    for_models(kind, [&](auto& models) { collect(models.data(), models.size(), numbers); });
    for (auto& w : kind.weights)
      for (const std::int32_t v : w.w) numbers.push_back(static_cast<std::uint32_t>(v));
  }
  record("base", header.step, numbers);
#endif
  return coder.finish();
}

void write_mask(RangeEncoder& coder, Tile& tile, const Node& node) {
  if (outside(tile, node)) return;
  const CellInfo& cell = tile.cells.at(node.x, node.y);
  if (code_split(coder, tile, node, cell.log2_size < node.log2_size)) {
    for (int i = 0; i < 4; ++i) write_mask(coder, tile, node.child(i));
    return;
  }
  code_keep(coder, tile, node, cell.kept != 0);
}

/// Writes the blocks below node; a unit of chroma follows the luma of its 16x16 or 32x32 node.
void write_blocks(RangeEncoder& coder, Tile& tile, const Node& node, int zorder, SuperChoice& choice) {
  if (outside(tile, node)) return;
  const CellInfo& cell = tile.cells.at(node.x, node.y);
  if (cell.log2_size < node.log2_size) {
    const int step = 1 << (2 * (node.log2_size - 1 - kMinLog2));
    for (int i = 0; i < 4; ++i) write_blocks(coder, tile, node.child(i), zorder + i * step, choice);
  } else if (cell.kept) {
    LeafChoice& leaf = choice.luma[static_cast<std::size_t>(zorder)];
    code_luma(coder, tile, node, leaf.mode, leaf.count, leaf.levels.data());
  }
  const bool unit = node.log2_size == 4 || (node.log2_size == 5 && cell.log2_size == 5);
  if (tile.planes == 1 || !unit) return;
  for (int plane = 1; plane <= 2; ++plane) {
    LeafChoice& c = choice.chroma[static_cast<std::size_t>(plane - 1)][static_cast<std::size_t>(zorder / 4)];
    LevelSummary summary;
    code_chroma(coder, tile, node, plane, c.coded, c.mode, c.count, c.levels.data(), summary);
  }
}

/// The step that suits a superblock: error weighs w, so the squared step goes as 1 / w. Its cells share
/// one step; the most important ones have most to say in it.
int wanted_offset(const Plane<float>& importance, const Node& super) {
  float sum = 0;
  for (int y = super.y; y < super.y + super.cells(); ++y)
    for (int x = super.x; x < super.x + super.cells(); ++x) sum += std::pow(importance.at(x, y), kOffsetPower);
  const float mean = std::pow(sum / static_cast<float>(super.cells() * super.cells()), 1 / kOffsetPower);
  if (mean <= 0) return 0;
  return static_cast<int>(std::lround(std::clamp(-2.0f * std::log2(mean), -1.0f * kMostOffset, 1.0f * kMostOffset)));
}

struct TileCode {
  Bytes mask;
  Bytes blocks;
};

TileCode encode_tile(const ConstImage& image, const Header& header, const Rect& rect, const EncodeSettings& settings,
                     const SearchSettings& search_settings, const Quantisers& quantisers,
                     const std::array<Plane<std::int16_t>, 3>& base) {
  const auto org = tile_planes(image, header, rect);
  const std::unique_ptr<Tile> tile = make_tile(header, rect, base);
  Plane<float> importance;
  if (!settings.importance.samples.empty()) {
    importance = Plane<float>(tile->cells.width, tile->cells.height);
    for (int y = 0; y < importance.height; ++y)
      for (int x = 0; x < importance.width; ++x)
        importance.at(x, y) = settings.importance.clamped(rect.x / kCell + x, rect.y / kCell + y);
  }
  RangeEncoder mask, blocks;
  if (header.explicit_mask) {
    tile->wanted = Plane<std::uint8_t>(tile->activity.width, tile->activity.height);
    for (int y = 0; y < tile->wanted.height; ++y)
      for (int x = 0; x < tile->wanted.width; ++x)
        tile->wanted.at(x, y) = settings.mask.at(rect.x / kCell + x, rect.y / kCell + y) != 0;
    auto models = std::make_unique<MaskModels>();
    code_cell_mask(mask, *models, tile->wanted);
  }
  TileSearch search(*tile, org, search_settings, quantisers, importance);
  auto choice = std::make_unique<SuperChoice>();
  if (header.step_offsets) {
    for (int y = 0; y < tile->offsets.height; ++y)
      for (int x = 0; x < tile->offsets.width; ++x)
        tile->offsets.at(x, y) = static_cast<std::int8_t>(wanted_offset(importance, {4 * x, 4 * y, kMaxLog2}));
    OffsetModels models;
    code_offsets(mask, models, tile->offsets);
  }
  for (int y = 0; y < tile->cells.height; y += kSuper / kCell)
    for (int x = 0; x < tile->cells.width; x += kSuper / kCell) {
      const Node super{x, y, kMaxLog2};
      tile->select(offset_step(header.step, tile->offset_at(x, y)));
      search.decide(x, y, *choice);
      write_mask(mask, *tile, super);
      write_blocks(blocks, *tile, super, 0, *choice);
    }
#ifdef ABLC_STATISTICS
  std::vector<std::uint32_t> numbers;
  collect(reinterpret_cast<const Model*>(tile->models), kTileModels, numbers);
  record("tile", header.step, numbers);
#endif
  return {mask.finish(), blocks.finish()};
}

Header make_header(const ConstImage& image, const EncodeSettings& settings) {
  Header header;
  header.width = image.width;
  header.height = image.height;
  header.channels = image.channels;
  header.lossless = settings.lossless;
  header.subsample = image.channels == 1 ? 0 : settings.subsample;
  header.step = settings.step;
  header.step_offsets = !settings.lossless && !settings.importance.samples.empty();
  header.explicit_mask = !settings.lossless && !settings.mask.samples.empty();
  // Large pictures: tiles, for threads and for windows.
  const std::int64_t pixels = static_cast<std::int64_t>(image.width) * image.height;
  if (settings.tile_log2 > 0) {
    header.tile_log2 = settings.tile_log2;
  } else if (pixels > 3 << 19) {
    header.tile_log2 = 9;
  }
  return header;
}

void encode_lossy(const ConstImage& image, const Header& header, const EncodeSettings& settings,
                  std::vector<std::pair<SectionId, Bytes>>& sections) {
  SearchSettings search{search_effort(settings.effort), kLambda * settings.lambda_scale, settings.tune_ssim ? kSsimPower : 0.0f};
  const Quantisers quantisers(header.step, header.step_offsets);
  auto base = make_base(header);
  const auto tiles = static_cast<std::size_t>(header.tiles());
  std::vector<Bytes> bases(tiles), masks(tiles), blocks(tiles);
  parallel_for(header.tiles(), settings.threads, [&](int t) {
    const Rect rect = header.tile(t);
    bases[static_cast<std::size_t>(t)] = encode_base(tile_planes(image, header, rect), header, rect, search.lambda, base);
  });
  parallel_for(header.tiles(), settings.threads, [&](int t) {
    TileCode code = encode_tile(image, header, header.tile(t), settings, search, quantisers, base);
    masks[static_cast<std::size_t>(t)] = std::move(code.mask);
    blocks[static_cast<std::size_t>(t)] = std::move(code.blocks);
  });
  sections.emplace_back(SectionId::base, join_segments(bases));
  sections.emplace_back(SectionId::mask, join_segments(masks));
  sections.emplace_back(SectionId::blocks, join_segments(blocks));
}

}  // namespace

Bytes encode(const ConstImage& image, const EncodeSettings& settings) {
  const Header header = make_header(image, settings);
  std::vector<std::pair<SectionId, Bytes>> sections;
  for (const auto& [id, body] : {std::pair{SectionId::icc, &settings.icc}, std::pair{SectionId::exif, &settings.exif},
                                 std::pair{SectionId::xmp, &settings.xmp}, std::pair{SectionId::model, &settings.model}})
    if (!body->empty()) sections.emplace_back(id, *body);

  const int tiles = header.tiles();
  const auto segments = [&](auto&& make) {
    std::vector<Bytes> list(static_cast<std::size_t>(tiles));
    parallel_for(tiles, settings.threads, [&](int t) { list[static_cast<std::size_t>(t)] = make(header.tile(t)); });
    return join_segments(list);
  };
  if (header.lossless) {
    sections.emplace_back(SectionId::planes, segments([&](const Rect& rect) { return encode_lossless(image, rect); }));
  } else {
    encode_lossy(image, header, settings, sections);
  }
  if (image.channels == 4)
    sections.emplace_back(SectionId::alpha, segments([&](const Rect& rect) { return encode_alpha(image, rect); }));
  return join(header, sections);
}

}  // namespace ablc

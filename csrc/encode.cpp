#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "codec.h"
#include "exact.h"
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

using Sections = std::vector<std::pair<SectionId, Bytes>>;

// Found on photographs; docs/DESIGN.md, Search, has the figures.
constexpr float kLambda = 0.05f;     // price of a bit in squared steps
constexpr float kSsimPower = 0.25f;  // exponent of a block's variance in its weight
constexpr float kTailPrice = 2;      // of a bit in the tail, see EncodeSettings
constexpr float kOffsetPower = 4;    // of the mean of a superblock's importance that sets its step

/// Source planes of a tile, padded to whole superblocks.
Planes tile_planes(const ConstImage& image, const Header& header, const Rect& rect) {
  return to_planes(image,
                   {rect.x, rect.y, round_up(rect.width, kSuper), round_up(rect.height, kSuper)},
                   header.subsample);
}

/// Writes partition and blocks below node; a unit of chroma follows the luma of its 16x16 or 32x32
/// node.
void write_blocks(RangeEncoder& coder, Tile& tile, const Node& node, int zorder,
                  SuperChoice& choice) {
  if (outside(tile, node)) return;
  const CellInfo& cell = tile.cells.at(node.x, node.y);
  const bool divided = cell.log2 < node.size.log2();
  code_split(coder, tile, node, divided);
  if (divided) {
    const int step = node.size.half().area() / kBlock4.area();
    for (int i = 0; i < 4; ++i) write_blocks(coder, tile, node.child(i), zorder + i * step, choice);
  } else {
    code_keep(coder, tile, node, cell.kept != 0);
    LeafChoice& leaf = choice.luma[zorder];
    code_luma(coder, tile, node, leaf.kept, leaf.mode, leaf.count, leaf.kind, leaf.levels.data());
  }
  const bool unit = node.size == kBlock16 || (node.size > kBlock16 && !divided);
  if (tile.planes == 1 || !unit) return;
  for (int plane = 1; plane <= 2; ++plane) {
    LeafChoice& c = choice.chroma[plane - 1][zorder / 16];
    LevelSummary summary;
    code_chroma(coder, tile, node, plane, c.mode, c.count, c.levels.data(), summary);
  }
}

/// The step that suits a superblock: error weighs w, so the squared step goes as 1 / w. Its cells
/// share one step; the most important ones have most to say in it.
int wanted_offset(const Plane<float>& importance, const Node& super) {
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

/// Importance of a tile's cells, or empty if all are alike. Exact cells need nothing beneath.
Plane<float> tile_importance(const EncodeSettings& settings, const Rect& rect, const Tile& tile) {
  const Plane<float>& wanted = settings.importance;
  const bool exact = !settings.exact.samples.empty() && !settings.exact_pixels;
  if (wanted.samples.empty() && !exact) return {};
  Plane<float> importance(tile.cells.width, tile.cells.height, 1.0f);
  for (int y = 0; y < importance.height; ++y)
    for (int x = 0; x < importance.width; ++x) {
      const int cx = rect.x / kCell + x, cy = rect.y / kCell + y;
      if (!wanted.samples.empty()) importance.at(x, y) = wanted.clamped(cx, cy);
      if (exact && settings.exact.clamped(cx, cy)) importance.at(x, y) = 0;
    }
  return importance;
}

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

struct TileCode {
  Bytes mask;
  Bytes blocks;
};

TileCode encode_tile(const ConstImage& image, const Header& header, const Rect& rect,
                     const EncodeSettings& settings, const SearchSettings& search_settings,
                     const Quantisers& quantisers, const BasePlanes& base, TileAnalysis* analysis) {
  const auto org = tile_planes(image, header, rect);
  const std::unique_ptr<Tile> tile = make_tile(header, rect, base);
  fill_planes(header, rect, base, *tile);
  const Plane<float> importance = tile_importance(settings, rect, *tile);
  RangeEncoder mask, blocks;
  if (header.explicit_mask) {
    tile->wanted = cut(settings.mask, {rect.x / kCell, rect.y / kCell, tile->activity.width,
                                       tile->activity.height});
    auto models = std::make_unique<MaskModels>();
    code_cell_mask(mask, *models, tile->wanted);
  }
  Planes painted;
  TileHints hints{importance, nullptr, analysis};
  if (settings.painted.width > 0) {
    painted = tile_planes(settings.painted, header, rect);
    hints.painted = &painted;
  }
  if (false && analysis->chroma[0][0].samples.empty()) *analysis = make_analysis(*tile);
  TileSearch search(*tile, org, search_settings, quantisers, hints);
  auto choice = std::make_unique<SuperChoice>();
  const auto supers = static_cast<float>(tile->cells.width * tile->cells.height / 16);
  const auto head = static_cast<int>(std::lround((1 - std::abs(settings.tail)) * supers));
  int done = 0;
  if (header.step_offsets) {
    for (int y = 0; y < tile->offsets.height; ++y)
      for (int x = 0; x < tile->offsets.width; ++x)
        tile->offsets.at(x, y) =
            static_cast<std::int8_t>(wanted_offset(importance, {4 * x, 4 * y, kBlock64}));
    OffsetModels models;
    code_offsets(mask, models, tile->offsets);
  }
  for (int y = 0; y < tile->cells.height; y += kSuper / kUnit)
    for (int x = 0; x < tile->cells.width; x += kSuper / kUnit) {
      const Node super{x, y, kBlock64};
      tile->select(offset_step(header.step, tile->offset_at(x, y)));
      if (done++ == head) search.scale_price(settings.tail > 0 ? kTailPrice : 1 / kTailPrice);
      search.decide(x, y, *choice);
      write_blocks(blocks, *tile, super, 0, *choice);
    }
  note_planes(tile->rec);
#ifdef ABLC_STATISTICS
  std::vector<std::uint32_t> numbers;
  collect(reinterpret_cast<const Model*>(tile->models), kTileModels, numbers);
  record("tile", header.step, numbers);
  if (const char* name = std::getenv("ABLC_SHARES")) {
    std::FILE* file = std::fopen(name, "ab");
    for (double& b : part_bits) std::fprintf(file, "%.0f ", b), b = 0;
    std::fprintf(file, "%d\n", header.step);
    std::fclose(file);
  }
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
  header.exact = !settings.lossless && !settings.exact.samples.empty();
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
                  Analysis* analysis, Sections& sections) {
  static const float lambda = tuned("NB_LAMBDA", kLambda), power = tuned("NB_POWER", kSsimPower),
                     slant = tuned("NB_SLANT", 0);
  SearchSettings search{search_effort(settings.effort),
                        lambda * std::pow(static_cast<float>(header.step) / 640, slant),
                        settings.tune_ssim ? power : 0.0f};
  const Quantisers quantisers(header.step, header.step_offsets);
  auto base = make_base(header);
  const int tiles = header.tiles();
  Vector<Bytes> blocks(tiles);
  if (analysis) {
    const Array<int, 5> key = {header.width, header.height, header.channels, header.tiles(),
                               settings.effort};
    if (analysis->key != key) analysis->tiles.clear();
    analysis->key = key;
    analysis->tiles.resize(static_cast<std::size_t>(tiles));
  }
  parallel_for(header.tiles(), settings.threads, [&](int t) {
    TileCode code = encode_tile(image, header, header.tile(t), settings, search, quantisers, base,
                                analysis ? &analysis->tiles[t] : nullptr);
    blocks[t] = std::move(code.blocks);
  });
  sections.emplace_back(SectionId::blocks, join_segments(blocks));
}

/// One segment a tile, made by make(tile).
template <class F>
Bytes make_segments(const Header& header, int threads, F&& make) {
  Vector<Bytes> list(header.tiles());
  parallel_for(header.tiles(), threads, [&](int t) { list[t] = make(header.tile(t)); });
  return join_segments(list);
}

/// Exact samples are coded in the light of the decoded picture without them, so that is decoded
/// first.
Bytes encode_exact_samples(const ConstImage& image, Header header, const EncodeSettings& settings,
                           const Sections& sections) {
  Parsed file;
  file.header = header;
  file.header.exact = false;
  file.header.channels = image.channels == 1 ? 1 : 3;
  for (const auto& [id, body] : sections) file.sections.push_back({id, 0, body});
  Bytes pixels(static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height) *
               static_cast<std::size_t>(file.header.channels));
  const Image decoded{image.width, image.height, file.header.channels, pixels};
  std::vector<std::string> lost;
  decode(file, settings.threads, false, {0, 0, image.width, image.height}, decoded, lost);
  return make_segments(header, settings.threads, [&](const Rect& rect) {
    return encode_exact(image, {decoded.width, decoded.height, decoded.channels, decoded.samples},
                        rect, settings.exact, settings.exact_pixels);
  });
}

}  // namespace

Analysis::Analysis() = default;
Analysis::~Analysis() = default;

Bytes encode(const ConstImage& image, const EncodeSettings& settings, Analysis* analysis) {
  const Header header = make_header(image, settings);
  Sections sections;
  for (const auto& [id, body] :
       {std::pair{SectionId::icc, &settings.icc}, std::pair{SectionId::exif, &settings.exif},
        std::pair{SectionId::xmp, &settings.xmp}, std::pair{SectionId::model, &settings.model}})
    if (!body->empty()) sections.emplace_back(id, *body);
  if (header.lossless) {
    sections.emplace_back(SectionId::planes,
                          make_segments(header, settings.threads, [&](const Rect& rect) {
                            return encode_lossless(image, rect);
                          }));
  } else {
    encode_lossy(image, header, settings, analysis, sections);
    if (header.exact)
      sections.emplace_back(SectionId::exact,
                            encode_exact_samples(image, header, settings, sections));
  }
  if (image.channels == 4)
    sections.emplace_back(SectionId::alpha,
                          make_segments(header, settings.threads, [&](const Rect& rect) {
                            return encode_alpha(image, rect);
                          }));
  return join(header, sections);
}

}  // namespace ablc

// Pixels to a stream: decode.cpp from back to front. The headings of docs/FORMAT.md:
//
//   Lossless            every channel of a lossless stream, and alpha of any
//   Mask, Blocks        encode_tile: leaves, their prediction and residual
//   Exact samples       over the picture that a decoder has without them
//   File                sections and their segments, one for every tile

#include "codec.h"
#include "exact.h"
#include "lossless.h"
#include "parallel.h"
#include "tile_decoder.h"
#include "tile_encoder.h"

namespace ablc {

namespace {

using Sections = std::vector<std::pair<SectionId, Bytes>>;

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
  // Large pictures are tiled, for threads and for the decoding of windows.
  const std::int64_t pixels = static_cast<std::int64_t>(image.width) * image.height;
  if (settings.tile_log2 > 0) {
    header.tile_log2 = settings.tile_log2;
  } else if (pixels > 3 << 19) {
    header.tile_log2 = 9;
  }
  return header;
}

/// Make an analysis fit a picture: it begins anew unless the last encode was of the same kind.
void prepare(Analysis& analysis, const Header& header, int effort) {
  const Array<int, 5> key = {header.width, header.height, header.channels, header.tiles(), effort};
  if (analysis.key != key) analysis.tiles.clear();
  analysis.key = key;
  analysis.tiles.resize(static_cast<std::size_t>(header.tiles()));
}

/// Mask, if there is anything to say in it, and blocks.
void encode_lossy(const ConstImage& image, const Header& header, const EncodeSettings& settings,
                  Analysis* analysis, Sections& sections) {
  const int tiles = header.tiles();
  const Quantisers quantisers(header.step, header.step_offsets);
  Vector<Bytes> masks(tiles), blocks(tiles);
  if (analysis) prepare(*analysis, header, settings.effort);
  parallel_for(tiles, settings.threads, [&](int t) {
    TileBytes tile = encode_tile(image, header, header.tile(t), settings, quantisers,
                                 analysis ? &analysis->tiles[t] : nullptr);
    masks[t] = std::move(tile.mask);
    blocks[t] = std::move(tile.blocks);
  });
  if (has_mask(header)) sections.emplace_back(SectionId::mask, join_segments(masks));
  sections.emplace_back(SectionId::blocks, join_segments(blocks));
}

/// Return the body of a section: for every tile the segment that make(tile) returns.
template <class F>
Bytes make_segments(const Header& header, int threads, F&& make) {
  Vector<Bytes> list(header.tiles());
  parallel_for(header.tiles(), threads, [&](int t) { list[t] = make(header.tile(t)); });
  return join_segments(list);
}

/// Return the body of EXCT. Exact samples are predicted from the decoded picture without them, so
/// the sections so far are decoded first.
Bytes encode_exact_samples(const ConstImage& image, Header header, const EncodeSettings& settings,
                           const Sections& sections) {
  Parsed file;
  file.header = header;
  file.header.exact = false;
  file.header.channels = image.channels == 1 ? 1 : 3;
  for (const auto& [id, body] : sections) file.sections.push_back({id, 0, body});
  Bytes pixels(sample_count(image.width, image.height, file.header.channels));
  const Image decoded{image.width, image.height, file.header.channels, pixels};
  std::vector<std::string> lost;
  decode(file, {0, 0, image.width, image.height}, {.threads = settings.threads}, decoded, lost);
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

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
                  Analysis* analysis, SegmentLists& lists) {
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
  if (has_mask(header)) lists.emplace_back(SectionId::mask, std::move(masks));
  lists.emplace_back(SectionId::blocks, std::move(blocks));
}

/// Return the segments of a section: for every tile what make(tile) returns.
template <class F>
Vector<Bytes> make_segments(const Header& header, int threads, F&& make) {
  Vector<Bytes> list(header.tiles());
  parallel_for(header.tiles(), threads, [&](int t) { list[t] = make(header.tile(t)); });
  return list;
}

/// Return the segments of EXCT. Exact samples are predicted from the decoded picture without them,
/// so the segments so far are decoded first, as a stream of their own.
Vector<Bytes> encode_exact_samples(const ConstImage& image, const Header& header,
                                   const EncodeSettings& settings, const SegmentLists& lists) {
  Header plain = header;
  plain.exact = false;
  plain.channels = image.channels == 1 ? 1 : 3;
  const Bytes stream = join(plain, join_segments(plain, lists));
  Parsed file;
  parse(stream, UINT64_MAX, false, file);
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
  SegmentLists lists;
  if (header.lossless) {
    lists.emplace_back(SectionId::planes,
                       make_segments(header, settings.threads, [&](const Rect& rect) {
                         return encode_lossless(image, rect);
                       }));
  } else {
    encode_lossy(image, header, settings, analysis, lists);
    if (header.exact)
      lists.emplace_back(SectionId::exact, encode_exact_samples(image, header, settings, lists));
  }
  if (image.channels == 4)
    lists.emplace_back(SectionId::alpha,
                       make_segments(header, settings.threads,
                                     [&](const Rect& rect) { return encode_alpha(image, rect); }));
  for (auto& section : join_segments(header, std::move(lists)))
    sections.push_back(std::move(section));
  return join(header, sections);
}

}  // namespace ablc

// A stream to pixels: encode.cpp from back to front. The headings of docs/FORMAT.md:
//
//   File               sections and their segments, one for every tile
//   Mask, Blocks       decode_tile: leaves, their prediction and residual
//   Deblocking         deblock: over the edges of leaves, in the whole picture
//   Refinement, Colour finish: luma filtered, planes to pixels, band of rows by band
//   Exact samples      laid over these pixels
//   Lossless           every channel of a lossless stream, and alpha of any
//
// Sections that do not matter for a window are decoded for the tiles around it alone.

#include <algorithm>
#include <atomic>
#include <cstdlib>

#include "codec.h"
#include "deblock.h"
#include "exact.h"
#include "inspect.h"
#include "parallel.h"
#include "refine.h"
#include "tile_decoder.h"
#include "window.h"

namespace ablc {

namespace {

/// Segments of one section, by tile.
using Segments = Vector<ByteView>;

/// A lossy picture before it becomes pixels.
struct Reconstruction {
  Planes planes;
  Plane<CellShape> shapes;
};

/// Copy a tile's samples into planes, in which its visible window is rect.
void put_tile(const Tile& tile, const Header& header, const Rect& rect, Planes& planes) {
  for (int p = 0; p < tile.planes; ++p) {
    const int s = p ? header.subsample : 0;
    const int w = chroma_size(rect.width, s);
    for (int y = 0; y < chroma_size(rect.height, s); ++y)
      std::copy_n(tile.rec[p].row(y), w, planes[p].row((rect.y >> s) + y) + (rect.x >> s));
  }
}

/// The same for a tile that fills the planes, which take over its memory.
void take_tile(Tile& tile, const Header& header, const Rect& rect, Planes& planes) {
  for (int p = 0; p < tile.planes; ++p) {
    const int s = p ? header.subsample : 0;
    planes[p] =
        cropped(std::move(tile.rec[p]), chroma_size(rect.width, s), chroma_size(rect.height, s));
  }
}

void put_shapes(const Tile& tile, const Rect& rect, Plane<CellShape>& shapes) {
  for (int y = 0; y < tile.cells_high; ++y)
    for (int x = 0; x < tile.cells_wide; ++x)
      shapes.at(rect.x / kCell + x, rect.y / kCell + y) = shape_of(tile, x, y);
}

/// One decode: its parts, and a record of what was damaged.
class Decoding {
 public:
  Decoding(const Parsed& file, const Rect& window, const DecodeSettings& settings,
           std::vector<std::string>& lost)
      : file_(file),
        header_(file.header),
        settings_(settings),
        threads_(settings.map ? 1 : settings.threads),
        window_(window),
        needed_(needed_for(window, header_)),
        area_(whole_tiles(needed_, header_)),
        lost_(lost) {}

  void run(const Image& out) {
    Bytes own;
    canvas_ = out;
    if (area_.width != window_.width || area_.height != window_.height) {
      own.resize(sample_count(area_.width, area_.height, out.channels));
      canvas_ = {area_.width, area_.height, out.channels, own};
    }
    check_tiles();
    if (ended()) return;
    if (header_.lossless) {
      over_tiles(SectionId::planes, decode_lossless);
    } else {
      lossy();
      if (header_.exact && !ended()) exact();
    }
    if (header_.channels == 4 && !ended()) over_tiles(SectionId::alpha, decode_alpha);
    if (!own.empty()) copy_window(out);
  }

 private:
  void lossy() {
    const Segments masks =
        has_mask(header_) ? segments(SectionId::mask) : Segments(header_.tiles());
    const Segments blocks = segments(SectionId::blocks);
    if (ended()) return;
    Reconstruction picture = decode_blocks(masks, blocks);
    if (ended()) return;
    if (settings_.guide) guide_cells(picture.shapes);
    deblock(header_, picture.shapes, threads_, picture.planes);
    finish(picture);
  }

  Reconstruction decode_blocks(const Segments& masks, const Segments& blocks) {
    const Vector<int> tiles = header_.tiles_in(area_);
    Reconstruction picture;
    for (int p = 0; p < header_.planes() && tiles.size() > 1; ++p) {
      const int s = p ? header_.subsample : 0;
      picture.planes[p] =
          Plane<std::uint8_t>(chroma_size(area_.width, s), chroma_size(area_.height, s));
    }
    picture.shapes = Plane<CellShape>(div_up(area_.width, kCell), div_up(area_.height, kCell));
    const Quantisers quantisers(header_.step, header_.step_offsets);
    Vector<std::uint8_t> mask_sound(header_.tiles(), 1);
    for_tiles(SectionId::blocks, tiles, [&](int t) {
      const Rect rect = header_.tile(t);
      const auto tile = make_tile(header_, rect);
      // Superblock rows below the window are never looked at.
      const int rows = div_up(std::min(rect.height, needed_.y + needed_.height - rect.y), kSuper);
      TileState sound{.blocks = false};
      if (!blocks[t].data() || (has_mask(header_) && !masks[t].data()))
        blank_tile(*tile);
      else
        sound = decode_tile({masks[t], blocks[t]}, header_, quantisers, rows,
                            threads_ / static_cast<int>(tiles.size()), spent(rect), *tile);
      mask_sound[t] = sound.mask;
      if (tiles.size() == 1)
        take_tile(*tile, header_, rect, picture.planes);
      else
        put_tile(*tile, header_, from_corner(rect, area_), picture.planes);
      put_shapes(*tile, from_corner(rect, area_), picture.shapes);
      if (settings_.map) settings_.map->copy_cells(*tile, rect);
      return sound.blocks;
    });
    Vector<std::uint8_t> sound;
    for (const int t : tiles) sound.push_back(mask_sound[t]);
    report(SectionId::mask, sound);
    return picture;
  }

  void guide_cells(const Plane<CellShape>& shapes) {
    const Rect w = from_corner(window_, area_);
    settings_.guide->step = header_.step;
    settings_.guide->subsample = header_.subsample;
    settings_.guide->cells = cut(
        shapes, Rect{w.x / kCell, w.y / kCell, div_up(w.width, kCell), div_up(w.height, kCell)});
  }

  /// Refine luma and turn the planes into pixels, band of rows by band.
  void finish(const Reconstruction& picture) {
    constexpr int kBand = 64;
    bool refined = true;
#ifdef ABLC_STATISTICS
    refined = std::getenv("ABLC_NO_REFINE") == nullptr;
#endif
    const Refinement refinement(header_.step, picture.shapes);
    const Plane<std::uint8_t>& decoded = picture.planes[0];
    parallel_for(div_up(area_.height, kBand), threads_, [&](int i) {
      const int first = kBand * i, last = std::min(first + kBand, area_.height);
      const auto luma = refined ? refinement.rows(decoded, first, last)
                                : cut(decoded, {0, first, area_.width, last - first});
      from_planes(luma, picture.planes, header_.subsample, first, last, canvas_);
    });
  }

  /// Lay exact samples over the tiles of the window, and note where they are.
  void exact() {
    Plane<std::uint8_t> noted;
    if (settings_.guide) noted = Plane<std::uint8_t>(area_.width, area_.height);
    over_tiles(SectionId::exact, [&](ByteView segment, const Rect& tile, const Image& picture,
                                     const Spent& spent) {
      return decode_exact(segment, tile, picture, spent, settings_.guide ? &noted : nullptr);
    });
    if (settings_.guide) settings_.guide->exact = cut(noted, from_corner(window_, area_));
  }

  void copy_window(const Image& out) const {
    const Rect inside = from_corner(window_, area_);
    const std::ptrdiff_t row = std::ptrdiff_t{out.width} * out.channels;
    for (int y = 0; y < out.height; ++y)
      std::copy_n(canvas_.row(inside.y + y) + std::ptrdiff_t{inside.x} * out.channels, row,
                  out.row(y));
  }

  // --- segments and their damage ---

  /// Compare the tiles with their checksums. The segments of a damaged one are decoded
  /// nevertheless, if the decode is partial: much may be sound before the damage.
  void check_tiles() {
    if (!file_.index_fault.empty()) lost_.push_back(file_.index_fault);
    if (!header_.indexed()) return;
    const Vector<int> tiles = header_.tiles_in(area_);
    Vector<std::uint8_t> sound(tiles.size());
    parallel_for(static_cast<int>(tiles.size()), threads_,
                 [&](int i) { sound[i] = file_.tile_sound(tiles[i]); });
    report(SectionId::tiles, sound);
  }

  /// True if decoding must stop: a strict one does at the first damage.
  bool ended() const { return !settings_.partial && !lost_.empty(); }

  /// Return the segments of a section for every tile; a missing segment is an empty view.
  Segments segments(SectionId id) {
    Segments list;
    const Found found = find_segments(file_, id, list);
    if (found == Found::missing) {
      lost_.push_back(std::string(section_name(id)) + " is missing");
      missing_ |= 1u << static_cast<unsigned>(id);
    } else if (found == Found::cut_short) {
      lost_.push_back(std::string(section_name(id)) + " is cut short");
    }
    return list;
  }

  /// Call work(tile), which returns true if the tile's segment of section id was sound.
  template <class F>
  void for_tiles(SectionId id, const Vector<int>& tiles, F&& work) {
    Vector<std::uint8_t> sound(tiles.size());
    std::atomic<bool> damaged{false};
    parallel_for(static_cast<int>(tiles.size()), threads_, [&](int i) {
      const bool skip = damaged && !settings_.partial;  // a strict decode fails anyway
      sound[i] = skip || work(tiles[i]);
      if (!sound[i]) damaged = true;
    });
    report(id, sound);
  }

  /// Call decode(segment, tile, canvas, spent) for every tile that shares a pixel with the window.
  template <class F>
  void over_tiles(SectionId id, F&& decode) {
    const Segments list = segments(id);
    if (ended()) return;
    for_tiles(id, header_.tiles_in(window_), [&](int t) {
      return decode(list[t], from_corner(header_.tile(t), area_), canvas_, spent(area_));
    });
  }

  void report(SectionId id, const Vector<std::uint8_t>& sound) {
    if (missing_ >> static_cast<unsigned>(id) & 1u) return;  // reported already
    const auto damaged = std::count(sound.begin(), sound.end(), std::uint8_t{0});
    if (damaged > 0)
      lost_.push_back(std::string(section_name(id)) + " is damaged in " + std::to_string(damaged) +
                      " of " + std::to_string(sound.size()) +
                      (sound.size() > 1 ? " tiles" : " tile"));
  }

  /// Return what notes bits in the map, with windows that count from origin; empty without a map.
  Spent spent(const Rect& origin) const {
    if (!settings_.map) return {};
    return [map = settings_.map, origin](const Rect& w, float bits) {
      map->add({w.x + origin.x, w.y + origin.y, w.width, w.height}, bits);
    };
  }

  const Parsed& file_;
  const Header& header_;
  const DecodeSettings& settings_;
  int threads_;
  Rect window_;
  Rect needed_;   // the window and the samples that filters look at around it
  Rect area_;     // the whole tiles around needed_
  Image canvas_;  // the pixels of area_
  std::vector<std::string>& lost_;
  std::uint64_t missing_ = 0;  // bit per section id
};

}  // namespace

Status decode(const Parsed& file, const Rect& window, const DecodeSettings& settings,
              const Image& out, std::vector<std::string>& lost) {
  if (file.truncated && !file.sparse) lost.push_back("the file is cut short");
  if (!file.checksum_ok) lost.push_back("the checksum does not match");
  Decoding(file, window, settings, lost).run(out);
  return lost.empty() || settings.partial ? Status::ok : Status::corrupt;
}

}  // namespace ablc

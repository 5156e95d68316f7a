#include <algorithm>
#include <atomic>
#include <cstdlib>

#include "codec.h"
#include "deblock.h"
#include "exact.h"
#include "parallel.h"
#include "preview.h"
#include "refine.h"
#include "tile_decoder.h"
#include "tuning.h"

namespace ablc {

namespace {

/// How far beyond a pixel the filters and the widening of chroma look, rounded up to a superblock.
constexpr int kReach = kSuper;

/// The same window, counted from the corner of another.
Rect from_corner(const Rect& r, const Rect& origin) {
  return {r.x - origin.x, r.y - origin.y, r.width, r.height};
}

/// The part of r, grown by margin on all sides, that lies in the picture.
Rect grown(const Rect& r, int margin, const Header& header) {
  const int left = std::max(r.x - margin, 0), top = std::max(r.y - margin, 0);
  return {left, top, std::min(r.x + r.width + margin, header.width) - left,
          std::min(r.y + r.height + margin, header.height) - top};
}

/// The smallest window that holds whole tiles and all of r.
Rect whole_tiles(const Rect& r, const Header& header) {
  const Vector<int> tiles = header.tiles_in(r);
  const Rect first = header.tile(tiles.front()), last = header.tile(tiles.back());
  return {first.x, first.y, last.x + last.width - first.x, last.y + last.height - first.y};
}

/// What has to be decoded for the sake of window. Exact samples are laid over pixels that are final
/// everywhere in their tile.
Rect needed_for(const Rect& window, const Header& header) {
  if (header.lossless) return window;
  return grown(header.exact ? whole_tiles(window, header) : window, kReach, header);
}

/// Where a tile's samples of a plane go in a plane that begins at origin.
void put_tile(const Tile& tile, const Header& header, const Rect& rect, Planes& picture) {
  for (int p = 0; p < tile.planes; ++p) {
    const int s = p ? header.subsample : 0;
    const int w = chroma_size(rect.width, s);
    for (int y = 0; y < chroma_size(rect.height, s); ++y)
      std::copy_n(tile.rec[p].row(y), w, picture[p].row((rect.y >> s) + y) + (rect.x >> s));
  }
}

/// The same for a tile that is all of the picture, which takes over its memory.
void take_tile(Tile& tile, const Header& header, const Rect& rect, Planes& picture) {
  for (int p = 0; p < tile.planes; ++p) {
    const int s = p ? header.subsample : 0;
    picture[p] =
        cropped(std::move(tile.rec[p]), chroma_size(rect.width, s), chroma_size(rect.height, s));
  }
}

void put_shapes(const Tile& tile, const Rect& rect, Plane<CellShape>& shapes) {
  for (int y = 0; y < tile.activity.height; ++y)
    for (int x = 0; x < tile.activity.width; ++x) {
      const CellInfo& cell = tile.cells.at(2 * x, 2 * y);
      shapes.at(rect.x / kCell + x, rect.y / kCell + y) = {
          std::max<std::uint8_t>(cell.log2, 3), 1, 1,
          static_cast<std::int8_t>(tile.offset_at(2 * x, 2 * y))};
    }
}

/// Runs the parts of a decode and keeps count of what was damaged.
class Decoding {
 public:
  Decoding(const Parsed& file, int threads, bool partial, const Rect& window,
           std::vector<std::string>& lost, CodingMap* map, Guide* guide)
      : file_(file),
        header_(file.header),
        threads_(map ? 1 : threads),
        partial_(partial),
        window_(window),
        needed_(needed_for(window, header_)),
        area_(whole_tiles(needed_, header_)),
        lost_(lost),
        map_(map),
        guide_(guide) {}

  void run(const Image& out) {
    Bytes own;
    canvas_ = out;
    if (area_.width != window_.width || area_.height != window_.height) {
      own.resize(sample_count(area_.width, area_.height, out.channels));
      canvas_ = {area_.width, area_.height, out.channels, own};
    }
    if (header_.lossless) {
      over_tiles(SectionId::planes, window_, decode_lossless);
    } else {
      lossy();
      if (header_.exact && !ended()) exact();
    }
    if (header_.channels == 4 && !ended()) over_tiles(SectionId::alpha, window_, decode_alpha);
    if (own.empty()) return;
    const Rect inside = from_corner(window_, area_);
    const auto row = static_cast<std::ptrdiff_t>(out.width) * out.channels;
    for (int y = 0; y < out.height; ++y)
      std::copy_n(canvas_.row(inside.y + y) + static_cast<std::ptrdiff_t>(inside.x) * out.channels,
                  row, out.row(y));
  }

 private:
  /// Strict decoding ends at the first damage.
  bool ended() const { return !partial_ && !lost_.empty(); }

  /// Segments of a section for every tile; empty views for what is not there.
  Vector<ByteView> segments(SectionId id) {
    Vector<ByteView> list(header_.tiles());
    const Section* section = find(file_, id);
    if (!section) {
      lost_.push_back(std::string(section_name(id)) + " is missing");
      missing_ |= 1u << static_cast<unsigned>(id);
    } else if (split_segments(section->body, header_.tiles(), list) != Status::ok) {
      lost_.push_back(std::string(section_name(id)) + " is cut short");
    }
    return list;
  }

  /// work(tile) returns whether a tile's segment of section id was sound.
  template <class F>
  void for_tiles(SectionId id, const Vector<int>& tiles, F&& work) {
    Vector<std::uint8_t> sound(tiles.size());
    std::atomic<bool> damaged{false};
    parallel_for(static_cast<int>(tiles.size()), threads_, [&](int i) {
      const bool skip = damaged && !partial_;  // a strict decode fails anyway
      sound[i] = skip || work(tiles[i]);
      if (!sound[i]) damaged = true;
    });
    report(id, sound);
  }

  void report(SectionId id, const Vector<std::uint8_t>& sound) {
    if (missing_ >> static_cast<unsigned>(id) & 1u) return;  // said already
    const auto damaged = std::count(sound.begin(), sound.end(), std::uint8_t{0});
    if (damaged > 0)
      lost_.push_back(std::string(section_name(id)) + " is damaged in " + std::to_string(damaged) +
                      " of " + std::to_string(sound.size()) +
                      (sound.size() > 1 ? " tiles" : " tile"));
  }

  /// decode(segment, tile, canvas, spent) for every tile that shares a pixel with window.
  template <class F>
  void over_tiles(SectionId id, const Rect& window, F&& decode) {
    const auto list = segments(id);
    if (ended()) return;
    for_tiles(id, header_.tiles_in(window), [&](int t) {
      return decode(list[t], from_corner(header_.tile(t), area_), canvas_, spent(area_));
    });
  }

  /// Lays exact samples over the tiles of the window, and notes where they are.
  void exact() {
    Plane<std::uint8_t> noted;
    if (guide_) noted = Plane<std::uint8_t>(area_.width, area_.height);
    over_tiles(SectionId::exact, window_,
               [&](ByteView segment, const Rect& tile, const Image& picture, const Spent& spent) {
                 return decode_exact(segment, tile, picture, spent, guide_ ? &noted : nullptr);
               });
    if (guide_) guide_->exact = cut(noted, from_corner(window_, area_));
  }

  /// Notes bits in the map; windows count from origin. Empty without a map.
  Spent spent(const Rect& origin) const {
    if (!map_) return {};
    return [this, origin](const Rect& w, float bits) {
      map_->add({w.x + origin.x, w.y + origin.y, w.width, w.height}, bits);
    };
  }

  void lossy() {
    const Vector<ByteView> masks(header_.tiles());
    const auto blocks = segments(SectionId::blocks);
    if (ended()) return;
    // Upsampling looks a little beyond a tile, so the base reaches one tile farther. It is decoded
    // as if that were a picture of its own; where it ends otherwise than the picture, nothing
    // looks.
    const Rect around = whole_tiles(grown(area_, 1, header_), header_);
    Header cut = header_;
    cut.width = around.width;
    cut.height = around.height;
    auto base = make_base(cut);
    const Vector<int> tiles = header_.tiles_in(area_);
    Planes picture;
    for (int p = 0; p < header_.planes() && tiles.size() > 1; ++p) {
      const int s = p ? header_.subsample : 0;
      picture[p] = Plane<std::uint8_t>(chroma_size(area_.width, s), chroma_size(area_.height, s));
    }
    const Quantisers quantisers(header_.step, header_.step_offsets);
    Plane<CellShape> shapes(div_up(area_.width, kCell), div_up(area_.height, kCell));
    Vector<std::uint8_t> mask_sound(header_.tiles(), 1);
    for_tiles(SectionId::blocks, tiles, [&](int t) {
      const Rect rect = header_.tile(t);
      const Rect place = from_corner(rect, around);
      const auto tile = make_tile(cut, place, base);
      // Superblock rows below the window are never looked at.
      const int rows = div_up(std::min(rect.height, needed_.y + needed_.height - rect.y), kSuper);
      const TileState sound = decode_tile(
          {masks[t], blocks[t]}, header_, quantisers, rows,
          threads_ / static_cast<int>(tiles.size()), spent(rect),
          [&] { fill_planes(cut, place, base, *tile); }, *tile);
      mask_sound[t] = sound.mask;
      note_planes(tile->rec);
      if (tiles.size() == 1)
        take_tile(*tile, header_, rect, picture);
      else
        put_tile(*tile, header_, from_corner(rect, area_), picture);
      put_shapes(*tile, from_corner(rect, area_), shapes);
      if (map_) note(*tile, rect);
      return sound.blocks;
    });
    Vector<std::uint8_t> here;
    for (const int t : tiles) here.push_back(mask_sound[t]);
    report(SectionId::mask, here);
    if (ended()) return;
    if (guide_) {
      const Rect w = from_corner(window_, area_);
      guide_->step = header_.step;
      guide_->subsample = header_.subsample;
      guide_->cells = ablc::cut(
          shapes, Rect{w.x / kCell, w.y / kCell, div_up(w.width, kCell), div_up(w.height, kCell)});
    }
    deblock(header_, shapes, threads_, picture);
    finish(shapes, picture);
  }

  /// Refines luma and turns the planes into pixels, band of rows by band.
  void finish(const Plane<CellShape>& shapes, const Planes& picture) {
    constexpr int kBand = 64;
    bool refined = true;
#ifdef ABLC_STATISTICS
    refined = std::getenv("ABLC_NO_REFINE") == nullptr;
#endif
    const Refinement refinement(header_.step, shapes);
    parallel_for(div_up(area_.height, kBand), threads_, [&](int i) {
      const int first = kBand * i, last = std::min(first + kBand, area_.height);
      const auto luma = refined ? refinement.rows(picture[0], first, last)
                                : cut(picture[0], {0, first, area_.width, last - first});
      from_planes(luma, picture, header_.subsample, first, last, canvas_);
    });
  }

  void note(const Tile& tile, const Rect& rect) {
    for (int y = 0; y < tile.activity.height; ++y)
      for (int x = 0; x < tile.activity.width; ++x) {
        map_->mode.at(rect.x / kCell + x, rect.y / kCell + y) = tile.cells.at(2 * x, 2 * y).mode;
        map_->offset.at(rect.x / kCell + x, rect.y / kCell + y) =
            static_cast<std::int8_t>(tile.offset_at(2 * x, 2 * y));
      }
  }

  const Parsed& file_;
  const Header& header_;
  int threads_;
  bool partial_;
  Rect window_;
  Rect needed_;   // what is decoded for the window's sake
  Rect area_;     // its whole tiles
  Image canvas_;  // the pixels of area_
  std::vector<std::string>& lost_;
  CodingMap* map_;
  Guide* guide_;
  std::uint64_t missing_ = 0;  // bit per section id
};

}  // namespace

CodingMap::CodingMap(const Header& header) {
  const int columns = div_up(header.width, kCell), rows = div_up(header.height, kCell);
  bits = Plane<float>(columns, rows);
  mode = Plane<std::uint8_t>(columns, rows);
  offset = Plane<std::int8_t>(columns, rows);
}

void CodingMap::add(const Rect& window, double spent) {
  const int left = window.x / kCell, top = window.y / kCell;
  const int right = std::min(div_up(window.x + window.width, kCell), bits.width),
            bottom = std::min(div_up(window.y + window.height, kCell), bits.height);
  const auto share = static_cast<float>(spent / std::max((right - left) * (bottom - top), 1));
  for (int y = top; y < bottom; ++y)
    for (int x = left; x < right; ++x) bits.at(x, y) += share;
}

std::uint64_t pixels_around(const Header& header, const Rect& window) {
  const Rect area = whole_tiles(needed_for(window, header), header);
  return static_cast<std::uint64_t>(area.width) * static_cast<std::uint64_t>(area.height);
}

Status decode(const Parsed& file, int threads, bool partial, const Rect& window, const Image& out,
              std::vector<std::string>& lost, CodingMap* map, Guide* guide) {
  if (file.truncated) lost.push_back("the file is cut short");
  if (!file.checksum_ok) lost.push_back("the checksum does not match");
  Decoding(file, threads, partial, window, lost, map, guide).run(out);
  return lost.empty() || partial ? Status::ok : Status::corrupt;
}

Status read_mask(const Parsed& file, MaskInfo& out) {
  const Header& header = file.header;
  out.kept = Plane<std::uint8_t>(div_up(header.width, kCell), div_up(header.height, kCell), 1);
  out.log2 = Plane<std::uint8_t>(out.kept.width, out.kept.height, kBlock8.log2());
  if (header.lossless) return Status::ok;
  const Section* section = find(file, SectionId::mask);
  Vector<ByteView> masks;
  auto base = make_base(header);
  if (!section || split_segments(section->body, header.tiles(), masks) != Status::ok ||
      !read_base(file, 1, base))
    return Status::corrupt;
  for (int t = 0; t < header.tiles(); ++t) {
    const Rect rect = header.tile(t);
    const auto tile = make_tile(header, rect, base);
    if (!decode_mask(masks[t], header, *tile, tile->height / kSuper, {})) return Status::corrupt;
    for (int y = 0; y < tile->activity.height; ++y)
      for (int x = 0; x < tile->activity.width; ++x) {
        const CellInfo& cell = tile->cells.at(x, y);
        out.kept.at(rect.x / kCell + x, rect.y / kCell + y) = cell.kept;
        out.log2.at(rect.x / kCell + x, rect.y / kCell + y) = cell.log2;
        const int side = 1 << (cell.log2 - kBlock8.log2());
        if (x % side == 0 && y % side == 0) ++out.leaves[cell.log2 - kBlock8.log2()];
      }
  }
  return Status::ok;
}

}  // namespace ablc

#include <algorithm>
#include <atomic>
#include <cstdlib>

#include "codec.h"
#include "deblock.h"
#include "layout.h"
#include "lossless.h"
#include "mask.h"
#include "parallel.h"
#include "plane_coder.h"
#include "reconstruct.h"
#include "refine.h"

namespace ablc {

namespace {

void read_leaves(RangeDecoder& coder, Tile& tile, const Node& node) {
  if (outside(tile, node)) return;
  if (code_split(coder, tile, node, false)) {
    for (int i = 0; i < 4; ++i) read_leaves(coder, tile, node.child(i));
    return;
  }
  // Contexts look at decoded cells only, so size and flag are written together.
  const bool kept = code_keep(coder, tile, node, false);
  for_cells(tile, node, [&](CellInfo& c) {
    c.log2_size = static_cast<std::uint8_t>(node.log2_size);
    c.kept = kept;
  });
}

class BlockReader {
 public:
  BlockReader(Tile& tile, const Quantisers& quantisers, RangeDecoder& coder)
      : tile_(tile), quantisers_(quantisers), coder_(coder) {}

  void read(const Node& node) {
    if (outside(tile_, node)) return;
    const CellInfo& cell = tile_.cells.at(node.x, node.y);
    if (cell.log2_size < node.log2_size) {
      for (int i = 0; i < 4; ++i) read(node.child(i));
    } else if (cell.kept) {
      read_luma(node);
    }
    const bool unit = node.log2_size == 4 || (node.log2_size == 5 && cell.log2_size == 5);
    if (tile_.planes == 1 || !unit) return;
    for (int plane = 1; plane <= 2; ++plane) read_chroma(node, plane);
  }

 private:
  void read_luma(const Node& node) {
    const int n = 1 << node.log2_size;
    std::fill_n(levels_.begin(), n * n, std::int16_t{0});
    int mode = 0;
    const LevelSummary summary = code_luma(coder_, tile_, node, mode, 0, levels_.data());
    const Border border = gather_border(tile_.rec[0], tile_.p0[0], node.x * kCell, node.y * kCell, n);
    predict_luma(tile_, node, mode, border, pred_.data());
    add_residual(quantisers_.luma(tile_.offset_at(node.x, node.y)), node.size(), levels_.data(), summary, pred_.data(), out_.data());
    put_block(tile_.rec[0], node.x * kCell, node.y * kCell, n, out_.data());
    const std::uint8_t density = density_of(summary, node.log2_size);
    for_cells(tile_, node, [&](CellInfo& c) {
      c.mode = static_cast<std::uint8_t>(mode);
      c.density = density;
    });
  }

  void read_chroma(const Node& node, int plane) {
    const int log2_size = node.log2_size - tile_.subsample;
    const int n = 1 << log2_size;
    std::fill_n(levels_.begin(), n * n, std::int16_t{0});
    int mode = 0;
    LevelSummary summary;
    const auto p = static_cast<std::size_t>(plane);
    const bool coded = code_chroma(coder_, tile_, node, plane, false, mode, 0, levels_.data(), summary);
    if (coded) {
      const int x = (node.x * kCell) >> tile_.subsample;
      const int y = (node.y * kCell) >> tile_.subsample;
      const Border border = gather_border(tile_.rec[p], tile_.p0[p], x, y, n);
      std::int16_t from_luma[kMaxArea];
      if (mode >= kChromaFromLuma) luma_error(tile_, node, from_luma);
      predict_chroma(tile_, node, plane, mode, border, from_luma, pred_.data());
      add_residual(quantisers_.chroma(tile_.offset_at(node.x, node.y)), log2_size - kMinLog2, levels_.data(), summary, pred_.data(), out_.data());
      put_block(tile_.rec[p], x, y, n, out_.data());
    }
    const std::uint8_t density = density_of(summary, log2_size);
    for_cells(tile_, node, [&](CellInfo& c) {
      c.chroma_coded[p - 1] = coded;
      c.chroma_density[p - 1] = density;
    });
  }

  Tile& tile_;
  const Quantisers& quantisers_;
  RangeDecoder& coder_;
  std::array<std::int16_t, kMaxArea> levels_;
  std::array<std::uint8_t, kMaxArea> pred_;
  std::array<std::uint8_t, kMaxArea> out_;
};

const Section* find(const Parsed& file, SectionId id) {
  for (const Section& s : file.sections)
    if (s.id == id) return &s;
  return nullptr;
}

/// Mask segment of a tile: leaves and keep flags. False if damaged; what is missing is one dropped leaf.
bool decode_mask(ByteView segment, const Header& header, Tile& tile) {
  RangeDecoder coder(segment);
  if (header.explicit_mask) {
    tile.wanted = Plane<std::uint8_t>(tile.activity.width, tile.activity.height);
    auto models = std::make_unique<MaskModels>();
    code_cell_mask(coder, *models, tile.wanted);
  }
  if (header.step_offsets) {
    OffsetModels models;
    code_offsets(coder, models, tile.offsets);
  }
  for (int y = 0; y < tile.cells.height; y += kSuper / kCell)
    for (int x = 0; x < tile.cells.width; x += kSuper / kCell) {
      const Node super{x, y, kMaxLog2};
      if (coder.overrun()) {
        for_cells(tile, super, [](CellInfo& c) {
          c.log2_size = kMaxLog2;
          c.kept = 0;
        });
      } else {
        tile.select(offset_step(header.step, tile.offset_at(x, y)));
        read_leaves(coder, tile, super);
      }
    }
  return !coder.overrun() && !coder.unused();
}

/// Blocks segment of a tile. False if damaged; what is missing stays the upsampled base.
bool decode_blocks(ByteView segment, int step, Tile& tile, const Quantisers& quantisers) {
  RangeDecoder coder(segment);
  BlockReader reader(tile, quantisers, coder);
  for (int y = 0; y < tile.cells.height; y += kSuper / kCell)
    for (int x = 0; x < tile.cells.width; x += kSuper / kCell) {
      if (coder.overrun()) return false;
      tile.select(offset_step(step, tile.offset_at(x, y)));
      reader.read({x, y, kMaxLog2});
    }
  return !coder.overrun() && !coder.unused();
}

bool decode_base(ByteView segment, const Header& header, const Rect& rect, std::array<Plane<std::int16_t>, 3>& base) {
  RangeDecoder coder(segment);
  PlaneCoder planes(header.step);
  bool whole = true;
  for (int p = 0; p < header.planes(); ++p)
    whole = planes.decode(coder, base[static_cast<std::size_t>(p)], base_rect(header, rect, p), base_params(header.step), p, p == 2) && whole;
  return whole && !coder.overrun() && !coder.unused();
}

void put_tile(const Tile& tile, const Header& header, const Rect& rect, std::array<Plane<std::uint8_t>, 3>& picture) {
  for (int p = 0; p < tile.planes; ++p) {
    const auto i = static_cast<std::size_t>(p);
    const int s = p ? header.subsample : 0;
    const int w = chroma_size(rect.width, s);
    for (int y = 0; y < chroma_size(rect.height, s); ++y)
      std::copy_n(tile.rec[i].row(y), w, picture[i].row((rect.y >> s) + y) + (rect.x >> s));
  }
}

void put_shapes(const Tile& tile, const Rect& rect, Plane<CellShape>& shapes) {
  for (int y = 0; y < tile.activity.height; ++y)
    for (int x = 0; x < tile.activity.width; ++x) {
      const CellInfo& cell = tile.cells.at(x, y);
      shapes.at(rect.x / kCell + x, rect.y / kCell + y) = {cell.log2_size, cell.kept,
                                                           static_cast<std::uint8_t>(cell.chroma_coded[0] | cell.chroma_coded[1]),
                                                           static_cast<std::int8_t>(tile.offset_at(x, y))};
    }
}

/// Runs the parts of a decode and keeps count of what was damaged.
class Decoding {
 public:
  Decoding(const Parsed& file, int threads, bool partial, const Image& out, std::vector<std::string>& lost)
      : file_(file), header_(file.header), threads_(threads), partial_(partial), out_(out), lost_(lost) {}

  /// Strict decoding ends at the first damage.
  bool ended() const { return !partial_ && !lost_.empty(); }

  /// Segments of a section for every tile; empty views for what is not there.
  std::vector<ByteView> segments(SectionId id) {
    std::vector<ByteView> list(static_cast<std::size_t>(header_.tiles()));
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
  void tiles(SectionId id, F&& work) {
    std::vector<std::uint8_t> sound(static_cast<std::size_t>(header_.tiles()));
    std::atomic<bool> damaged{false};
    parallel_for(header_.tiles(), threads_, [&](int t) {
      const bool skip = damaged && !partial_;  // a strict decode fails anyway
      sound[static_cast<std::size_t>(t)] = skip || work(t);
      if (!sound[static_cast<std::size_t>(t)]) damaged = true;
    });
    report(id, sound);
  }

  void report(SectionId id, const std::vector<std::uint8_t>& sound) {
    if (missing_ >> static_cast<unsigned>(id) & 1u) return;  // said already
    const auto damaged = std::count(sound.begin(), sound.end(), std::uint8_t{0});
    if (damaged > 0)
      lost_.push_back(std::string(section_name(id)) + " is damaged in " + std::to_string(damaged) + " of " +
                      std::to_string(header_.tiles()) + (header_.tiles() > 1 ? " tiles" : " tile"));
  }

  void lossless() {
    const auto planes = segments(SectionId::planes);
    if (ended()) return;
    tiles(SectionId::planes, [&](int t) { return decode_lossless(planes[static_cast<std::size_t>(t)], header_.tile(t), out_); });
  }

  void lossy() {
    const auto bases = segments(SectionId::base);
    const auto masks = segments(SectionId::mask);
    const auto blocks = segments(SectionId::blocks);
    if (ended()) return;
    auto base = make_base(header_);
    tiles(SectionId::base, [&](int t) { return decode_base(bases[static_cast<std::size_t>(t)], header_, header_.tile(t), base); });
    if (ended()) return;
    std::array<Plane<std::uint8_t>, 3> picture;
    for (int p = 0; p < header_.planes(); ++p) {
      const int s = p ? header_.subsample : 0;
      picture[static_cast<std::size_t>(p)] = Plane<std::uint8_t>(chroma_size(header_.width, s), chroma_size(header_.height, s));
    }
    const Quantisers quantisers(header_.step, header_.step_offsets);
    Plane<CellShape> shapes(div_up(header_.width, kCell), div_up(header_.height, kCell));
    std::vector<std::uint8_t> mask_sound(static_cast<std::size_t>(header_.tiles()));
    tiles(SectionId::blocks, [&](int t) {
      const auto i = static_cast<std::size_t>(t);
      const auto tile = make_tile(header_, header_.tile(t), base);
      mask_sound[i] = decode_mask(masks[i], header_, *tile);
      // Blocks mean nothing without their mask.
      const bool sound = !mask_sound[i] || decode_blocks(blocks[i], header_.step, *tile, quantisers);
      put_tile(*tile, header_, header_.tile(t), picture);
      put_shapes(*tile, header_.tile(t), shapes);
      return sound;
    });
    report(SectionId::mask, mask_sound);
    if (ended()) return;
    deblock(header_, shapes, threads_, picture);
#ifdef ABLC_STATISTICS
    if (std::getenv("ABLC_NO_REFINE") == nullptr)
#endif
      refine(header_.step, shapes, threads_, picture[0]);
    const int bands = div_up(header_.height, 64);
    parallel_for(bands, threads_, [&](int i) {
      from_planes(picture, header_.subsample, 64 * i, std::min(64 * i + 64, header_.height), out_);
    });
  }

  void alpha() {
    const auto planes = segments(SectionId::alpha);
    if (ended()) return;
    tiles(SectionId::alpha, [&](int t) { return decode_alpha(planes[static_cast<std::size_t>(t)], header_.tile(t), out_); });
  }

 private:
  const Parsed& file_;
  const Header& header_;
  int threads_;
  bool partial_;
  const Image& out_;
  std::vector<std::string>& lost_;
  std::uint64_t missing_ = 0;  // bit per section id
};

}  // namespace

Status decode(const Parsed& file, int threads, bool partial, const Image& out, std::vector<std::string>& lost) {
  Decoding decoding(file, threads, partial, out, lost);
  if (file.truncated) lost.push_back("the file is cut short");
  if (!file.checksum_ok) lost.push_back("the checksum does not match");
  if (file.header.lossless) {
    decoding.lossless();
  } else {
    decoding.lossy();
  }
  if (file.header.channels == 4 && !decoding.ended()) decoding.alpha();
  return lost.empty() || partial ? Status::ok : Status::corrupt;
}

Status read_mask(const Parsed& file, MaskInfo& out) {
  const Header& header = file.header;
  out.kept = Plane<std::uint8_t>(div_up(header.width, kCell), div_up(header.height, kCell), 1);
  if (header.lossless) return Status::ok;
  std::vector<std::string> lost;
  Image nothing;
  Decoding decoding(file, 1, false, nothing, lost);
  const auto bases = decoding.segments(SectionId::base);
  const auto masks = decoding.segments(SectionId::mask);
  if (!lost.empty()) return Status::corrupt;
  auto base = make_base(header);
  for (int t = 0; t < header.tiles(); ++t)
    if (!decode_base(bases[static_cast<std::size_t>(t)], header, header.tile(t), base)) return Status::corrupt;
  for (int t = 0; t < header.tiles(); ++t) {
    const Rect rect = header.tile(t);
    const auto tile = make_tile(header, rect, base);
    if (!decode_mask(masks[static_cast<std::size_t>(t)], header, *tile)) return Status::corrupt;
    for (int y = 0; y < tile->activity.height; ++y)
      for (int x = 0; x < tile->activity.width; ++x) {
        const CellInfo& cell = tile->cells.at(x, y);
        out.kept.at(rect.x / kCell + x, rect.y / kCell + y) = cell.kept;
        const int side = 1 << (cell.log2_size - kMinLog2);
        if (x % side == 0 && y % side == 0) ++out.leaves[static_cast<std::size_t>(cell.log2_size - kMinLog2)];
      }
  }
  return Status::ok;
}

}  // namespace ablc

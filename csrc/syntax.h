#pragma once

// Order and contexts of everything in a tile's BLKS segment (docs/FORMAT.md, Blocks). Templates
// over the coder: writing, reading and pricing are one text.

#include <algorithm>
#include <cstdlib>

#include "levels.h"
#include "probable_modes.h"
#include "tile.h"

namespace ablc {

/// The squares left of and above the corner of a node, or null at the tile's border.
struct Beside {
  const SquareInfo* left;
  const SquareInfo* above;
  Beside(const Tile& tile, const Node& node)
      : left(node.x > 0 ? &tile.squares.at(node.x - 1, node.y) : nullptr),
        above(node.y > 0 ? &tile.squares.at(node.x, node.y - 1) : nullptr) {}
  template <class F>
  int count(F&& holds) const {
    return (left && holds(*left)) + (above && holds(*above));
  }
};

/// Sums over the visible squares along the left and the upper side of a node.
class Along {
 public:
  /// density: of a square, the one of luma or of a chroma plane.
  template <class F>
  Along(const Tile& tile, const Node& node, F&& density) {
    const auto add = [&](const SquareInfo& square) {
      ++count_;
      smaller_ += square.log2 < node.size.log2();
      larger_ += square.log2 > node.size.log2();
      kept_ += square.kept;
      density_ += density(square);
    };
    const int n = node.squares();
    if (node.x > 0)
      for (int y = node.y; y < std::min(node.y + n, tile.squares_high); ++y)
        add(tile.squares.at(node.x - 1, y));
    if (node.y > 0)
      for (int x = node.x; x < std::min(node.x + n, tile.squares_wide); ++x)
        add(tile.squares.at(x, node.y - 1));
  }
  int smaller() const { return share(smaller_); }
  int larger() const { return share(larger_); }
  int kept() const { return share(kept_); }
  /// Class of the mean density, 0..7.
  int density() const {
    if (count_ == 0) return 0;
    const int d = (density_ + count_ - 1) / count_;
    return (d > 0) + (d > 2) + (d > 6) + (d > 16) + (d > 40) + (d > 100) + (d > 250);
  }

 private:
  /// Class of a part of the squares: 0 none, 1 up to a half, 2 more.
  int share(int part) const { return part == 0 ? 0 : 2 * part <= count_ ? 1 : 2; }

  int count_ = 0, smaller_ = 0, larger_ = 0, kept_ = 0, density_ = 0;
};
inline Along along_luma(const Tile& tile, const Node& node) {
  return {tile, node, [](const SquareInfo& square) { return square.density; }};
}
inline Along along_chroma(const Tile& tile, const Node& node, int plane) {
  return {tile, node, [&](const SquareInfo& square) { return square.chroma_density[plane - 1]; }};
}

/// A node outside the picture is not coded at all.
inline bool outside(const Tile& tile, const Node& node) {
  return node.x >= tile.squares_wide || node.y >= tile.squares_high;
}

/// True if one unit of each chroma plane covers a node: a leaf of 16 or more, or a square of 16
/// that smaller leaves fill.
inline bool has_chroma_unit(const Tile& tile, const Node& node, bool split) {
  return tile.planes > 1 && (node.size == kBlock16 || (node.size > kBlock16 && !split));
}

/// What an explicit mask says of the cells of a node.
enum class Demand { free, keep, drop, mixed };
inline Demand demand_on(const Tile& tile, const Node& node) {
  if (tile.explicit_mask.samples.empty()) return Demand::free;
  constexpr int kSquares = kCell / kSquare;
  const int left = node.x / kSquares, top = node.y / kSquares;
  const int right = div_up(node.x + node.squares(), kSquares),
            bottom = div_up(node.y + node.squares(), kSquares);
  bool keep = false, drop = false;
  for (int y = top; y < std::min(bottom, tile.explicit_mask.height); ++y)
    for (int x = left; x < std::min(right, tile.explicit_mask.width); ++x)
      (tile.explicit_mask.at(x, y) ? keep : drop) = true;
  return keep && drop ? Demand::mixed : keep ? Demand::keep : Demand::drop;
}

/// An explicit mask leaves the split open only where all cells are kept.
template <class Coder>
bool code_split(Coder& coder, Tile& tile, const Node& node, const Along& around, bool split) {
  if (node.size == kBlock4) return false;
  const Demand demand = demand_on(tile, node);
  if (demand == Demand::mixed) return true;
  if (demand == Demand::drop) return false;
  const int i =
      (((node.size.index() - 1) * 3 + around.smaller()) * 3 + around.larger()) * kDensities +
      around.density();
  return coder.bit(tile.models->split[i], split) != 0;
}

/// A leaf of 4x4 is always kept: a dropped one would have all of its coefficients.
template <class Coder>
bool code_keep(Coder& coder, Tile& tile, const Node& node, const Along& around, bool keep) {
  if (node.size == kBlock4) return true;
  const Demand demand = demand_on(tile, node);
  if (demand != Demand::free) return demand == Demand::keep;
  const int i = (node.size.index() * 3 + around.kept()) * kDensities + around.density();
  return coder.bit(tile.models->keep[i], keep) != 0;
}

/// Number of coefficients, in the order of the scan, that a dropped block may have: those that
/// describe the means of its cells.
inline int low_limit(BlockSize size) {
  static constexpr Array<int, kSizes> kLimits = {1, 3, 10, 28, 60};
  return kLimits[size.index()];
}

template <class Coder>
int code_bits(Coder& coder, Model* models, int count, int value) {
  int node = 1;
  for (int i = count - 1; i >= 0; --i) node = node * 2 + coder.bit(models[node], value >> i & 1);
  return node - (1 << count);
}

/// A direction that is none of `probable`: a tree of its bits. A bit that only one value is left
/// for is not coded.
template <class Coder>
int code_direction(Coder& coder, Model* models, const ProbableModes& probable, int direction) {
  const std::uint64_t rest = ~(probable.set() >> kModeAngular);
  const auto any = [&](int first, int count) {
    return (rest >> first & ((std::uint64_t{1} << count) - 1)) != 0;
  };
  int first = 0, node = 1;
  for (int width = kDirections / 2; width > 0; width /= 2) {
    const bool lower = any(first, width), upper = any(first + width, width);
    bool bit = upper;
    if (lower && upper) bit = coder.bit(models[node], direction >= first + width) != 0;
    if (bit) first += width;
    node = node * 2 + bit;
  }
  return first;
}

/// What the mode of a luma leaf is coded by.
struct ModeContext {
  int size;
  int moded;  // neighbours with another mode than planar
  ProbableModes probable;

  ModeContext(const Tile& tile, const Node& node) : ModeContext(Beside(tile, node), node.size) {}

 private:
  ModeContext(const Beside& beside, BlockSize block)
      : size(block.index()),
        moded(beside.count([](const SquareInfo& s) { return s.mode != kModePlanar; })),
        probable(beside.left ? beside.left->mode : kModePlanar,
                 beside.above ? beside.above->mode : kModePlanar) {}
};

template <class Coder>
int code_luma_mode(Coder& coder, TileModels& m, const ModeContext& context, int mode) {
  const int size = context.size;
  if (!coder.bit(m.mode_planar[size * 3 + context.moded], mode != kModePlanar)) return kModePlanar;
  const ProbableModes& probable = context.probable;
  const int beside_case = probable.neighbours();
  if (coder.bit(m.mode_probable[size * 4 + beside_case], probable.contains(mode))) {
    int i = 0;
    while (i < ProbableModes::kCount - 1 &&
           coder.bit(m.mode_index[beside_case * ProbableModes::kCount + i], mode != probable[i]))
      ++i;
    return probable[i];
  }
  return kModeAngular +
         code_direction(coder, &m.direction[size * kDirections], probable, mode - kModeAngular);
}

/// Which transform a kept luma leaf of `count` coefficients has: true for DST-VII.
template <class Coder>
bool code_sine(Coder& coder, Tile& tile, BlockSize size, int mode, int count, bool sine) {
  if (count == 0 || size == kBlock64) return false;
  const int turn = std::min(std::abs(mode - kModeRight), std::abs(mode - kModeDown));
  const int kind = mode < kModeAngular ? 0 : turn < 4 ? 1 : 2;
  const int many = (count > 2) + (count > 8) + (count > 24);
  return coder.bit(tile.models->sine[(size.index() * 3 + kind) * 4 + many], sine) != 0;
}

/// Context of the levels of a luma leaf.
inline LevelContext luma_context(const Node& node, const Along& around, bool kept) {
  return {node.size, around.density(), kept ? node.size.area() : low_limit(node.size)};
}

/// Context of the levels of one chroma plane (1 or 2) of the unit at node.
inline LevelContext chroma_context(const Tile& tile, const Node& node, int plane) {
  const BlockSize size = node.size.reduced(tile.subsample);
  const bool dropped = demand_on(tile, node) == Demand::drop;
  return {size, along_chroma(tile, node, plane).density(), dropped ? low_limit(size) : size.area()};
}

/// Syntax of a luma leaf beside its levels and their summary.
struct LumaSyntax {
  bool kept = false;
  int mode = kModePlanar;
  int count = 0;
  bool sine = false;
};

/// Syntax of a chroma unit's plane beside its levels.
struct ChromaSyntax {
  int mode = 0;
  int count = 0;
};

/// A luma leaf: keep flag, mode, levels, transform. around: of luma. leaf, levels: given when
/// writing, results when reading.
template <class Coder, class Levels>
LevelSummary code_luma(Coder& coder, Tile& tile, const Node& node, const Along& around,
                       LumaSyntax& leaf, Levels&& levels) {
  leaf.kept = code_keep(coder, tile, node, around, leaf.kept);
  const LevelContext context = luma_context(node, around, leaf.kept);
  if (!leaf.kept) {
    leaf.mode = kModePlanar;
    return code_levels(coder, tile.models->low, context, leaf.count, levels);
  }
  leaf.mode = code_luma_mode(coder, *tile.models, ModeContext(tile, node), leaf.mode);
  LevelSummary summary = code_levels(coder, tile.models->luma, context, leaf.count, levels);
  summary.sine = code_sine(coder, tile, node.size, leaf.mode, summary.count, leaf.sine);
  return summary;
}

template <class Coder>
int code_chroma_mode(Coder& coder, Tile& tile, const Node& node, int plane, int mode) {
  const SquareInfo& square = tile.squares.at(node.x, node.y);
  const int size = node.size.log2() - kBlock16.log2();
  if (plane == 2) {
    const int first = square.chroma_mode[0];
    const int kind = first == 0 ? 0 : first < kChromaFromLuma ? 1 : 2;
    if (coder.bit(tile.models->chroma_same[size * 3 + kind], mode == first)) return first;
  }
  const int directed = square.mode >= kModeAngular;
  return code_bits(coder, &tile.models->chroma_mode[((plane - 1) * 6 + size * 2 + directed) * 8], 3,
                   mode);
}

/// Mode and levels of one chroma plane (1 or 2) of the unit at node.
template <class Coder, class Levels>
LevelSummary code_chroma(Coder& coder, Tile& tile, const Node& node, int plane, int& mode,
                         int count, Levels&& levels) {
  mode = code_chroma_mode(coder, tile, node, plane, mode);
  return code_levels(coder, tile.models->chroma, chroma_context(tile, node, plane), count, levels);
}

inline std::uint16_t density_of(const LevelSummary& summary, BlockSize size) {
  return static_cast<std::uint16_t>(
      std::min<std::int64_t>(65535, (std::int64_t{summary.magnitude} * 1024) >> (2 * size.log2())));
}

/// Applies change to every square of node inside the tile.
template <class F>
void for_squares(Tile& tile, const Node& node, F&& change) {
  for (int y = node.y; y < node.y + node.squares(); ++y)
    for (int x = node.x; x < node.x + node.squares(); ++x) change(tile.squares.at(x, y));
}

/// Note a decided or decoded luma leaf for the contexts of later blocks.
inline void note_luma(Tile& tile, const Node& node, bool kept, int mode,
                      const LevelSummary& summary) {
  const std::uint16_t density = density_of(summary, node.size);
  for_squares(tile, node, [&](SquareInfo& square) {
    square.log2 = static_cast<std::uint8_t>(node.size.log2());
    square.kept = kept;
    square.mode = static_cast<std::uint8_t>(mode);
    square.density = density;
  });
}

/// The same for a chroma plane of a unit.
inline void note_chroma(Tile& tile, const Node& node, int plane, int mode,
                        const LevelSummary& summary) {
  const BlockSize size = node.size.reduced(tile.subsample);
  const std::uint16_t density = density_of(summary, size);
  const int p = plane - 1;
  for_squares(tile, node, [&](SquareInfo& square) {
    square.chroma_mode[p] = static_cast<std::uint8_t>(mode);
    square.chroma_coded[p] = summary.count > low_limit(size);
    square.chroma_density[p] = density;
  });
}

}  // namespace ablc

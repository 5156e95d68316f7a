#pragma once

// Order and contexts of everything in a tile's MASK and BLKS segments (docs/FORMAT.md, Mask and
// Blocks). Templates over the coder: writing, reading and pricing are one text.

#include "levels.h"
#include "tuning.h"
#include "tile.h"

namespace ablc {

/// Where a leaf or a chroma unit lies, in cells.
struct Node {
  int x = 0;
  int y = 0;
  BlockSize size = kBlock64;
  int cells() const { return size.side() / kUnit; }
  Node child(int i) const {
    const int half = cells() / 2;
    return {x + (i & 1 ? half : 0), y + (i & 2 ? half : 0), size.half()};
  }
};

/// The cells left of and above a node, or null at the tile's border.
struct Beside {
  const CellInfo* left;
  const CellInfo* above;
  Beside(const Tile& tile, const Node& node)
      : left(node.x > 0 ? &tile.cells.at(node.x - 1, node.y) : nullptr),
        above(node.y > 0 ? &tile.cells.at(node.x, node.y - 1) : nullptr) {}
  template <class F>
  int count(F&& holds) const {
    return (left && holds(*left)) + (above && holds(*above));
  }
};

/// What lies all along the left and upper side of a node.
struct Along {
  int count = 0, smaller = 0, larger = 0, kept = 0;
  int sum = 0;
  template <class F>
  Along(const Tile& tile, const Node& node, F&& density) {
    const auto add = [&](const CellInfo& c) {
      ++count;
      smaller += c.log2 < node.size.log2();
      larger += c.log2 > node.size.log2();
      kept += c.kept;
      sum += density(c);
    };
    const int n = node.cells();
    if (node.x > 0)
      for (int i = 0; i < n && node.y + i < tile.units_high; ++i) add(tile.cells.at(node.x - 1, node.y + i));
    if (node.y > 0)
      for (int i = 0; i < n && node.x + i < tile.units_wide; ++i) add(tile.cells.at(node.x + i, node.y - 1));
  }
  /// 0 none, 1 some, 2 more than half.
  int share(int part) const { return part == 0 ? 0 : 2 * part <= count ? 1 : 2; }
  /// Density class 0..7.
  int density() const {
    if (count == 0) return 0;
    const int d = (sum + count - 1) / count;
    return (d > 0) + (d > 2) + (d > 6) + (d > 16) + (d > 40) + (d > 100) + (d > 250);
  }
};
inline Along along(const Tile& tile, const Node& node) {
  return {tile, node, [](const CellInfo& c) { return c.density; }};
}
inline Along along_chroma(const Tile& tile, const Node& node, int plane) {
  return {tile, node, [&](const CellInfo& c) { return c.chroma_density[plane - 1]; }};
}

/// A node outside the picture is not coded at all.
inline bool outside(const Tile& tile, const Node& node) {
  return node.x >= tile.units_wide || node.y >= tile.units_high;
}

inline int least_log2() {
  static const int log2 = static_cast<int>(tuned("NB_MIN", 2));
  return log2;
}
inline int most_log2() {
  static const int log2 = static_cast<int>(tuned("NB_MAX", 6));
  return log2;
}

template <class Coder>
bool code_split(Coder& coder, Tile& tile, const Node& node, bool split) {
  if (node.size.log2() == least_log2()) return false;
  if (node.size.log2() > most_log2()) return true;
  const Along around = along(tile, node);
  const int i = (((node.size.index() - 1) * 3 + around.share(around.smaller)) * 3 +
                 around.share(around.larger)) * kDensities + around.density();
  set_part(kPartSplit);
  return coder.bit(tile.models->split[i], split) != 0;
}

template <class Coder>
bool code_keep(Coder& coder, Tile& tile, const Node& node, bool keep) {
  if (node.size == kBlock4) return true;
  const Along around = along(tile, node);
  const int i = (node.size.index() * 3 + around.share(around.kept)) * kDensities + around.density();
  set_part(kPartKeep);
  return coder.bit(tile.models->keep[i], keep) != 0;
}

/// Coefficients, in the order of the scan, that a dropped leaf may have.
inline int low_limit(BlockSize size) {
  return size == kBlock8 ? 3 : size == kBlock16 ? 10 : size == kBlock32 ? 28 : 60;
}

template <class Coder>
int code_bits(Coder& coder, Model* models, int count, int value) {
  int node = 1;
  for (int i = count - 1; i >= 0; --i) node = node * 2 + coder.bit(models[node], value >> i & 1);
  return node - (1 << count);
}

/// The modes that a leaf most probably has, after planar.
struct ProbableModes {
  Array<std::uint8_t, 5> list{};
  int kind = 0;       // 0 no neighbour has a direction, 1 one, 2 two different, 3 two alike
  int count = 0;
  std::uint64_t set = 0;
  ProbableModes(const Tile& tile, const Node& node) {
    const Beside beside(tile, node);
    const int left = beside.left ? beside.left->mode : kModePlanar;
    const int above = beside.above ? beside.above->mode : kModePlanar;
    const bool l = left >= kModeAngular, a = above >= kModeAngular;
    kind = l && a ? (left == above ? 3 : 2) : l || a ? 1 : 0;
    const auto near = [](int mode, int by) {
      return kModeAngular + ((mode - kModeAngular + by) & (kDirections - 1));
    };
    if (l) add(left);
    if (a) add(above);
    add(kModeDc);
    if (l) add(near(left, -1)), add(near(left, 1));
    if (a) add(near(above, -1)), add(near(above, 1));
    if (l) add(near(left, -2)), add(near(left, 2));
    if (a) add(near(above, -2)), add(near(above, 2));
    for (const int mode : {kModeDown, kModeRight, kModeDown - 2, kModeDown + 2, kModeRight + 2})
      add(mode);
  }
  void add(int mode) {
    if (count == 5 || set >> mode & 1u) return;
    list[count++] = static_cast<std::uint8_t>(mode);
    set |= std::uint64_t{1} << mode;
  }
};

template <class Coder>
int code_luma_mode(Coder& coder, Tile& tile, const Node& node, int mode) {
  const Beside beside(tile, node);
  const int size = node.size.index();
  TileModels& m = *tile.models;
  set_part(kPartMode);
  const int moded = beside.count([](const CellInfo& c) { return c.mode != kModePlanar; });
  if (!coder.bit(m.mode_planar[size * 3 + moded], mode != kModePlanar)) return kModePlanar;
  const ProbableModes probable(tile, node);
  if (coder.bit(m.mode_probable[size * 4 + probable.kind], static_cast<int>(probable.set >> mode & 1u))) {
    int i = 0;
    while (i < 4 && coder.bit(m.mode_index[probable.kind * 5 + i], mode != probable.list[i])) ++i;
    return probable.list[i];
  }
  // One of the rest; DC is always in the list. Bits that only one value allows are not coded.
  std::uint64_t rest = ~(probable.set >> kModeAngular) & 0xFFFFFFFFu;
  const int value = mode - kModeAngular;
  int low = 0, prefix = 1;
  for (int width = kDirections / 2; width > 0; width /= 2, prefix *= 2) {
    const std::uint64_t mask = (std::uint64_t{1} << width) - 1;
    const bool lower = (rest >> low & mask) != 0, upper = (rest >> (low + width) & mask) != 0;
    int bit = upper;
    if (lower && upper)
      bit = coder.bit(m.direction[size * kDirections + prefix], value >= low + width);
    if (bit) low += width, prefix += 1;
  }
  return kModeAngular + low;
}

/// Coefficients of a chroma unit.
inline int chroma_limit(BlockSize size) {
  static const bool all_dropped = tuned("NB_ALLDROP", 0) != 0;
  return all_dropped ? low_limit(size) : size.area();
}

/// Kind of transform of a leaf with levels.
template <class Coder>
int code_kind(Coder& coder, Tile& tile, BlockSize size, int mode, int count, int kind) {
  static const int kinds = static_cast<int>(tuned("NB_KINDS", 2));
  if (count == 0 || kinds == 1 || size == kBlock64) return 0;
  set_part(kPartMode);
  const int away = std::min(std::abs(mode - kModeRight), std::abs(mode - kModeDown));
  const int sort = mode < kModeAngular ? 0 : away < 4 ? 1 : 2;
  const int many = (count > 2) + (count > 8) + (count > 24);
  Model* models = &tile.models->kind[((size.index() * 3 + sort) * 4 + many) * 3];
  if (!coder.bit(models[0], kind != 0)) return 0;
  if (kinds == 2 || coder.bit(models[1], kind == 3)) return 3;
  return coder.bit(models[2], kind == 2) ? 2 : 1;
}

/// Mode and levels of a luma leaf. mode, count, levels: given when writing, results when reading.
template <class Coder, class Levels>
LevelSummary code_luma(Coder& coder, Tile& tile, const Node& node, bool kept, int& mode, int count,
                       int kind, Levels&& levels) {
  const int density = along(tile, node).density();
  if (!kept) {
    mode = kModePlanar;
    return code_levels(coder, tile.models->low,
                       LevelContext{node.size, density, low_limit(node.size)}, count, levels);
  }
  mode = code_luma_mode(coder, tile, node, mode);
  LevelSummary summary =
      code_levels(coder, tile.models->luma, LevelContext{node.size, density}, count, levels);
  summary.kind = code_kind(coder, tile, node.size, mode, summary.count, kind);
  return summary;
}

template <class Coder>
int code_chroma_mode(Coder& coder, Tile& tile, const Node& node, int plane, int mode) {
  set_part(kPartChromaMode);
  const CellInfo& cell = tile.cells.at(node.x, node.y);
  const int size = node.size.log2() - 4;
  if (plane == 2) {
    const int first = cell.chroma_mode[0];
    const int kind = first == 0 ? 0 : first < kChromaFromLuma ? 1 : 2;
    if (coder.bit(tile.models->chroma_same[size * 3 + kind], mode == first)) return first;
  }
  const int directed = cell.mode >= kModeAngular;
  return code_bits(coder, &tile.models->chroma_mode[((plane - 1) * 6 + size * 2 + directed) * 8], 3,
                   mode);
}

/// One chroma plane (1 or 2) of the unit at node (16 or 32 luma samples).
template <class Coder, class Levels>
void code_chroma(Coder& coder, Tile& tile, const Node& node, int plane, int& mode, int count,
                 Levels&& levels, LevelSummary& summary) {
  mode = code_chroma_mode(coder, tile, node, plane, mode);
  const int density = along_chroma(tile, node, plane).density();
  const BlockSize size = node.size.reduced(tile.subsample);
  summary = code_levels(coder, tile.models->chroma, LevelContext{size, density, chroma_limit(size), true},
                        count, levels);
}

inline std::uint16_t density_of(const LevelSummary& summary, BlockSize size) {
  return static_cast<std::uint16_t>(
      std::min<std::int64_t>(65535, (std::int64_t{summary.magnitude} * 1024) >> (2 * size.log2())));
}

/// Applies change to every cell of node inside the tile.
template <class F>
void for_cells(Tile& tile, const Node& node, F&& change) {
  for (int y = node.y; y < node.y + node.cells(); ++y)
    for (int x = node.x; x < node.x + node.cells(); ++x) change(tile.cells.at(x, y));
}

}  // namespace ablc

#pragma once

// Order and contexts of everything in a tile's MASK and BLKS segments (docs/FORMAT.md, Mask and
// Blocks). Templates over the coder: writing, reading and pricing are one text.

#include "levels.h"
#include "tile.h"

namespace ablc {

/// Where a leaf or a chroma unit lies, in cells.
struct Node {
  int x = 0;
  int y = 0;
  BlockSize size = kBlock32;
  int cells() const { return size.side() / kCell; }
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
  /// Density class 0..5 of the blocks around.
  template <class F>
  int density(F&& value) const {
    const int n = (left != nullptr) + (above != nullptr);
    if (n == 0) return 0;
    const int d = ((left ? value(*left) : 0) + (above ? value(*above) : 0)) * 2 / n;  // 1/128
    return (d > 0) + (d > 2) + (d > 7) + (d > 19) + (d > 51);
  }
};

inline int node_activity(const Tile& tile, const Node& node) {
  int most = 0;
  for (int y = node.y; y < std::min(node.y + node.cells(), tile.activity.height); ++y)
    for (int x = node.x; x < std::min(node.x + node.cells(), tile.activity.width); ++x)
      most = std::max<int>(most, tile.activity.at(x, y));
  return most;
}

/// A node outside the picture is not coded at all.
inline bool outside(const Tile& tile, const Node& node) {
  return node.x >= tile.activity.width || node.y >= tile.activity.height;
}

/// What an explicit mask says of the cells of a node.
enum class Demand { free, keep, drop, mixed };
inline Demand demand_on(const Tile& tile, const Node& node) {
  if (tile.explicit_mask.samples.empty()) return Demand::free;
  bool keep = false, drop = false;
  for (int y = node.y; y < std::min(node.y + node.cells(), tile.explicit_mask.height); ++y)
    for (int x = node.x; x < std::min(node.x + node.cells(), tile.explicit_mask.width); ++x)
      (tile.explicit_mask.at(x, y) ? keep : drop) = true;
  return keep && drop ? Demand::mixed : keep ? Demand::keep : Demand::drop;
}

/// An explicit mask leaves the split open only where all cells are kept, and chroma where any is.
template <class Coder>
bool code_split(Coder& coder, Tile& tile, const Node& node, bool split) {
  if (node.size == kBlock8) return false;
  const Demand demand = demand_on(tile, node);
  if (demand == Demand::mixed) return true;
  if (demand == Demand::drop) return false;
  const int smaller =
      Beside(tile, node).count([&](const CellInfo& c) { return c.log2 < node.size.log2(); });
  const int i = ((node.size.index() - 1) * 3 + smaller) * 6 + node_activity(tile, node);
  return coder.bit(tile.models->split[i], split) != 0;
}

template <class Coder>
bool code_keep(Coder& coder, Tile& tile, const Node& node, bool keep) {
  const Demand demand = demand_on(tile, node);
  if (demand != Demand::free) return demand == Demand::keep;
  const int kept = Beside(tile, node).count([](const CellInfo& c) { return c.kept != 0; });
  const int i = (node.size.index() * 3 + kept) * 6 + node_activity(tile, node);
  return coder.bit(tile.models->keep[i], keep) != 0;
}

template <class Coder>
int code_bits(Coder& coder, Model* models, int count, int value) {
  int node = 1;
  for (int i = count - 1; i >= 0; --i) node = node * 2 + coder.bit(models[node], value >> i & 1);
  return node - (1 << count);
}

template <class Coder>
int code_luma_mode(Coder& coder, Tile& tile, const Node& node, int mode) {
  const Beside beside(tile, node);
  const int size = node.size.index();
  TileModels& m = *tile.models;
  const int moded = beside.count([](const CellInfo& c) { return c.mode != kModeBase; });
  if (!coder.bit(m.mode_base[size * 3 + moded], mode != kModeBase)) return kModeBase;
  if (coder.bit(m.mode_fade[size], mode == kModeFade)) return kModeFade;
  // The direction of a neighbour is likely to go on.
  const int left = beside.left && beside.left->mode >= kModeAngular ? beside.left->mode : 0;
  const int above = beside.above && beside.above->mode >= kModeAngular ? beside.above->mode : 0;
  if (left && coder.bit(m.mode_same[size * 2], mode == left)) return left;
  if (above && above != left && coder.bit(m.mode_same[size * 2 + 1], mode == above)) return above;
  return kModeAngular + code_bits(coder, m.direction.data(), kDirectionBits, mode - kModeAngular);
}

/// Context of the levels of a luma leaf.
inline LevelContext luma_context(const Tile& tile, const Node& node) {
  return {node.size, Beside(tile, node).density([](const CellInfo& c) { return c.density; })};
}

/// Context of the levels of one chroma plane (1 or 2) of the unit at node.
inline LevelContext chroma_context(const Tile& tile, const Node& node, int plane) {
  return {node.size.reduced(tile.subsample), Beside(tile, node).density([&](const CellInfo& c) {
            return c.chroma_density[plane - 1];
          })};
}

/// Levels and mode of a kept luma leaf. mode, count, levels: given when writing, results when
/// reading.
template <class Coder, class Levels>
LevelSummary code_luma(Coder& coder, Tile& tile, const Node& node, int& mode, int count,
                       Levels&& levels) {
  mode = code_luma_mode(coder, tile, node, mode);
  return code_levels(coder, tile.models->luma, luma_context(tile, node), count, levels);
}

/// One chroma plane (1 or 2) of the unit at node (16 or 32 luma samples). Returns whether it is
/// coded.
template <class Coder, class Levels>
bool code_chroma(Coder& coder, Tile& tile, const Node& node, int plane, bool coded, int& mode,
                 int count, Levels&& levels, LevelSummary& summary) {
  if (demand_on(tile, node) == Demand::drop) return false;
  const Beside beside(tile, node);
  const int p = plane - 1;
  int kept = 0;
  for (int i = 0; i < 4; ++i) {
    const Node c = node.child(i);
    kept += !outside(tile, c) && tile.cells.at(c.x, c.y).kept;
  }
  const int around = beside.count([&](const CellInfo& c) { return c.chroma_coded[p] != 0; });
  const int first = plane == 2 && tile.cells.at(node.x, node.y).chroma_coded[0];
  const int flag = ((p * 3 + (kept + 2) / 3) * 3 + around) * 2 + first;
  if (!coder.bit(tile.models->chroma_coded[flag], coded)) return false;
  mode = code_bits(coder, &tile.models->chroma_mode[p * 8], 3, mode);
  summary =
      code_levels(coder, tile.models->chroma, chroma_context(tile, node, plane), count, levels);
  return true;
}

inline std::uint8_t density_of(const LevelSummary& summary, BlockSize size) {
  return static_cast<std::uint8_t>(std::min(255, (summary.magnitude * 64) >> (2 * size.log2())));
}

/// Applies change to every cell of node inside the tile.
template <class F>
void for_cells(Tile& tile, const Node& node, F&& change) {
  for (int y = node.y; y < node.y + node.cells(); ++y)
    for (int x = node.x; x < node.x + node.cells(); ++x) change(tile.cells.at(x, y));
}

}  // namespace ablc

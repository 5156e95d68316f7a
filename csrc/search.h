#pragma once

// The encoder's choices in one tile: partition, keep or drop, prediction, levels (docs/DESIGN.md,
// Search).

#include <limits>
#include <memory>
#include <vector>

#include "array.h"
#include "optimise.h"
#include "reconstruct.h"

namespace ablc {

/// How hard the search works; one row per effort in search.cpp.
struct SearchEffort {
  int candidates;        ///< prediction modes tried with their true rate
  int mode_stride;       ///< every n-th direction is looked at first, a power of two
  bool optimise_chroma;  ///< all chroma modes, else the base alone
  float split_bits;      ///< a block whose cost is below the price of so many bits is not split
};
SearchEffort search_effort(int effort);

struct SearchSettings {
  SearchEffort effort;
  float lambda;      ///< price of a bit in units of the squared step
  float ssim_power;  ///< exponent of the variance in a block's weight; 0 = mean squared error
};

/// A block's choice, waiting to be written.
struct LeafChoice {
  int mode = 0;
  int count = 0;
  int kind = 0;
  bool kept = false;  // luma only
  Array<std::int16_t, kMaxArea> levels;
};

/// Chosen syntax of one superblock; leaves are stored at the z-order index of their first cell.
struct SuperChoice {
  Array<LeafChoice, 256> luma;
  Array<Array<LeafChoice, 16>, 2> chroma;  // [plane - 1][16x16 node]
};

/// What one encode of a tile leaves for the next one of the same picture with another step: the
/// prediction modes that looked best. They hardly change, and finding them takes half of the time.
struct TileAnalysis {
  static constexpr int kModes = 8;
  using Modes = Array<std::uint8_t, kModes>;       // best first; mode + 1, 0 ends the list
  Array<Plane<Modes>, kSizes> luma;                // by leaf size
  Array<Array<Plane<std::uint8_t>, 2>, 2> chroma;  // [whole superblock][plane - 1]: mode + 1
};

/// What the search is told of a tile besides its source.
struct TileHints {
  const Plane<float>& importance;   ///< per cell, or empty
  const Planes* painted = nullptr;  ///< what dropped blocks will show instead of P0
  TileAnalysis* analysis = nullptr;
};

inline constexpr float kInfinite = std::numeric_limits<float>::max();

/// Source block minus prediction.
inline void difference(const Plane<std::uint8_t>& org, int x, int y, int n,
                       const std::uint8_t* pred, std::int16_t* residual) {
  for (int i = 0; i < n; ++i) {
    const std::uint8_t* row = org.row(y + i) + x;
    for (int j = 0; j < n; ++j)
      residual[i * n + j] = static_cast<std::int16_t>(row[j] - pred[i * n + j]);
  }
}

class TileSearch {
 public:
  /// org: the tile's source planes, padded to the tile's size.
  TileSearch(Tile& tile, const Planes& org, const SearchSettings& settings,
             const Quantisers& quantisers, const TileHints& hints);
  ~TileSearch();

  /// From here on a bit costs so many times as much.
  void scale_price(float factor) { settings_.lambda *= factor; }

  /// Decides the superblock whose first cell is (x, y): fills choice, the tile's cells and planes.
  void decide(int x, int y, SuperChoice& choice);

 private:
  struct Leaf;
  float decide_node(const Node& node, int zorder, SuperChoice& choice);
  void try_leaf(const Node& node, Leaf& leaf);
  void commit_leaf(const Node& node, const Leaf& leaf, LeafChoice& choice);
  float chroma_weight(const Node& node) const;
  void decide_all_chroma(const Node& node, int zorder, SuperChoice& choice);
  void decide_chroma(const Node& node, int plane, LeafChoice& choice);
  /// Modes worth their true rate, best first, ended by 0; see TileAnalysis.
  TileAnalysis::Modes best_modes(const Node& node, const Border& border, float satd_bit);
  Tile& tile_;
  const Planes& org_;
  SearchSettings settings_;
  const Quantisers& quantisers_;
  const Quantiser* luma_;  // of the superblock at hand
  const Quantiser* chroma_;
  float gain_ = 1;       // squared step of the superblock over that of the picture
  Plane<float> weight_;  // per cell
  TileHints hints_;
  Array<std::unique_ptr<Leaf>, kSizes> scratch_;
};

}  // namespace ablc

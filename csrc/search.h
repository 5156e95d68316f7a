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

/// How thorough the search is; search.cpp has a row for each effort.
struct SearchEffort {
  int candidates;        ///< prediction modes tried with their exact rate
  int mode_stride;       ///< the first sweep tries every n-th direction; a power of two
  bool optimise_chroma;  ///< try all chroma modes; else the base alone
  float split_bits;      ///< a block that costs less than this many bits is not split
};
SearchEffort search_effort(int effort);

struct SearchSettings {
  SearchEffort effort;
  float lambda;      ///< price of a bit in units of the squared step
  float ssim_power;  ///< exponent of the variance in a block's weight; 0 = mean squared error
};

/// The choice for a block, to be written after the whole superblock is decided.
struct LeafChoice {
  int mode = 0;
  int count = 0;
  bool coded = false;  // chroma only; luma has the cell's keep flag
  Array<std::int16_t, kMaxArea> levels;
};

/// The choices for a superblock; leaves are at the z-order index of their first cell.
struct SuperChoice {
  Array<LeafChoice, 16> luma;
  Array<Array<LeafChoice, 4>, 2> chroma;  // [plane - 1][16x16 node]
};

/// Best prediction modes of a tile, kept from one encode of a picture for the next one with another
/// step: they hardly change, and half of the time goes into finding them.
struct TileAnalysis {
  static constexpr int kModes = 8;
  using Modes = Array<std::uint8_t, kModes>;       // best first; mode + 1, 0 ends the list
  Array<Plane<Modes>, kSizes> luma;                // by leaf size
  Array<Array<Plane<std::uint8_t>, 2>, 2> chroma;  // [whole superblock][plane - 1]: mode + 1
};

/// Optional inputs of the search in a tile.
struct TileHints {
  const Plane<float>& importance;  ///< per cell, or empty
  TileAnalysis* analysis = nullptr;
};

inline constexpr float kInfinite = std::numeric_limits<float>::max();
inline constexpr float kLeastWeight = 1e-6f;  ///< a block of less weight is dropped

/// residual = source block - prediction; n x n.
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

  /// Multiply the price of a bit in the superblocks that follow.
  void scale_price(float factor) { settings_.lambda *= factor; }

  /// Decide the superblock whose first cell is (x, y): fill choice and the tile's cells and planes.
  void decide(int x, int y, SuperChoice& choice);

 private:
  /// The cheapest coding so far of a luma leaf or of a chroma unit's plane.
  struct Trial {
    float cost = kInfinite;
    bool coded = false;  // a luma leaf is kept, a chroma unit has levels
    int mode = 0;
    LevelSummary summary;
    Array<std::int16_t, kMaxArea> levels;
    Array<std::uint8_t, kMaxArea> rec;
  };
  struct LumaLeaf;
  struct ChromaUnit;

  float decide_node(const Node& node, int zorder, SuperChoice& choice);
  float decide_children(const Node& node, int zorder, float cost, float most, SuperChoice& choice);

  void try_leaf(const Node& node, Trial& trial);
  float try_drop(const LumaLeaf& leaf, Trial& trial);
  void try_mode(const LumaLeaf& leaf, int mode, Trial& trial);
  void commit_leaf(const Node& node, const Trial& trial, LeafChoice& choice);
  float luma_weight(const Node& node) const;
  /// Return the modes to be tried with their exact rate, in the form of TileAnalysis. satd_bit:
  /// price of a bit in units of the Hadamard cost.
  TileAnalysis::Modes best_modes(const Node& node, const Border& border, float satd_bit);
  float hadamard_price(const Node& node, const Border& border, int mode, float satd_bit);

  void decide_chroma(const Node& node, int plane, LeafChoice& choice);
  float try_chroma_drop(const ChromaUnit& unit, Trial& trial);
  void try_chroma_mode(const ChromaUnit& unit, int mode, Trial& trial);
  void commit_chroma(const ChromaUnit& unit, const Trial& trial, LeafChoice& choice);
  float chroma_weight(const Node& node) const;

  /// Return the squared error, in steps of quantiser, of a dropped block that shows pred.
  float drop_energy(int plane, int x, int y, BlockSize size, const std::uint8_t* pred,
                    const Quantiser& quantiser) const;

  Tile& tile_;
  const Planes& org_;
  SearchSettings settings_;
  const Quantisers& quantisers_;
  const Quantiser* luma_;  // of the current superblock
  const Quantiser* chroma_;
  float gain_ = 1;       // squared step of the superblock over that of the picture
  Plane<float> weight_;  // per cell
  TileHints hints_;
  Array<std::unique_ptr<Trial>, kSizes> scratch_;  // by size
};

}  // namespace ablc

#pragma once

// The encoder's choices in one tile: partition, keep or drop, prediction, levels (docs/DESIGN.md,
// Search).

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
  bool optimise_chroma;  ///< try all chroma modes; else luma's and planar
  float split_bits;      ///< a block that costs less than about this many bits is not split
};
SearchEffort search_effort(int effort);

struct SearchSettings {
  SearchEffort effort;
  float lambda;      ///< price of a bit in units of the squared step
  float ssim_power;  ///< exponent of the variance in a block's weight; 0 = mean squared error
};

/// The choices for a superblock, to be written after all of it is decided. Leaves and units are at
/// the z-order index of their first square, and so are their levels, n x n rasters: a block of
/// luma, and one of chroma, has as many levels as its squares have samples, or fewer.
class SuperChoice {
 public:
  LumaSyntax& luma(int zorder) { return luma_[zorder]; }
  ChromaSyntax& chroma(int plane, int zorder) {
    return chroma_[plane - 1][zorder / kSquaresOfUnit];
  }
  /// plane: 0, 1 or 2.
  std::int16_t* levels(int plane, int zorder) {
    return levels_[plane].data() + zorder * kBlock4.area();
  }

 private:
  static constexpr int kSquares = kBlock64.area() / kBlock4.area();
  static constexpr int kSquaresOfUnit = kBlock16.area() / kBlock4.area();

  Array<LumaSyntax, kSquares> luma_;
  Array<Array<ChromaSyntax, kSquares / kSquaresOfUnit>, 2> chroma_;
  Array<Array<std::int16_t, kMaxArea>, 3> levels_;
};

/// Best prediction modes of a tile, kept from one encode of a picture for the next one with another
/// step: they hardly change, and half of the time goes into finding them.
struct TileAnalysis {
  static constexpr int kModes = 8;
  using Modes = Array<std::uint8_t, kModes>;  // best first; mode + 1, 0 ends the list
  Array<Plane<Modes>, kSizes> luma;           // by leaf size
  static constexpr int kUnitSizes = 3;        // of chroma units: 16, 32, 64 luma samples
  Array<Array<Plane<std::uint8_t>, 2>, kUnitSizes> chroma;  // [size][plane - 1]: mode + 1
};

/// Optional inputs of the search in a tile.
struct TileHints {
  const Plane<float>& importance;  ///< per cell, or empty
  TileAnalysis* analysis = nullptr;
};

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

  /// Decide the superblock whose first square is (x, y): fill choice and the tile's squares and
  /// planes.
  void decide(int x, int y, SuperChoice& choice);

 private:
  /// The cheapest coding so far of a luma leaf or of a chroma unit's plane.
  struct Trial {
    float cost = kInfinite;
    bool kept = false;  // luma only
    int mode = 0;
    LevelSummary summary;
    Array<std::int16_t, kMaxArea> levels;
    Array<std::uint8_t, kMaxArea> rec;  // chroma only: a leaf's is made when it is chosen
  };
  struct LumaLeaf;
  struct ChromaUnit;

  float decide_node(const Node& node, int zorder, SuperChoice& choice);
  float decide_children(const Node& node, int zorder, float cost, float most, SuperChoice& choice);

  LumaLeaf make_leaf(const Node& node, const Along& around) const;
  /// Decide how a leaf is coded, after try_drop() if it may be dropped.
  void try_leaf(const LumaLeaf& leaf, Demand demand, Trial& trial);
  void try_drop(const LumaLeaf& leaf, Trial& trial);
  void try_mode(const LumaLeaf& leaf, int mode, Trial& trial);
  /// bits: of the mode and the keep flag.
  void try_transform(const LumaLeaf& leaf, int mode, float bits, bool sine,
                     const float* coefficients, Trial& trial);
  void commit_leaf(const Node& node, int zorder, const Trial& trial, SuperChoice& choice);
  float luma_weight(const Node& node) const;
  /// Return the modes to be tried with their exact rate, in the form of TileAnalysis. satd_bit:
  /// price of a bit in units of the Hadamard cost.
  TileAnalysis::Modes best_modes(const LumaLeaf& leaf, float satd_bit);
  float hadamard_price(const LumaLeaf& leaf, int mode, float satd_bit);
  /// Price of a leaf's mode in bits.
  float mode_bits(const LumaLeaf& leaf, int mode);

  void decide_chroma(const Node& node, int zorder, SuperChoice& choice);
  void decide_chroma_plane(const Node& node, int plane, int zorder, const LumaAround& luma,
                           SuperChoice& choice);
  void try_chroma_mode(const ChromaUnit& unit, int mode, Trial& trial);
  void commit_chroma(const ChromaUnit& unit, int zorder, const Trial& trial, SuperChoice& choice);
  float chroma_weight(const Node& node) const;

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

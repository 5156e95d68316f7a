#pragma once

// One tile while it is coded: planes, what is known of every 4x4 square, and all adaptive
// state. Encoder and decoder walk it through syntax.h in the same order.

#include <cstdint>
#include <memory>
#include <vector>

#include "array.h"
#include "levels.h"
#include "offsets.h"
#include "plane.h"
#include "predict.h"
#include "quantiser.h"
#include "starts.h"

namespace ablc {

/// Modes of chroma: luma's mode, planar, DC, down, right, and from luma by a line fitted to both
/// sides of the border, to the left or to the upper one.
inline constexpr int kChromaModes = 8;
inline constexpr int kChromaFromLuma = 5;

/// Adaptive state of a tile's blocks.
struct TileModels {
  Array<Model, 4 * 3 * 3 * kDensities> split;  // size, smaller neighbours, larger ones, density
  Array<Model, kSizes * 3 * kDensities> keep;  // size, kept neighbours, density
  Array<Model, kSizes * 3> mode_planar;        // size, neighbours with another mode
  Array<Model, kSizes * 4> mode_probable;      // size, case of the neighbours
  Array<Model, 4 * 5> mode_index;              // case of the neighbours, place in the list
  Array<Model, kSizes * kDirections> direction;
  Array<Model, kSizes * 3 * 4> sine;        // size, class of the mode, class of the count
  Array<Model, 3 * 3> chroma_same;          // size, class of the first plane's mode
  Array<Model, 2 * 3 * 2 * 8> chroma_mode;  // plane, size, luma has a direction
  LevelModels luma;
  LevelModels low;  // of dropped leaves
  LevelModels chroma;

  TileModels() = default;
  /// The trained start for a quantisation step.
  explicit TileModels(int step);
};
/// All of TileModels seen as one array.
inline constexpr std::size_t kTileModels = sizeof(TileModels) / sizeof(Model);
static_assert(sizeof(TileModels) % sizeof(Model) == 0);

/// What later blocks and the filters need to know of a 4x4 square of luma.
struct SquareInfo {
  std::uint8_t log2 = 0;  // of the leaf's side; 0 = not decoded
  std::uint8_t kept = 0;
  std::uint8_t mode = 0;
  std::uint16_t density = 0;  // mean magnitude of the leaf's levels, in 1/1024, saturating
  Array<std::uint8_t, 2> chroma_mode{};
  Array<std::uint8_t, 2> chroma_coded{};  // more than the lowest coefficients
  Array<std::uint16_t, 2> chroma_density{};
};

struct Tile {
  int width = 0;  ///< luma samples, multiple of kSuper
  int height = 0;
  int squares_wide = 0;  ///< visible 4x4 squares
  int squares_high = 0;
  int cells_wide = 0;  ///< visible 8x8 cells
  int cells_high = 0;
  int planes = 3;     ///< 1 or 3
  int subsample = 1;  ///< shift of the chroma planes
  Planes rec;
  Plane<SquareInfo> squares;
  Plane<std::uint8_t> explicit_mask;  ///< explicit mask per visible cell, or empty
  Plane<std::int8_t> offsets;         ///< step offset per superblock, or empty: 0 everywhere
  /// Sets of models by step band, made when first used. Superblocks of one band learn together.
  Array<std::unique_ptr<TileModels>, kStepBands> bands;
  TileModels* models = nullptr;  ///< of the superblock at hand

  /// Step offset of the superblock around a square.
  int offset_at(int x, int y) const {
    constexpr int kSquares = kSuper / kSquare;
    return offsets.samples.empty() ? 0 : offsets.at(x / kSquares, y / kSquares);
  }
  /// Points models to the set for a luma step.
  void select(int step);
};

}  // namespace ablc

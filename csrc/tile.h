#pragma once

// One tile while it is coded: planes, prediction, what is known of every 8x8 cell, and all adaptive
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

inline constexpr int kChromaFromLuma = 4;
inline constexpr int kChromaModes =
    8;  ///< base, fade, luma's mode, right or down, luma x -1/2, -1/4, 1/4, 1/2

/// Adaptive state of a tile outside the base layer.
struct TileModels {
  // mask
  Array<Model, 2 * 3 * 6> split;  // size, smaller neighbours, activity
  Array<Model, 3 * 3 * 6> keep;   // size, kept neighbours, activity
  // blocks
  Array<Model, 3 * 3> mode_base;  // size, neighbours with another mode
  Array<Model, 3> mode_fade;
  Array<Model, 3 * 2> mode_same;
  Array<Model, kDirections> direction;
  Array<Model, 2 * 3 * 3 * 2>
      chroma_coded;  // plane, luma kept, coded neighbours, first plane coded
  Array<Model, 2 * 8> chroma_mode;
  LevelModels luma;
  LevelModels chroma;

  TileModels() = default;
  /// The trained start for a quantisation step.
  explicit TileModels(int step);
};
/// All of TileModels seen as one array.
inline constexpr std::size_t kTileModels = sizeof(TileModels) / sizeof(Model);
static_assert(sizeof(TileModels) % sizeof(Model) == 0);

/// What later blocks and the filters want to know of an 8x8 luma cell.
struct CellInfo {
  std::uint8_t log2 = 0;  // of the leaf's side; 0 = not decoded
  std::uint8_t kept = 0;
  std::uint8_t mode = 0;
  std::uint8_t density = 0;  // mean magnitude of the leaf's levels, in 1/64, saturating
  Array<std::uint8_t, 2> chroma_coded{};
  Array<std::uint8_t, 2> chroma_density{};
};

struct Tile {
  int width = 0;  ///< luma samples, multiple of kSuper
  int height = 0;
  int planes = 3;     ///< 1 or 3
  int subsample = 1;  ///< shift of the chroma planes
  Planes rec;
  Planes p0;
  Plane<CellInfo> cells;
  Plane<std::uint8_t> activity;       ///< per luma cell
  Plane<std::uint8_t> explicit_mask;  ///< per visible cell: 1 = keep; or empty
  Plane<std::int8_t> offsets;         ///< step offset per superblock, or empty: 0 everywhere
  /// Sets of models by step band, made when first used. Superblocks of one band learn together.
  Array<std::unique_ptr<TileModels>, kStepBands> bands;
  TileModels* models = nullptr;  ///< of the superblock at hand

  /// Step offset of the superblock around a cell.
  int offset_at(int x, int y) const {
    return offsets.samples.empty() ? 0 : offsets.at(x >> 2, y >> 2);
  }
  /// Points models to the set for a luma step.
  void select(int step);
};

}  // namespace ablc

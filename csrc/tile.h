#pragma once

// One tile while it is coded: planes, prediction, what is known of every 8x8 cell, and all adaptive
// state. Encoder and decoder walk it through syntax.h in the same order.

#include <cstdint>
#include <memory>
#include <vector>

#include "array.h"
#include "initial.h"
#include "levels.h"
#include "offsets.h"
#include "plane.h"
#include "predict.h"

namespace ablc {

inline constexpr int kUnit = 4;    ///< side of what CellInfo is kept of
inline constexpr int kSuper = 64;  ///< side of a superblock
inline constexpr int kCell = 8;    ///< side of a mask cell
inline constexpr int kChromaFromLuma = 5;
/// luma's mode, planar, DC, down, right, from luma by the border's line: both sides, left, above
inline constexpr int kChromaModes = 8;

/// Adaptive state of a tile outside the base layer.
struct TileModels {
  // mask
  Array<Model, 4 * 3 * 3 * kDensities> split;  // size, smaller neighbours, larger neighbours, density
  Array<Model, kSizes * 3 * kDensities> keep;       // size, kept neighbours, density
  // blocks
  Array<Model, kSizes * 3> mode_planar;         // size, neighbours with another mode
  Array<Model, kSizes * 4> mode_probable;       // size, case of the neighbours
  Array<Model, 4 * 5> mode_index;          // case, place in the list
  Array<Model, kSizes * kDirections> direction;  // size
  Array<Model, kSizes * 3 * 4 * 3> kind;  // size, mode planar or DC, nearly straight, other; count
  Array<Model, 3 * 3> chroma_same;         // size, mode of the first plane: luma's, other, from luma
  Array<Model, 2 * 3 * 2 * 8> chroma_mode;  // plane, size, luma's mode a direction
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

/// What later blocks and the filters want to know of an 8x8 luma cell.
struct CellInfo {
  std::uint8_t log2 = 0;  // of the leaf's side; 0 = not decoded
  std::uint8_t kept = 0;
  std::uint8_t mode = 0;
  Array<std::uint8_t, 2> chroma_mode{};
  std::uint16_t density = 0;  // mean magnitude of the leaf's levels, in 1/1024, saturating
  Array<std::uint8_t, 2> chroma_coded{};
  Array<std::uint16_t, 2> chroma_density{};
};

/// Quantiser of one step: dequantisation factors per size and position.
struct Quantiser {
  int step = 0;                                         // 1/16 grey level
  Array<Array<std::int32_t, kMaxArea>, kSizes> factor;  // 1/4 coefficient x 256 per level
  Array<Array<float, kMaxArea>, kSizes>
      scale;  // levels per orthonormal coefficient, for the encoder
  explicit Quantiser(int step_sixteenths);
  std::int16_t dequantise(int level, BlockSize size, int raster) const {
    const std::int32_t f = factor[size.index()][raster];
    std::int64_t product = static_cast<std::int64_t>(std::abs(level)) * f + 128;
    // Levels of 1 are chosen for magnitudes that lie a little above it on average: smaller ones
    // become 0.
    if (level == 1 || level == -1) product += f >> 5;
    const auto magnitude = static_cast<std::int32_t>(std::min<std::int64_t>(product >> 8, 32767));
    return static_cast<std::int16_t>(level < 0 ? -magnitude : magnitude);
  }
};

/// The quantisers of a picture: luma and chroma of every step offset that may occur.
class Quantisers {
 public:
  Quantisers(int step, bool offsets);
  const Quantiser& luma(int offset) const { return luma_[index(offset)]; }
  const Quantiser& chroma(int offset) const { return chroma_[index(offset)]; }

 private:
  int index(int offset) const { return offsets_ ? offset + kMostOffset : 0; }
  bool offsets_;
  Vector<Quantiser> luma_, chroma_;
};

/// Step of the chroma planes' levels, both in 1/16 grey level.
int chroma_step(int step);

struct Tile {
  int width = 0;  ///< luma samples, multiple of kSuper
  int height = 0;
  int units_wide = 0;  ///< visible
  int units_high = 0;
  int planes = 3;     ///< 1 or 3
  int subsample = 1;  ///< shift of the chroma planes
  Planes rec;
  Planes p0;
  Plane<CellInfo> cells;
  Plane<std::uint8_t> activity;  ///< per luma cell
  Plane<std::uint8_t> wanted;    ///< explicit mask per visible cell, or empty
  Plane<std::int8_t> offsets;    ///< step offset per superblock, or empty: 0 everywhere
  /// Sets of models by step band, made when first used. Superblocks of one band learn together.
  Array<std::unique_ptr<TileModels>, kStepBands> bands;
  TileModels* models = nullptr;  ///< of the superblock at hand

  /// Step offset of the superblock around a cell.
  int offset_at(int x, int y) const {
    return offsets.samples.empty() ? 0 : offsets.at(x >> 4, y >> 4);
  }
  /// Points models to the set for a luma step.
  void select(int step);
};

}  // namespace ablc

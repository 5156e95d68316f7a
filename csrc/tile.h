#pragma once

// One tile while it is coded: planes, prediction, what is known of every 8x8 cell, and all adaptive
// state. Encoder and decoder walk it through syntax.h in the same order.

#include <array>
#include <cstdint>
#include <memory>

#include "levels.h"
#include "plane.h"
#include "predict.h"

namespace ablc {

inline constexpr int kSuper = 32;      ///< side of a superblock
inline constexpr int kCell = 8;        ///< side of a mask cell
inline constexpr int kChromaFromLuma = 4;
inline constexpr int kChromaModes = 8; ///< base, fade, luma's mode, right or down, luma x -1/2, -1/4, 1/4, 1/2

/// Adaptive state of a tile outside the base layer.
struct TileModels {
  // mask
  std::array<Model, 2 * 3 * 6> split;        // size, smaller neighbours, activity
  std::array<Model, 3 * 3 * 6> keep;         // size, kept neighbours, activity
  std::array<Model, 33> step_offset;
  // blocks
  std::array<Model, 3 * 3> mode_base;        // size, neighbours with another mode
  std::array<Model, 3> mode_fade;
  std::array<Model, 3 * 2> mode_same;
  std::array<Model, kDirections> direction;
  std::array<Model, 2 * 3 * 3 * 2> chroma_coded;  // plane, luma kept, coded neighbours, first plane coded
  std::array<Model, 2 * 8> chroma_mode;
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
  std::uint8_t log2_size = 0;  // of the leaf; 0 = not decoded
  std::uint8_t kept = 0;
  std::uint8_t mode = 0;
  std::uint8_t density = 0;    // mean magnitude of the leaf's levels, in 1/64, saturating
  std::array<std::uint8_t, 2> chroma_coded{};
  std::array<std::uint8_t, 2> chroma_density{};
  std::int8_t step_offset = 0;
};

/// Quantiser of one step offset: dequantisation factors per size and position.
struct Quantiser {
  int step = 0;  // 1/16 grey level
  std::array<std::array<std::int32_t, kMaxArea>, kSizes> factor;  // 1/4 coefficient x 256 per level
  explicit Quantiser(int step_sixteenths);
  std::int16_t dequantise(int level, int size, int raster) const {
    const std::int64_t product = static_cast<std::int64_t>(std::abs(level)) * factor[static_cast<std::size_t>(size)][static_cast<std::size_t>(raster)];
    const auto magnitude = static_cast<std::int32_t>(std::min<std::int64_t>((product + 128) >> 8, 32767));
    return static_cast<std::int16_t>(level < 0 ? -magnitude : magnitude);
  }
};

struct Tile {
  int width = 0;     ///< luma samples, multiple of kSuper
  int height = 0;
  int planes = 3;    ///< 1 or 3
  int subsample = 1; ///< shift of the chroma planes
  std::array<Plane<std::uint8_t>, 3> rec;
  std::array<Plane<std::uint8_t>, 3> p0;
  Plane<CellInfo> cells;
  Plane<std::uint8_t> activity;  ///< per luma cell
  Plane<std::uint8_t> wanted;    ///< explicit mask per visible cell, or empty
  TileModels models;
};

}  // namespace ablc

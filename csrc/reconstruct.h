#pragma once

// From levels to samples, as decoder and encoder do it alike (docs/FORMAT.md, Prediction,
// Transform).

#include <span>

#include "syntax.h"

namespace ablc {

/// Return the border of a node's block in a plane; the node is the next to be decoded.
Border gather_border(const Tile& tile, const Node& node, int plane);

/// Predict a luma leaf. pred: n x n samples, to which the residual is added.
void predict_luma(const Node& node, int mode, const Border& border, std::uint8_t* pred);

/// Decoded luma at the places of the chroma samples in and around a unit.
struct LumaAround {
  Array<std::int16_t, kMaxArea> inside;
  Array<std::int16_t, kMaxSide> top, left;
  bool has_top = false, has_left = false;
};
/// Average the luma of a node to the resolution of chroma.
void average_luma(const Tile& tile, const Node& node, LumaAround& luma);

/// Predict a plane of a chroma unit. luma: read by modes from kChromaFromLuma on.
void predict_chroma(const Tile& tile, const Node& node, int mode, const Border& border,
                    const LumaAround& luma, std::uint8_t* pred);

/// out = clip(pred + inverse transform of the dequantised levels), n x n each. levels: a raster, or
/// those that are not 0.
void add_residual(const Quantiser& quantiser, BlockSize size, const std::int16_t* levels,
                  const LevelSummary& summary, const std::uint8_t* pred, std::uint8_t* out);
void add_residual(const Quantiser& quantiser, BlockSize size, std::span<const PlacedLevel> levels,
                  const LevelSummary& summary, const std::uint8_t* pred, std::uint8_t* out);

/// Copy an n x n block into a plane.
void put_block(Plane<std::uint8_t>& plane, int x, int y, int n, const std::uint8_t* block);

}  // namespace ablc

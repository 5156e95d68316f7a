#pragma once

// From levels to samples, as decoder and encoder do it alike (docs/FORMAT.md, Prediction,
// Transform).

#include <span>

#include "syntax.h"

namespace ablc {

/// Predict a luma leaf. pred: n x n samples, to which the residual is added.
void predict_luma(const Tile& tile, const Node& node, int mode, const Border& border,
                  std::uint8_t* pred);

/// Predict a chroma unit. error_luma: n x n, as luma_error() gives it; read by modes from
/// kChromaFromLuma on.
void predict_chroma(const Tile& tile, const Node& node, int plane, int mode, const Border& border,
                    const std::int16_t* error_luma, std::uint8_t* pred);

/// Compute the error of P0 against the decoded luma of a node, averaged to chroma resolution.
void luma_error(const Tile& tile, const Node& node, std::int16_t* error);

/// out = clip(pred + inverse transform of the dequantised levels), n x n each. levels: a raster, or
/// those that are not 0.
void add_residual(const Quantiser& quantiser, BlockSize size, const std::int16_t* levels,
                  const LevelSummary& summary, const std::uint8_t* pred, std::uint8_t* out);
void add_residual(const Quantiser& quantiser, BlockSize size, std::span<const PlacedLevel> levels,
                  const LevelSummary& summary, const std::uint8_t* pred, std::uint8_t* out);

/// Copy an n x n block into a plane.
void put_block(Plane<std::uint8_t>& plane, int x, int y, int n, const std::uint8_t* block);

}  // namespace ablc

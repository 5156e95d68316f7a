#pragma once

// From levels to samples: what decoder and encoder do alike.

#include <span>

#include "syntax.h"

namespace ablc {

/// pred: n x n, the samples before the residual, for a luma leaf.
void predict_luma(const Tile& tile, const Node& node, int mode, const Border& border,
                  std::uint8_t* pred);

/// Same for a chroma unit; error_luma: n x n mean error of P0 in luma over each chroma sample.
void predict_chroma(const Tile& tile, const Node& node, int plane, int mode, const Border& border,
                    const std::int16_t* error_luma, std::uint8_t* pred);

/// Error of P0 on the decoded luma of node, averaged to chroma resolution.
void luma_error(const Tile& tile, const Node& node, std::int16_t* error);

/// out = clip(pred + inverse transform of the dequantised levels); n x n each.
void add_residual(const Quantiser& quantiser, BlockSize size, const std::int16_t* levels,
                  const LevelSummary& summary, const std::uint8_t* pred, std::uint8_t* out);
void add_residual(const Quantiser& quantiser, BlockSize size, std::span<const PlacedLevel> levels,
                  const LevelSummary& summary, const std::uint8_t* pred, std::uint8_t* out);

/// Copies an n x n block into a plane.
void put_block(Plane<std::uint8_t>& plane, int x, int y, int n, const std::uint8_t* block);

}  // namespace ablc

#pragma once

// From levels to samples: what decoder and encoder do alike.

#include <span>

#include "syntax.h"

namespace ablc {

/// Border of a block of a plane, whose node is the next to be decoded.
Border gather_border(const Tile& tile, const Node& node, int plane);

/// pred: n x n, the samples before the residual, for a luma leaf.
void predict_luma(const Node& node, int mode, const Border& border, std::uint8_t* pred);

/// Luma at the places of chroma in and beside a chroma unit.
struct LumaBelow {
  Array<std::int16_t, kMaxArea> inside;
  Array<std::int16_t, kMaxSide> top, left;
  bool has_top = false, has_left = false;
};
LumaBelow luma_below(const Tile& tile, const Node& node);

/// Same for a chroma unit.
void predict_chroma(const Tile& tile, const Node& node, int mode, const Border& border,
                    const LumaBelow& luma, std::uint8_t* pred);

/// out = clip(pred + inverse transform of the dequantised levels); n x n each.
void add_residual(const Quantiser& quantiser, BlockSize size, const std::int16_t* levels,
                  const LevelSummary& summary, const std::uint8_t* pred, std::uint8_t* out);
void add_residual(const Quantiser& quantiser, BlockSize size, std::span<const PlacedLevel> levels,
                  const LevelSummary& summary, const std::uint8_t* pred, std::uint8_t* out);

/// Copies an n x n block into a plane.
void put_block(Plane<std::uint8_t>& plane, int x, int y, int n, const std::uint8_t* block);

}  // namespace ablc

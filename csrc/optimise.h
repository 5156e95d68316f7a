#pragma once

// Rate-distortion optimised levels of one block: the encoder's quantiser (docs/DESIGN.md, Search).

#include <limits>

#include "levels.h"
#include "tile.h"

namespace ablc {

inline constexpr float kInfinite = std::numeric_limits<float>::max();

/// Choose the levels that minimise distortion + lambda * bits, in squared steps, with the models as
/// they are. coefficients, levels: n x n, raster order. Return the minimum; summary describes the
/// levels. If the minimum is not below `most`, the result is some number not below it, and the
/// levels are none that anybody wants.
float optimise_levels(const float* coefficients, const Quantiser& quantiser, LevelModels& models,
                      const LevelContext& context, float lambda, float most, std::int16_t* levels,
                      LevelSummary& summary);

}  // namespace ablc

#pragma once

// Rate-distortion optimised levels of one block: the encoder's quantiser (docs/DESIGN.md, Search).

#include "levels.h"
#include "tile.h"

namespace ablc {

/// Choose the levels that minimise distortion + lambda * bits, in squared steps, with the models as
/// they are. coefficients, levels: n x n, raster order. Return the minimum; summary describes the
/// levels.
float optimise_levels(const float* coefficients, const Quantiser& quantiser, LevelModels& models,
                      const LevelContext& context, float lambda, std::int16_t* levels,
                      LevelSummary& summary);

}  // namespace ablc

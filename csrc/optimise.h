#pragma once

// Rate-distortion optimised levels of one block: the encoder's quantiser (docs/DESIGN.md, Search).

#include "levels.h"
#include "tile.h"

namespace ablc {

/// Energy of the orthonormal coefficients of a block in squared quantisation steps.
float energy(const float* coefficients, const Quantiser& quantiser, BlockSize size);

/// Levels that minimise distortion + lambda * bits, distortion in squared steps, with the models as
/// they stand. coefficients, levels: n x n raster. Returns that minimum; summary tells of the
/// levels.
float optimise_levels(const float* coefficients, const Quantiser& quantiser, LevelModels& models,
                      const LevelContext& context, float lambda, std::int16_t* levels,
                      LevelSummary& summary);

}  // namespace ablc

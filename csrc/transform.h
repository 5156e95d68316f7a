#pragma once

// Integer DCT-II and DST-VII of blocks of 4x4 to 64x64 (docs/FORMAT.md, Transform). The inverse is
// exact and part of the format; the forward transform serves the encoder only.

#include <cstdint>

#include "block_size.h"

namespace ablc {

/// coefficients: n x n, a row for each vertical frequency, in 1/4 of an orthonormal coefficient;
/// all are 0 but those of the first `rows` rows and `columns` columns. residual: n x n grey levels.
/// sine: DST-VII in both directions instead of DCT-II.
void inverse_transform(BlockSize size, bool sine, const std::int16_t* coefficients, int rows,
                       int columns, std::int16_t* residual);

/// residual: n x n grey levels. coefficients: n x n, orthonormal.
void forward_transform(BlockSize size, bool sine, const std::int16_t* residual,
                       float* coefficients);

/// Return the sum of absolute 8x8 (of a 4x4 block 4x4) Hadamard coefficients of an n x n residual,
/// on the scale of a sum of absolute differences.
int hadamard_cost(BlockSize size, const std::int16_t* residual);

}  // namespace ablc

#pragma once

// Integer DCT-II of 8x8, 16x16 and 32x32 blocks (docs/FORMAT.md, Transform). The inverse is exact
// and part of the format; the forward transform serves the encoder only.

#include <cstdint>

#include "block_size.h"

namespace ablc {

/// coefficients: n x n, row = vertical frequency, in 1/4 of an orthonormal coefficient; only the
/// first `rows` rows and `columns` columns may differ from zero. residual: n x n, grey levels.
void inverse_transform(BlockSize size, int kind, const std::int16_t* coefficients, int rows,
                       int columns, std::int16_t* residual);

/// residual: n x n grey levels. coefficients: n x n orthonormal.
/// kind: 1 = DST-VII down, 2 = DST-VII across, else DCT-II.
void forward_transform(BlockSize size, int kind, const std::int16_t* residual, float* coefficients);

/// Sum of absolute 8x8 Hadamard coefficients of an n x n residual, scaled like a sum of absolute
/// differences.
int hadamard_cost(BlockSize size, const std::int16_t* residual);

}  // namespace ablc

#pragma once

// Integer DCT-II of 8x8, 16x16 and 32x32 blocks (docs/FORMAT.md, Transform). The inverse is exact
// and part of the format; the forward transform serves the encoder only.

#include <cstdint>

namespace ablc {

inline constexpr int kMinLog2 = 3;
inline constexpr int kMaxLog2 = 5;
inline constexpr int kMaxBlock = 1 << kMaxLog2;
inline constexpr int kMaxArea = kMaxBlock * kMaxBlock;

/// coefficients: n x n, row = vertical frequency, in 1/4 of an orthonormal coefficient; only the
/// first `rows` rows and `columns` columns may differ from zero. residual: n x n, grey levels.
void inverse_transform(int log2_size, const std::int16_t* coefficients, int rows, int columns,
                       std::int16_t* residual);

/// residual: n x n grey levels. coefficients: n x n orthonormal.
void forward_transform(int log2_size, const std::int16_t* residual, float* coefficients);

/// Sum of absolute 8x8 Hadamard coefficients of an n x n residual, scaled like a sum of absolute
/// differences.
int hadamard_cost(int size, const std::int16_t* residual);

}  // namespace ablc

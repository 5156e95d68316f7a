#include "transform.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "dispatch.h"

namespace ablc {

namespace {

/// Basis of the n-point DCT in 1/1024: kBasis[k][x] = round(1024 c_k cos(pi (2x + 1) k / 2n)).
template <int N>
struct Basis {
  std::array<std::array<std::int32_t, N>, N> row;       // [frequency][position]
  std::array<std::array<float, N>, N> by_position;      // [position][frequency], orthonormal
  Basis() : row{}, by_position{} {
    for (int k = 0; k < N; ++k) {
      for (int x = 0; x < N; ++x) {
        const double c = std::sqrt((k == 0 ? 1.0 : 2.0) / N) * std::cos(M_PI * (2 * x + 1) * k / (2.0 * N));
        row[static_cast<std::size_t>(k)][static_cast<std::size_t>(x)] = static_cast<std::int32_t>(std::lround(1024 * c));
        by_position[static_cast<std::size_t>(x)][static_cast<std::size_t>(k)] = static_cast<float>(c);
      }
    }
  }
};
const Basis<8> kBasis8;
const Basis<16> kBasis16;
const Basis<32> kBasis32;

template <int N>
ABLC_INLINE void inverse(const Basis<N>& basis, const std::int16_t* coefficients, int rows, int columns,
                         std::int16_t* residual) {
  std::int16_t half[N][N];  // [y][horizontal frequency] in 1/16
  for (int y = 0; y < N; ++y) {
    std::int32_t sum[N] = {};
    for (int k = 0; k < rows; ++k) {
      const std::int32_t c = basis.row[static_cast<std::size_t>(k)][static_cast<std::size_t>(y)];
      const std::int16_t* in = coefficients + k * N;
      for (int x = 0; x < N; ++x) sum[x] += c * in[x];
    }
    for (int x = 0; x < N; ++x) half[y][x] = static_cast<std::int16_t>(std::clamp((sum[x] + 128) >> 8, -32768, 32767));
  }
  for (int y = 0; y < N; ++y) {
    std::int32_t sum[N] = {};
    for (int k = 0; k < columns; ++k) {
      const std::int32_t c = half[y][k];
      const std::int32_t* row = basis.row[static_cast<std::size_t>(k)].data();
      for (int x = 0; x < N; ++x) sum[x] += c * row[x];
    }
    for (int x = 0; x < N; ++x) residual[y * N + x] = static_cast<std::int16_t>((sum[x] + 8192) >> 14);
  }
}

template <int N>
ABLC_INLINE void forward(const Basis<N>& basis, const std::int16_t* residual, float* coefficients) {
  float half[N][N];  // [y][horizontal frequency]
  for (int y = 0; y < N; ++y) {
    float sum[N] = {};
    for (int x = 0; x < N; ++x) {
      const float r = residual[y * N + x];
      const float* row = basis.by_position[static_cast<std::size_t>(x)].data();
      for (int k = 0; k < N; ++k) sum[k] += r * row[k];
    }
    for (int k = 0; k < N; ++k) half[y][k] = sum[k];
  }
  for (int k = 0; k < N; ++k) {
    float sum[N] = {};
    for (int y = 0; y < N; ++y) {
      const float c = basis.by_position[static_cast<std::size_t>(y)][static_cast<std::size_t>(k)];
      for (int x = 0; x < N; ++x) sum[x] += c * half[y][x];
    }
    for (int x = 0; x < N; ++x) coefficients[k * N + x] = sum[x];
  }
}

ABLC_DISPATCH void inverse8(const std::int16_t* c, int rows, int columns, std::int16_t* r) { inverse<8>(kBasis8, c, rows, columns, r); }
ABLC_DISPATCH void inverse16(const std::int16_t* c, int rows, int columns, std::int16_t* r) { inverse<16>(kBasis16, c, rows, columns, r); }
ABLC_DISPATCH void inverse32(const std::int16_t* c, int rows, int columns, std::int16_t* r) { inverse<32>(kBasis32, c, rows, columns, r); }
ABLC_DISPATCH void forward8(const std::int16_t* r, float* c) { forward<8>(kBasis8, r, c); }
ABLC_DISPATCH void forward16(const std::int16_t* r, float* c) { forward<16>(kBasis16, r, c); }
ABLC_DISPATCH void forward32(const std::int16_t* r, float* c) { forward<32>(kBasis32, r, c); }

ABLC_DISPATCH int hadamard8x8(const std::int16_t* residual, int stride) {
  std::int16_t a[8][8];
  for (int y = 0; y < 8; ++y)
    for (int x = 0; x < 8; ++x) a[y][x] = residual[y * stride + x];
  // Butterflies down the columns (lanes = x), then the transpose and once more.
  const auto columns = [](std::int16_t(&m)[8][8]) {
    for (int span = 1; span < 8; span *= 2) {
      for (int y = 0; y < 8; ++y) {
        if (y & span) continue;
        for (int x = 0; x < 8; ++x) {
          const std::int16_t p = m[y][x];
          const std::int16_t q = m[y + span][x];
          m[y][x] = static_cast<std::int16_t>(p + q);
          m[y + span][x] = static_cast<std::int16_t>(p - q);
        }
      }
    }
  };
  columns(a);
  std::int16_t b[8][8];
  for (int y = 0; y < 8; ++y)
    for (int x = 0; x < 8; ++x) b[y][x] = a[x][y];
  columns(b);
  int sum = 0;
  for (int y = 0; y < 8; ++y)
    for (int x = 0; x < 8; ++x) sum += std::abs(static_cast<int>(b[y][x]));
  return (sum + 4) >> 3;
}

}  // namespace

void inverse_transform(int log2_size, const std::int16_t* coefficients, int rows, int columns, std::int16_t* residual) {
  if (log2_size == 3) return inverse8(coefficients, rows, columns, residual);
  if (log2_size == 4) return inverse16(coefficients, rows, columns, residual);
  inverse32(coefficients, rows, columns, residual);
}

void forward_transform(int log2_size, const std::int16_t* residual, float* coefficients) {
  if (log2_size == 3) return forward8(residual, coefficients);
  if (log2_size == 4) return forward16(residual, coefficients);
  forward32(residual, coefficients);
}

int hadamard_cost(int size, const std::int16_t* residual) {
  int sum = 0;
  for (int y = 0; y < size; y += 8)
    for (int x = 0; x < size; x += 8) sum += hadamard8x8(residual + y * size + x, size);
  return sum;
}

}  // namespace ablc

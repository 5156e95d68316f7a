#include "transform.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <numbers>

#include "array.h"
#include "dispatch.h"

namespace ablc {

namespace {

/// Basis of the n-point DCT in 1/1024: kBasis[k][x] = round(1024 c_k cos(pi (2x + 1) k / 2n)).
template <int N>
struct Basis {
  Array<Array<std::int32_t, N>, N> row;   // [frequency][position]
  Array<Array<float, N>, N> by_position;  // [position][frequency], orthonormal
  explicit Basis(bool sine = false) : row{}, by_position{} {
    for (int k = 0; k < N; ++k) {
      for (int x = 0; x < N; ++x) {
        const double c = sine ? std::sqrt(4.0 / (2 * N + 1)) *
                                    std::sin(std::numbers::pi * (2 * k + 1) * (x + 1) / (2 * N + 1))
                              : std::sqrt((k == 0 ? 1.0 : 2.0) / N) *
                                    std::cos(std::numbers::pi * (2 * x + 1) * k / (2.0 * N));
        row[k][x] = static_cast<std::int32_t>(std::lround(1024 * c));
        by_position[x][k] = static_cast<float>(c);
      }
    }
  }
};
const Basis<4> kBasis4[2] = {Basis<4>(false), Basis<4>(true)};
const Basis<64> kBasis64[2] = {Basis<64>(false), Basis<64>(true)};
const Basis<8> kBasis8[2] = {Basis<8>(false), Basis<8>(true)};
const Basis<16> kBasis16[2] = {Basis<16>(false), Basis<16>(true)};
const Basis<32> kBasis32[2] = {Basis<32>(false), Basis<32>(true)};

template <int N>
ABLC_INLINE void inverse(const Basis<N>& down, const Basis<N>& basis, const std::int16_t* coefficients, int rows,
                         int columns, std::int16_t* residual) {
  Array<Array<std::int16_t, N>, N> half;  // [y][horizontal frequency] in 1/16
  for (int y = 0; y < N; ++y) {
    Array<std::int32_t, N> sum{};
    for (int k = 0; k < rows; ++k) {
      const std::int32_t c = down.row[k][y];
      const std::int16_t* in = coefficients + k * N;
      for (int x = 0; x < N; ++x) sum[x] += c * in[x];
    }
    for (int x = 0; x < N; ++x)
      half[y][x] = static_cast<std::int16_t>(std::clamp((sum[x] + 128) >> 8, -32768, 32767));
  }
  for (int y = 0; y < N; ++y) {
    Array<std::int32_t, N> sum{};
    for (int k = 0; k < columns; ++k) {
      const std::int32_t c = half[y][k];
      const std::int32_t* row = basis.row[k].data();
      for (int x = 0; x < N; ++x) sum[x] += c * row[x];
    }
    for (int x = 0; x < N; ++x)
      residual[y * N + x] = static_cast<std::int16_t>((sum[x] + 8192) >> 14);
  }
}

template <int N>
ABLC_INLINE void forward(const Basis<N>& down, const Basis<N>& basis, const std::int16_t* residual, float* coefficients) {
  Array<Array<float, N>, N> half;  // [y][horizontal frequency]
  for (int y = 0; y < N; ++y) {
    Array<float, N> sum{};
    for (int x = 0; x < N; ++x) {
      const float r = residual[y * N + x];
      const float* row = basis.by_position[x].data();
      for (int k = 0; k < N; ++k) sum[k] += r * row[k];
    }
    for (int k = 0; k < N; ++k) half[y][k] = sum[k];
  }
  for (int k = 0; k < N; ++k) {
    Array<float, N> sum{};
    for (int y = 0; y < N; ++y) {
      const float c = down.by_position[y][k];
      for (int x = 0; x < N; ++x) sum[x] += c * half[y][x];
    }
    for (int x = 0; x < N; ++x) coefficients[k * N + x] = sum[x];
  }
}

ABLC_DISPATCH void inverse8(int kind, const std::int16_t* c, int rows, int columns, std::int16_t* r) {
  inverse<8>(kBasis8[kind & 1], kBasis8[kind >> 1], c, rows, columns, r);
}
ABLC_DISPATCH void inverse64(int kind, const std::int16_t* c, int rows, int columns, std::int16_t* r) {
  inverse<64>(kBasis64[kind & 1], kBasis64[kind >> 1], c, rows, columns, r);
}
ABLC_DISPATCH void inverse4(int kind, const std::int16_t* c, int rows, int columns, std::int16_t* r) {
  inverse<4>(kBasis4[kind & 1], kBasis4[kind >> 1], c, rows, columns, r);
}
ABLC_DISPATCH void inverse16(int kind, const std::int16_t* c, int rows, int columns, std::int16_t* r) {
  inverse<16>(kBasis16[kind & 1], kBasis16[kind >> 1], c, rows, columns, r);
}
ABLC_DISPATCH void inverse32(int kind, const std::int16_t* c, int rows, int columns, std::int16_t* r) {
  inverse<32>(kBasis32[kind & 1], kBasis32[kind >> 1], c, rows, columns, r);
}
ABLC_DISPATCH void forward8(int kind, const std::int16_t* r, float* c) {
  forward<8>(kBasis8[kind & 1], kBasis8[kind >> 1], r, c);
}
ABLC_DISPATCH void forward64(int kind, const std::int16_t* r, float* c) {
  forward<64>(kBasis64[kind & 1], kBasis64[kind >> 1], r, c);
}
ABLC_DISPATCH void forward4(int kind, const std::int16_t* r, float* c) {
  forward<4>(kBasis4[kind & 1], kBasis4[kind >> 1], r, c);
}
ABLC_DISPATCH void forward16(int kind, const std::int16_t* r, float* c) {
  forward<16>(kBasis16[kind & 1], kBasis16[kind >> 1], r, c);
}
ABLC_DISPATCH void forward32(int kind, const std::int16_t* r, float* c) {
  forward<32>(kBasis32[kind & 1], kBasis32[kind >> 1], r, c);
}

/// Eight rows of eight samples; spelt with vectors, because the transpose defeats the vectoriser.
int hadamard8x8(const std::int16_t* residual, int stride) {
  using Row = std::int16_t __attribute__((vector_size(16)));
  Row m[8];
  for (int y = 0; y < 8; ++y) std::memcpy(&m[y], residual + y * stride, sizeof m[y]);
  const auto butterflies = [&] {
    for (int span = 1; span < 8; span *= 2)
      for (int y = 0; y < 8; ++y) {
        if (y & span) continue;
        const Row p = m[y], q = m[y + span];
        m[y] = p + q;
        m[y + span] = p - q;
      }
  };
  butterflies();
  // Transpose by three rounds of interleaving rows y and y + 4.
  for (int round = 0; round < 3; ++round) {
    Row t[8];
    for (int y = 0; y < 4; ++y) {
      t[2 * y] = ABLC_SHUFFLE(m[y], m[y + 4], 0, 8, 1, 9, 2, 10, 3, 11);
      t[2 * y + 1] = ABLC_SHUFFLE(m[y], m[y + 4], 4, 12, 5, 13, 6, 14, 7, 15);
    }
    std::copy_n(t, 8, m);
  }
  butterflies();
  // At most 64 * 255 each, so two of them still fit 16 bits unsigned.
  using Wide = std::uint16_t __attribute__((vector_size(16)));
  std::uint32_t sum = 0;
  for (int y = 0; y < 8; y += 2) {
    const Row a = m[y] < 0 ? -m[y] : m[y], b = m[y + 1] < 0 ? -m[y + 1] : m[y + 1];
    const Wide both = reinterpret_cast<Wide>(a) + reinterpret_cast<Wide>(b);
    for (int x = 0; x < 8; ++x) sum += both[x];
  }
  return static_cast<int>((sum + 4) >> 3);
}

}  // namespace

void inverse_transform(BlockSize size, int kind, const std::int16_t* coefficients, int rows,
                       int columns, std::int16_t* residual) {
  if (size == kBlock4) return inverse4(kind, coefficients, rows, columns, residual);
  if (size == kBlock64) return inverse64(kind, coefficients, rows, columns, residual);
  if (size == kBlock8) return inverse8(kind, coefficients, rows, columns, residual);
  if (size == kBlock16) return inverse16(kind, coefficients, rows, columns, residual);
  inverse32(kind, coefficients, rows, columns, residual);
}

void forward_transform(BlockSize size, int kind, const std::int16_t* residual, float* coefficients) {
  if (size == kBlock4) return forward4(kind, residual, coefficients);
  if (size == kBlock64) return forward64(kind, residual, coefficients);
  if (size == kBlock8) return forward8(kind, residual, coefficients);
  if (size == kBlock16) return forward16(kind, residual, coefficients);
  forward32(kind, residual, coefficients);
}

int hadamard_cost(BlockSize size, const std::int16_t* residual) {
  const int n = size.side();
  int sum = 0;
  if (size == kBlock4) {
    int m[4][4];
    for (int y = 0; y < 4; ++y) {
      const std::int16_t* r = residual + 4 * y;
      const int a = r[0] + r[1], b = r[0] - r[1], c = r[2] + r[3], d = r[2] - r[3];
      m[y][0] = a + c, m[y][1] = b + d, m[y][2] = a - c, m[y][3] = b - d;
    }
    for (int x = 0; x < 4; ++x) {
      const int a = m[0][x] + m[1][x], b = m[0][x] - m[1][x], c = m[2][x] + m[3][x],
                d = m[2][x] - m[3][x];
      sum += std::abs(a + c) + std::abs(b + d) + std::abs(a - c) + std::abs(b - d);
    }
    return (sum + 2) >> 2;
  }
  for (int y = 0; y < n; y += 8)
    for (int x = 0; x < n; x += 8) sum += hadamard8x8(residual + y * n + x, n);
  return sum;
}

}  // namespace ablc

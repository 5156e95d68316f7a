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

/// Basis of the n-point DCT-II or DST-VII in 1/1024: row[k][x] is round(1024 b), b one of
///   c_k cos(pi (2x + 1) k / 2n)
///   sqrt(4 / (2n + 1)) sin(pi (2k + 1) (x + 1) / (2n + 1))
template <int N>
struct Basis {
  Array<Array<std::int32_t, N>, N> row;   // [frequency][position]
  Array<Array<float, N>, N> by_position;  // [position][frequency], orthonormal
  explicit Basis(bool sine) : row{}, by_position{} {
    for (int k = 0; k < N; ++k)
      for (int x = 0; x < N; ++x) {
        const double b = sine ? std::sqrt(4.0 / (2 * N + 1)) *
                                    std::sin(std::numbers::pi * (2 * k + 1) * (x + 1) / (2 * N + 1))
                              : std::sqrt((k == 0 ? 1.0 : 2.0) / N) *
                                    std::cos(std::numbers::pi * (2 * x + 1) * k / (2.0 * N));
        row[k][x] = static_cast<std::int32_t>(std::lround(1024 * b));
        by_position[x][k] = static_cast<float>(b);
      }
  }
};

/// Basis of one kind and size.
template <int N>
const Basis<N>& basis_of(bool sine) {
  static const Basis<N> kCosine(false), kSine(true);
  return sine ? kSine : kCosine;
}

template <int N>
ABLC_INLINE void inverse(const Basis<N>& basis, const std::int16_t* coefficients, int rows,
                         int columns, std::int16_t* residual) {
  Array<Array<std::int16_t, N>, N> half;  // [y][horizontal frequency] in 1/16
  for (int y = 0; y < N; ++y) {
    Array<std::int32_t, N> sum{};
    for (int k = 0; k < rows; ++k) {
      const std::int32_t c = basis.row[k][y];
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
ABLC_INLINE void forward(const Basis<N>& basis, const std::int16_t* residual, float* coefficients) {
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
      const float c = basis.by_position[y][k];
      for (int x = 0; x < N; ++x) sum[x] += c * half[y][x];
    }
    for (int x = 0; x < N; ++x) coefficients[k * N + x] = sum[x];
  }
}

ABLC_DISPATCH void inverse4(bool sine, const std::int16_t* c, int rows, int columns,
                            std::int16_t* r) {
  inverse<4>(basis_of<4>(sine), c, rows, columns, r);
}
ABLC_DISPATCH void inverse8(bool sine, const std::int16_t* c, int rows, int columns,
                            std::int16_t* r) {
  inverse<8>(basis_of<8>(sine), c, rows, columns, r);
}
ABLC_DISPATCH void inverse16(bool sine, const std::int16_t* c, int rows, int columns,
                             std::int16_t* r) {
  inverse<16>(basis_of<16>(sine), c, rows, columns, r);
}
ABLC_DISPATCH void inverse32(bool sine, const std::int16_t* c, int rows, int columns,
                             std::int16_t* r) {
  inverse<32>(basis_of<32>(sine), c, rows, columns, r);
}
ABLC_DISPATCH void inverse64(bool sine, const std::int16_t* c, int rows, int columns,
                             std::int16_t* r) {
  inverse<64>(basis_of<64>(sine), c, rows, columns, r);
}
ABLC_DISPATCH void forward4(bool sine, const std::int16_t* r, float* c) {
  forward<4>(basis_of<4>(sine), r, c);
}
ABLC_DISPATCH void forward8(bool sine, const std::int16_t* r, float* c) {
  forward<8>(basis_of<8>(sine), r, c);
}
ABLC_DISPATCH void forward16(bool sine, const std::int16_t* r, float* c) {
  forward<16>(basis_of<16>(sine), r, c);
}
ABLC_DISPATCH void forward32(bool sine, const std::int16_t* r, float* c) {
  forward<32>(basis_of<32>(sine), r, c);
}
ABLC_DISPATCH void forward64(bool sine, const std::int16_t* r, float* c) {
  forward<64>(basis_of<64>(sine), r, c);
}

/// The cost of 8x8 samples. Written with vectors, because the transpose defeats the vectoriser.
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

/// The same for 4x4 samples.
int hadamard4x4(const std::int16_t* residual) {
  int m[4][4];
  for (int y = 0; y < 4; ++y) {
    const std::int16_t* r = residual + 4 * y;
    const int a = r[0] + r[1], b = r[0] - r[1], c = r[2] + r[3], d = r[2] - r[3];
    m[y][0] = a + c, m[y][1] = b + d, m[y][2] = a - c, m[y][3] = b - d;
  }
  int sum = 0;
  for (int x = 0; x < 4; ++x) {
    const int a = m[0][x] + m[1][x], b = m[0][x] - m[1][x], c = m[2][x] + m[3][x],
              d = m[2][x] - m[3][x];
    sum += std::abs(a + c) + std::abs(b + d) + std::abs(a - c) + std::abs(b - d);
  }
  return (sum + 2) >> 2;
}

}  // namespace

void inverse_transform(BlockSize size, bool sine, const std::int16_t* coefficients, int rows,
                       int columns, std::int16_t* residual) {
  using Function = void (*)(bool, const std::int16_t*, int, int, std::int16_t*);
  static constexpr Array<Function, kSizes> kInverse = {inverse4, inverse8, inverse16, inverse32,
                                                       inverse64};
  kInverse[size.index()](sine, coefficients, rows, columns, residual);
}

void forward_transform(BlockSize size, bool sine, const std::int16_t* residual,
                       float* coefficients) {
  using Function = void (*)(bool, const std::int16_t*, float*);
  static constexpr Array<Function, kSizes> kForward = {forward4, forward8, forward16, forward32,
                                                       forward64};
  kForward[size.index()](sine, residual, coefficients);
}

int hadamard_cost(BlockSize size, const std::int16_t* residual) {
  if (size == kBlock4) return hadamard4x4(residual);
  const int n = size.side();
  int sum = 0;
  for (int y = 0; y < n; y += 8)
    for (int x = 0; x < n; x += 8) sum += hadamard8x8(residual + y * n + x, n);
  return sum;
}

}  // namespace ablc

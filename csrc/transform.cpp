#include "transform.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <numbers>

#include "array.h"
#include "dispatch.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace ablc {

namespace {

/// Basis of the n-point DCT-II or DST-VII in 1/1024: row[k][x] is round(1024 b), b one of
///   c_k cos(pi (2x + 1) k / 2n)
///   sqrt(4 / (2n + 1)) sin(pi (2k + 1) (x + 1) / (2n + 1))
template <int N>
struct Basis {
  Array<Array<std::int16_t, N>, N> row;   // [frequency][position]
  Array<Array<float, N>, N> by_position;  // [position][frequency], orthonormal
  explicit Basis(bool sine) : row{}, by_position{} {
    for (int k = 0; k < N; ++k)
      for (int x = 0; x < N; ++x) {
        const double b = sine ? std::sqrt(4.0 / (2 * N + 1)) *
                                    std::sin(std::numbers::pi * (2 * k + 1) * (x + 1) / (2 * N + 1))
                              : std::sqrt((k == 0 ? 1.0 : 2.0) / N) *
                                    std::cos(std::numbers::pi * (2 * x + 1) * k / (2.0 * N));
        row[k][x] = static_cast<std::int16_t>(std::lround(1024 * b));
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

using Halves = std::int16_t __attribute__((vector_size(16)));
using Sums = std::int32_t __attribute__((vector_size(16)));

template <class Vector>
ABLC_INLINE Vector load(const std::int16_t* from) {
  Vector v;
  std::memcpy(&v, from, sizeof v);
  return v;
}

/// Four numbers in the lower half of a vector; the upper one is of no account.
ABLC_INLINE Halves load4(const std::int16_t* from) {
  const auto v = load<std::int16_t __attribute__((vector_size(8)))>(from);
  return ABLC_SHUFFLE(v, v, 0, 1, 2, 3, 0, 1, 2, 3);
}

/// Two numbers, four times.
ABLC_INLINE Halves load_pair(const std::int16_t* from) {
  std::int32_t pair;
  std::memcpy(&pair, from, sizeof pair);
  return reinterpret_cast<Halves>(Sums{pair, pair, pair, pair});
}

/// a[2i] b[2i] + a[2i + 1] b[2i + 1]: an instruction that compilers do not find.
ABLC_INLINE Sums multiply_pairs(Halves a, Halves b) {
#ifdef __SSE2__
  return reinterpret_cast<Sums>(
      _mm_madd_epi16(reinterpret_cast<__m128i>(a), reinterpret_cast<__m128i>(b)));
#else
  Sums sums;
  for (int i = 0; i < 4; ++i) sums[i] = a[2 * i] * b[2 * i] + a[2 * i + 1] * b[2 * i + 1];
  return sums;
#endif
}

/// Store four numbers, clamped to 16 bits.
ABLC_INLINE void store4(Sums v, std::int16_t* to) {
#ifdef __SSE2__
  const __m128i sums = reinterpret_cast<__m128i>(v);
  _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_packs_epi32(sums, sums));
#else
  for (int i = 0; i < 4; ++i) to[i] = static_cast<std::int16_t>(std::clamp(v[i], -32768, 32767));
#endif
}

/// The basis of an inverse transform by pairs of frequencies, for multiply_pairs. Even frequencies
/// of a DCT-II are the same at mirrored positions, odd ones their negatives: pairs of even and of
/// odd ones take turns, and half of the positions suffice.
template <int N, bool kMirrored>
struct PairBasis {
  static constexpr int kPositions = kMirrored ? N / 2 : N;
  Array<Array<std::int16_t, 2 * kPositions>, N / 2> pair;

  static constexpr int first(int p) { return kMirrored ? p / 2 * 4 + p % 2 : 2 * p; }
  static constexpr int second(int p) { return first(p) + (kMirrored ? 2 : 1); }
  /// Pairs that hold the lowest `count` frequencies; even if the basis is mirrored.
  static constexpr int pairs(int count) {
    return kMirrored ? (count + 3) / 4 * 2 : (count + 1) / 2;
  }

  explicit PairBasis(const Basis<N>& basis) : pair{} {
    for (int p = 0; p < N / 2; ++p)
      for (int x = 0; x < kPositions; ++x) {
        pair[p][2 * x] = basis.row[first(p)][x];
        pair[p][2 * x + 1] = basis.row[second(p)][x];
      }
  }
};

/// Sums over pairs of frequencies at a position, and at the mirrored one.
template <bool kMirrored>
struct PairSums {
  Sums even{}, odd{};  // a plain basis has the sum of all in even
  ABLC_INLINE void add(int p, Halves a, Halves b) {
    (kMirrored && p % 2 ? odd : even) += multiply_pairs(a, b);
  }
};

/// Transform four columns. half: [y][horizontal frequency] in 1/16; of a mirrored basis, the second
/// and the third of four frequencies change places, so that pairs lie side by side.
template <int N, bool kMirrored>
ABLC_INLINE void inverse_columns(const PairBasis<N, kMirrored>& basis,
                                 const std::int16_t* coefficients, int rows, std::int16_t* half) {
  using Pairs = PairBasis<N, kMirrored>;
  const int pairs = Pairs::pairs(rows);
  Halves in[std::size_t{N} / 2];
  const auto row = [&](int k) __attribute__((always_inline)) {
    return k < rows ? load4(coefficients + k * N) : Halves{};
  };
  for (int p = 0; p < pairs; ++p) {
    const Halves a = row(Pairs::first(p)), b = row(Pairs::second(p));
    in[p] = kMirrored ? ABLC_SHUFFLE(a, b, 0, 8, 2, 10, 1, 9, 3, 11)
                      : ABLC_SHUFFLE(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
  }
  for (int y = 0; y < Pairs::kPositions; ++y) {
    PairSums<kMirrored> sums;
    for (int p = 0; p < pairs; p += kMirrored ? 2 : 1) {
      sums.add(0, in[p], load_pair(&basis.pair[p][2 * y]));
      if (kMirrored) sums.add(1, in[p + 1], load_pair(&basis.pair[p + 1][2 * y]));
    }
    store4((sums.even + sums.odd + 128) >> 8, half + y * N);
    if (kMirrored) store4((sums.even - sums.odd + 128) >> 8, half + (N - 1 - y) * N);
  }
}

/// Transform a row. The results are below 2^15, because the magnitudes of a basis add up to less
/// than 1024 sqrt(N) at each position.
template <int N, bool kMirrored>
ABLC_INLINE void inverse_row(const PairBasis<N, kMirrored>& basis, const std::int16_t* half,
                             int columns, std::int16_t* residual) {
  using Pairs = PairBasis<N, kMirrored>;
  const int pairs = Pairs::pairs(columns);
  for (int x = 0; x < Pairs::kPositions; x += 4) {
    PairSums<kMirrored> sums;
    for (int p = 0; p < pairs; p += kMirrored ? 2 : 1) {
      sums.add(0, load_pair(half + 2 * p), load<Halves>(&basis.pair[p][2 * x]));
      if (kMirrored)
        sums.add(1, load_pair(half + 2 * p + 2), load<Halves>(&basis.pair[p + 1][2 * x]));
    }
    store4((sums.even + sums.odd + 8192) >> 14, residual + x);
    if (!kMirrored) continue;
    const Sums mirrored = (sums.even - sums.odd + 8192) >> 14;
    store4(ABLC_SHUFFLE(mirrored, mirrored, 3, 2, 1, 0), residual + N - 4 - x);
  }
}

template <int N, bool kMirrored>
ABLC_INLINE void inverse(const PairBasis<N, kMirrored>& basis, const std::int16_t* coefficients,
                         int rows, int columns, std::int16_t* residual) {
  std::int16_t half[std::size_t{N} * N];
  for (int x = 0; x < columns; x += 4) inverse_columns(basis, coefficients + x, rows, half + x);
  for (int y = 0; y < N; ++y) inverse_row(basis, half + y * N, columns, residual + y * N);
}

/// The lowest coefficient of a DCT-II alone: all samples are equal.
template <int N>
void inverse_constant(std::int16_t coefficient, std::int16_t* residual) {
  const int basis = basis_of<N>(false).row[0][0];
  const int half = std::clamp((coefficient * basis + 128) >> 8, -32768, 32767);
  std::fill_n(residual, N * N, static_cast<std::int16_t>((half * basis + 8192) >> 14));
}

template <int N>
ABLC_INLINE void inverse(bool sine, const std::int16_t* coefficients, int rows, int columns,
                         std::int16_t* residual) {
  constexpr bool kMirrored = N > 4;  // four positions fill a vector
  if (sine) {
    static const PairBasis<N, false> kSine(basis_of<N>(true));
    inverse(kSine, coefficients, rows, columns, residual);
  } else if (rows == 1 && columns == 1) {
    inverse_constant<N>(coefficients[0], residual);
  } else {
    static const PairBasis<N, kMirrored> kCosine(basis_of<N>(false));
    inverse(kCosine, coefficients, rows, columns, residual);
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
  inverse<4>(sine, c, rows, columns, r);
}
ABLC_DISPATCH void inverse8(bool sine, const std::int16_t* c, int rows, int columns,
                            std::int16_t* r) {
  inverse<8>(sine, c, rows, columns, r);
}
ABLC_DISPATCH void inverse16(bool sine, const std::int16_t* c, int rows, int columns,
                             std::int16_t* r) {
  inverse<16>(sine, c, rows, columns, r);
}
ABLC_DISPATCH void inverse32(bool sine, const std::int16_t* c, int rows, int columns,
                             std::int16_t* r) {
  inverse<32>(sine, c, rows, columns, r);
}
ABLC_DISPATCH void inverse64(bool sine, const std::int16_t* c, int rows, int columns,
                             std::int16_t* r) {
  inverse<64>(sine, c, rows, columns, r);
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

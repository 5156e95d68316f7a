#include "predict.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "dispatch.h"

namespace ablc {

namespace {

/// Taps of Catmull-Rom interpolation at i / 32, in 1/64.
constexpr auto kCubic = [] {
  Array<Array<std::int16_t, 4>, 32> taps{};
  for (int i = 0; i < 32; ++i) {
    const int t = i, t2 = i * i, t3 = i * i * i;  // in 1/32, 1/32^2, 1/32^3
    const int unit = 32 * 32 * 32;                // 64 taps / 2 = 32 per unit
    const auto round = [&](int numerator) {
      return (numerator * 32 + (numerator < 0 ? -unit : unit) / 2) / unit;
    };
    const int a = round(-t3 + 2 * 32 * t2 - 32 * 32 * t);
    const int c = round(-3 * t3 + 4 * 32 * t2 + 32 * 32 * t);
    const int d = round(t3 - 32 * t2);
    taps[i] = {static_cast<std::int16_t>(a), static_cast<std::int16_t>(64 - a - c - d),
               static_cast<std::int16_t>(c), static_cast<std::int16_t>(d)};
  }
  return taps;
}();

/// Taps of linear interpolation and [1 2 1] / 4 at once, in 1/64: the smoothing interpolation of
/// VVC (ITU-T H.266, 8.4.5.2.13).
constexpr auto kSmooth = [] {
  Array<Array<std::int16_t, 4>, 32> taps{};
  for (int i = 0; i < 32; ++i)
    taps[i] = {static_cast<std::int16_t>(16 - (i >> 1)), static_cast<std::int16_t>(32 - (i >> 1)),
               static_cast<std::int16_t>(16 + (i >> 1)), static_cast<std::int16_t>(i >> 1)};
  return taps;
}();

constexpr int log2_of(int n) {
  return n == 1 ? 0 : 1 + log2_of(n / 2);
}

// Sums of products fit 16 bits: samples are at most 255, and the magnitudes of the taps of an
// interpolation, or the weights of two borders and a sample, add up to less than 128.

/// Numbers side by side.
template <int kLanes>
struct Vectors {
  using Numbers [[gnu::vector_size(2 * kLanes)]] = std::int16_t;
  using Bytes [[gnu::vector_size(kLanes)]] = std::uint8_t;
};
template <int kLanes>
using Lanes = typename Vectors<kLanes>::Numbers;
template <int kLanes>
using Bytes = typename Vectors<kLanes>::Bytes;

template <int kLanes>
ABLC_INLINE Lanes<kLanes> load(const std::int16_t* from) {
  Lanes<kLanes> v;
  std::memcpy(&v, from, sizeof v);
  return v;
}
template <int kLanes>
ABLC_INLINE Lanes<kLanes> load(const std::uint8_t* from) {
  Bytes<kLanes> v;
  std::memcpy(&v, from, sizeof v);
  return __builtin_convertvector(v, Lanes<kLanes>);
}
/// Store samples 0..255.
template <int kLanes>
ABLC_INLINE void store(Lanes<kLanes> v, std::uint8_t* to) {
  const auto narrow = __builtin_convertvector(v, Bytes<kLanes>);
  std::memcpy(to, &narrow, sizeof narrow);
}
template <int kLanes>
ABLC_INLINE Lanes<kLanes> clip(Lanes<kLanes> v) {
  const Lanes<kLanes> white = Lanes<kLanes>{} + 255;
  v = v < 0 ? Lanes<kLanes>{} : v;
  return v > white ? white : v;
}

/// Samples of a border that a direction reads: index 0 is the corner, negative ones are those of
/// the other border, projected along the direction.
template <int N>
class Line {
 public:
  ABLC_INLINE Line(const std::int16_t* main, const std::int16_t* side, int displacement) {
    std::int16_t* at = samples_.data() + kBefore;
    std::copy_n(main, 2 * N + 1, at);
    at[2 * N + 1] = at[2 * N + 2] = main[2 * N];
    if (displacement >= 0) return;  // towards the upper right: never before the corner
    const int inverse = kInverse[-displacement];
    const int reach = ((N * -displacement) >> 5) + 2;
    for (int i = 1; i <= reach; ++i) at[-i] = side[std::min((i * inverse + 128) >> 8, 2 * N)];
  }
  const std::int16_t* at(int i) const { return samples_.data() + kBefore + i; }

 private:
  static constexpr int kBefore = N + 2;
  /// 32 / displacement in 1/256.
  static constexpr auto kInverse = [] {
    Array<int, 33> inverse{};
    for (int i = 1; i <= 32; ++i) inverse[i] = (32 * 256 + i / 2) / i;
    return inverse;
  }();
  Array<std::int16_t, 3 * N + 6> samples_;
};

/// Weight of the side border in a column, by the scale of its decay.
constexpr auto kSideWeights = [] {
  Array<Array<std::int16_t, 16>, 3> weights{};
  for (int scale = 0; scale < 3; ++scale)
    for (int x = 0; x < 16; ++x)
      weights[scale][x] = static_cast<std::int16_t>(32 >> ((2 * x) >> scale));
  return weights;
}();

/// What the side border's mixture depends on beside the size, by displacement.
struct SideStep {
  int inverse;  // 32 / displacement in 1/512
  int log2;     // of 3 inverse, about
};
constexpr auto kSideSteps = [] {
  Array<SideStep, 33> steps{};
  for (int i = 1; i <= 32; ++i) {
    SideStep& step = steps[i];
    step.inverse = (512 * 32 + i / 2) / i;
    while ((2 << step.log2) <= 3 * step.inverse - 2) ++step.log2;
  }
  return steps;
}();

/// Transpose k x k numbers, k = 4 or 8, by rounds of interleaving rows y and y + k / 2.
template <int k>
ABLC_INLINE void transpose(Lanes<k>* m) {
  for (int round = 1; round < k; round *= 2) {
    Lanes<k> t[std::size_t{k}];
    for (int y = 0; y < k / 2; ++y) {
      const Lanes<k> a = m[y], b = m[y + k / 2];
      if constexpr (k == 4) {
        t[2 * y] = ABLC_SHUFFLE(a, b, 0, 4, 1, 5);
        t[2 * y + 1] = ABLC_SHUFFLE(a, b, 2, 6, 3, 7);
      } else {
        t[2 * y] = ABLC_SHUFFLE(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
        t[2 * y + 1] = ABLC_SHUFFLE(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
      }
    }
    std::copy_n(t, k, m);
  }
}

/// Mix the side border into a block that the vertical direction predicts, by its difference from
/// the corner.
template <int N>
ABLC_INLINE void mix_differences(const std::int16_t* side, std::uint8_t* block) {
  constexpr int kScale = (2 * log2_of(N) - 2) >> 2;
  constexpr int kWidth = std::min(N, 16);  // of the weights that are not 0, and some more
  const auto weights = load<kWidth>(kSideWeights[kScale].data());
  for (int y = 0; y < N; ++y) {
    const auto difference = static_cast<std::int16_t>(side[y + 1] - side[0]);
    const auto v = load<kWidth>(block + y * N);
    store<kWidth>(clip<kWidth>(v + ((weights * difference + 32) >> 6)), block + y * N);
  }
}

/// Mix the side border, read along a direction, into a block that this direction predicts.
template <int N>
ABLC_INLINE void mix_along(const std::int16_t* side, int displacement, std::uint8_t* block) {
  constexpr int kTile = std::min(N, 8);
  const SideStep step = kSideSteps[displacement];
  const int scale = std::min(2, log2_of(N) - step.log2 + 8);
  if (scale < 0) return;
  std::int16_t line[std::size_t{4} * N + 2];  // the border, its end repeated
  std::copy_n(side, 2 * N + 1, line);
  std::fill_n(line + 2 * N + 1, 2 * N + 1, side[2 * N]);
  const int reach = std::min(N, 3 << scale);
  for (int x = 0; x < reach; x += kTile) {
    const auto weights = load<kTile>(kSideWeights[scale].data() + x);
    for (int y = 0; y < N; y += kTile) {
      Lanes<kTile> along[std::size_t{kTile}];  // by columns at first
      for (int i = 0; i < kTile; ++i) {
        const int at = std::min(((x + i + 1) * step.inverse + 256) >> 9, 2 * N);
        along[i] = load<kTile>(line + y + 1 + at);
      }
      transpose<kTile>(along);
      for (int i = 0; i < kTile; ++i) {
        std::uint8_t* to = block + (y + i) * N + x;
        const auto v = load<kTile>(to);
        store<kTile>((along[i] * weights + (64 - weights) * v + 32) >> 6, to);
      }
    }
  }
}

/// Extend the border along a vertical direction into the block. main: the border from which the
/// direction starts; side: the other one. The side border is mixed in, the less the farther away
/// (position dependent combination, ITU-T H.266, 8.4.5.2.15).
template <int N>
ABLC_INLINE void slide(const std::int16_t* main, const std::int16_t* side, int displacement,
                       bool smooth, std::uint8_t* block) {
  constexpr int kWidth = std::min(N, 16);
  const Line<N> line(main, side, displacement);
  for (int y = 0; y < N; ++y) {
    const int at = (y + 1) * displacement;
    const auto& taps = smooth ? kSmooth[at & 31] : kCubic[at & 31];
    const std::int16_t* r = line.at((at >> 5) + 1);
    for (int x = 0; x < N; x += kWidth) {
      const auto sum = load<kWidth>(r + x - 1) * taps[0] + load<kWidth>(r + x) * taps[1] +
                       load<kWidth>(r + x + 1) * taps[2] + load<kWidth>(r + x + 2) * taps[3];
      store<kWidth>(clip<kWidth>((sum + 32) >> 6), block + y * N + x);
    }
  }
  if (displacement == 0) mix_differences<N>(side, block);
  if (displacement > 0) mix_along<N>(side, displacement, block);
}

/// Transpose a block of 8x8 bytes by three rounds of interleaving its halves.
ABLC_INLINE void transpose_tile(const std::uint8_t* in, std::uint8_t* out, int stride) {
  using Rows = Bytes<16>;  // two of them
  Rows m[4];
  for (std::size_t i = 0; i < 8; ++i)
    std::memcpy(reinterpret_cast<std::uint8_t*>(m) + 8 * i,
                in + static_cast<std::ptrdiff_t>(i) * stride, 8);
  for (int round = 0; round < 3; ++round) {
    Rows t[4];
    for (int i = 0; i < 2; ++i) {
      const Rows a = m[i], b = m[i + 2];
      t[2 * i] = ABLC_SHUFFLE(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      t[2 * i + 1] =
          ABLC_SHUFFLE(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    }
    std::copy_n(t, 4, m);
  }
  for (std::size_t i = 0; i < 8; ++i)
    std::memcpy(out + static_cast<std::ptrdiff_t>(i) * stride,
                reinterpret_cast<const std::uint8_t*>(m) + 8 * i, 8);
}

template <int N>
ABLC_INLINE void transpose_block(const std::uint8_t* in, std::uint8_t* out) {
  if constexpr (N == 4) {
    Bytes<16> m;
    std::memcpy(&m, in, sizeof m);
    m = ABLC_SHUFFLE(m, m, 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    std::memcpy(out, &m, sizeof m);
  } else {
    for (int y = 0; y < N; y += 8)
      for (int x = 0; x < N; x += 8) transpose_tile(in + y * N + x, out + x * N + y, N);
  }
}

/// Soften samples 1..N + 1 of a border by [1 2 1] / 4.
template <int N>
ABLC_INLINE void soften(const std::int16_t* in, std::int16_t* out) {
  for (int i = 1; i <= N + 1; ++i)
    out[i] = static_cast<std::int16_t>((in[i - 1] + 2 * in[i] + in[i + 1] + 2) >> 2);
}

/// What planar and DC prediction have in common: both borders are mixed in, the less the farther
/// away. inside(x, y): the prediction of a row's samples from x on before that.
template <int N, class Inside>
ABLC_INLINE void mix_borders(const std::int16_t* top, const std::int16_t* left, Inside&& inside,
                             std::uint8_t* out) {
  constexpr int kWidth = std::min(N, 16);
  constexpr int kScale = (2 * log2_of(N) - 2) >> 2;
  for (int x = 0; x < N; x += kWidth) {
    const auto above = load<kWidth>(top + x + 1);
    const auto of_left = x < 16 ? load<kWidth>(kSideWeights[kScale].data()) : Lanes<kWidth>{};
    for (int y = 0; y < N; ++y) {
      const auto of_top = static_cast<std::int16_t>(32 >> std::min((2 * y) >> kScale, 15));
      const Lanes<kWidth> v = of_left * left[y + 1] + above * of_top +
                              (static_cast<std::int16_t>(64 - of_top) - of_left) * inside(x, y);
      store<kWidth>((v + 32) >> 6, out + y * N + x);
    }
  }
}

template <int N>
ABLC_INLINE void predict_dc(const std::int16_t* top, const std::int16_t* left, std::uint8_t* out) {
  constexpr int kWidth = std::min(N, 16);
  int sum = N;
  for (int i = 1; i <= N; ++i) sum += top[i] + left[i];
  const auto mean = static_cast<std::int16_t>(sum >> (log2_of(N) + 1));
  const auto dc = Lanes<kWidth>{} + mean;
  mix_borders<N>(top, left, [&](int, int) __attribute__((always_inline)) { return dc; }, out);
}

/// The mean of two linear interpolations: across between the left border and the end of the upper
/// one, down between the upper border and the end of the left one. Sums reach 2N * 255 + N, which
/// fits 16 bits.
template <int N>
ABLC_INLINE void predict_planar(const std::int16_t* top, const std::int16_t* left,
                                std::uint8_t* out) {
  constexpr int kWidth = std::min(N, 16);
  Lanes<kWidth> ramp;
  for (int i = 0; i < kWidth; ++i) ramp[i] = static_cast<std::int16_t>(i);
  const std::int16_t right = top[N + 1], bottom = left[N + 1];
  const auto inside = [&](int x, int y) __attribute__((always_inline)) {
    const auto column = ramp + static_cast<std::int16_t>(x);
    const auto across =
        (static_cast<std::int16_t>(N - 1) - column) * left[y + 1] + (column + 1) * right;
    const auto down = load<kWidth>(top + x + 1) * static_cast<std::int16_t>(N - 1 - y) +
                      static_cast<std::int16_t>((y + 1) * bottom + N);
    return (across + down) >> (log2_of(N) + 1);
  };
  mix_borders<N>(top, left, inside, out);
}

/// True for the directions that smooth interpolation suits: those far enough from right and down to
/// read between samples; the larger the block the more of them.
template <int N>
bool is_oblique(int mode) {
  constexpr int kNearest = N == 4 ? 16 : N == 8 ? 7 : N == 16 ? 1 : 0;
  return std::min(std::abs(mode - kModeRight), std::abs(mode - kModeDown)) > kNearest;
}

template <int N>
ABLC_INLINE void predict(int mode, const Border& border, bool smooth, std::uint8_t* out) {
  const std::int16_t* top = border.top.data();
  const std::int16_t* left = border.left.data();
  if (mode == kModeDc) return predict_dc<N>(top, left, out);
  if (mode == kModePlanar) {
    if (N == 4 || !smooth) return predict_planar<N>(top, left, out);
    Border::Samples soft_top, soft_left;
    soften<N>(top, soft_top.data());
    soften<N>(left, soft_left.data());
    return predict_planar<N>(soft_top.data(), soft_left.data(), out);
  }
  const int direction = mode - kModeAngular;
  const bool soft = smooth && is_oblique<N>(mode);
  if (direction >= kVertical) return slide<N>(top, left, kDisplacement[direction], soft, out);
  std::uint8_t turned[std::size_t{N} * N];
  slide<N>(left, top, kDisplacement[direction], soft, turned);
  transpose_block<N>(turned, out);
}

ABLC_DISPATCH void predict4(int mode, const Border& b, bool smooth, std::uint8_t* out) {
  predict<4>(mode, b, smooth, out);
}
ABLC_DISPATCH void predict8(int mode, const Border& b, bool smooth, std::uint8_t* out) {
  predict<8>(mode, b, smooth, out);
}
ABLC_DISPATCH void predict16(int mode, const Border& b, bool smooth, std::uint8_t* out) {
  predict<16>(mode, b, smooth, out);
}
ABLC_DISPATCH void predict32(int mode, const Border& b, bool smooth, std::uint8_t* out) {
  predict<32>(mode, b, smooth, out);
}
ABLC_DISPATCH void predict64(int mode, const Border& b, bool smooth, std::uint8_t* out) {
  predict<64>(mode, b, smooth, out);
}

}  // namespace

void predict_block(int mode, BlockSize size, const Border& border, bool smooth, std::uint8_t* out) {
  static constexpr Array<void (*)(int, const Border&, bool, std::uint8_t*), kSizes> kPredict = {
      predict4, predict8, predict16, predict32, predict64};
  kPredict[size.index()](mode, border, smooth, out);
}

}  // namespace ablc

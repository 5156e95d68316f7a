#include "predict.h"

#include <algorithm>
#include <cstdlib>

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

/// Samples of a border that a direction reads: index 0 is the corner, negative ones are those of
/// the other border, projected along the direction.
template <int N>
class Line {
 public:
  ABLC_INLINE Line(const std::int16_t* main, const std::int16_t* side, int displacement) {
    std::int16_t* at = samples_.data() + kBefore;
    for (int i = 0; i <= 2 * N; ++i) at[i] = main[i];
    at[2 * N + 1] = at[2 * N + 2] = main[2 * N];
    if (displacement < 0) {
      const int inverse = (32 * 256 + (-displacement) / 2) / -displacement;
      for (int i = 1; i <= kBefore; ++i) at[-i] = side[std::min((i * inverse + 128) >> 8, 2 * N)];
    } else {
      for (int i = 1; i <= kBefore; ++i) at[-i] = side[1];
    }
  }
  const std::int16_t* at(int i) const { return samples_.data() + kBefore + i; }

 private:
  static constexpr int kBefore = N + 2;
  Array<std::int16_t, 3 * N + 6> samples_;
};

/// Mix the side border into a block that a vertical direction predicts, the less the farther from
/// it (position dependent combination, ITU-T H.266, 8.4.5.2.15). displacement: not negative.
template <int N>
ABLC_INLINE void mix_side(const std::int16_t* side, int displacement, std::int16_t* block) {
  constexpr int kLog2 = log2_of(N);
  int scale = (2 * kLog2 - 2) >> 2;
  int inverse = 0;
  if (displacement > 0) {
    inverse = (512 * 32 + displacement / 2) / displacement;
    int log = 0;
    while ((2 << log) <= 3 * inverse - 2) ++log;
    scale = std::min(2, kLog2 - log + 8);
    if (scale < 0) return;
  }
  const int reach = std::min(N, 3 << scale);
  for (int y = 0; y < N; ++y)
    for (int x = 0; x < reach; ++x) {
      const int weight = 32 >> ((2 * x) >> scale);
      std::int16_t& v = block[y * N + x];
      const int s = displacement == 0
                        ? side[y + 1] - side[0] + v
                        : side[std::min(y + 1 + (((x + 1) * inverse + 256) >> 9), 2 * N)];
      v = static_cast<std::int16_t>(clip_pixel((s * weight + (64 - weight) * v + 32) >> 6));
    }
}

/// Extend the border along a vertical direction into the block. main: the border from which the
/// direction starts; side: the other one.
template <int N>
ABLC_INLINE void slide(const std::int16_t* main, const std::int16_t* side, int displacement,
                       bool smooth, std::int16_t* block) {
  const Line<N> line(main, side, displacement);
  for (int y = 0; y < N; ++y) {
    const int at = (y + 1) * displacement;
    const auto& taps = smooth ? kSmooth[at & 31] : kCubic[at & 31];
    const std::int16_t* r = line.at((at >> 5) + 1);
    for (int x = 0; x < N; ++x)
      block[y * N + x] = static_cast<std::int16_t>(clip_pixel(
          (r[x - 1] * taps[0] + r[x] * taps[1] + r[x + 1] * taps[2] + r[x + 2] * taps[3] + 32) >>
          6));
  }
  if (displacement >= 0) mix_side<N>(side, displacement, block);
}

/// Soften samples 1..N + 1 of a border by [1 2 1] / 4.
template <int N>
ABLC_INLINE void soften(const std::int16_t* in, std::int16_t* out) {
  for (int i = 1; i <= N + 1; ++i)
    out[i] = static_cast<std::int16_t>((in[i - 1] + 2 * in[i] + in[i + 1] + 2) >> 2);
}

/// Planar or DC prediction; both borders are mixed in, the less the farther away.
template <int N>
ABLC_INLINE void predict_flat(bool planar, const std::int16_t* top, const std::int16_t* left,
                              std::uint8_t* out) {
  constexpr int kLog2 = log2_of(N);
  constexpr int kScale = (2 * kLog2 - 2) >> 2;
  int sum = N;
  for (int i = 1; i <= N; ++i) sum += top[i] + left[i];
  const int dc = sum >> (kLog2 + 1);
  for (int y = 0; y < N; ++y)
    for (int x = 0; x < N; ++x) {
      int v = dc;
      if (planar)
        v = ((N - 1 - x) * left[y + 1] + (x + 1) * top[N + 1] + (N - 1 - y) * top[x + 1] +
             (y + 1) * left[N + 1] + N) >>
            (kLog2 + 1);
      const int wt = 32 >> std::min((2 * y) >> kScale, 31);
      const int wl = 32 >> std::min((2 * x) >> kScale, 31);
      v = (left[y + 1] * wl + top[x + 1] * wt + (64 - wl - wt) * v + 32) >> 6;
      out[y * N + x] = static_cast<std::uint8_t>(clip_pixel(v));
    }
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
  if (mode < kModeAngular) {
    if (N == 4 || mode == kModeDc || !smooth)
      return predict_flat<N>(mode == kModePlanar, top, left, out);
    Border::Samples soft_top, soft_left;
    soften<N>(top, soft_top.data());
    soften<N>(left, soft_left.data());
    return predict_flat<N>(true, soft_top.data(), soft_left.data(), out);
  }
  const int direction = mode - kModeAngular;
  const bool soft = smooth && is_oblique<N>(mode);
  Array<std::int16_t, N * N> block;
  if (direction >= kVertical) {
    slide<N>(top, left, kDisplacement[direction], soft, block.data());
    for (int i = 0; i < N * N; ++i) out[i] = static_cast<std::uint8_t>(block[i]);
  } else {
    slide<N>(left, top, kDisplacement[direction], soft, block.data());
    for (int y = 0; y < N; ++y)
      for (int x = 0; x < N; ++x) out[y * N + x] = static_cast<std::uint8_t>(block[x * N + y]);
  }
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

#include "predict.h"

#include <algorithm>
#include <cstdlib>

#include "dispatch.h"
#include "tuning.h"

namespace ablc {

namespace {

// Displacement per row (vertical directions, second half) or per column (horizontal, first half),
// in 1/32 sample; positive leads away from the corner. The angles of HEVC.
constexpr int kVertical = kDirections / 2;
constexpr Array<int, kDirections> kDisplacement = {
    26,  21,  17,  13,  9,  5,  2,  0, -2, -5, -9, -13, -17, -21, -26, -32,
    -26, -21, -17, -13, -9, -5, -2, 0, 2,  5,  9,  13,  17,  21,  26,  32};

/// Catmull-Rom interpolation at i / 32, in 1/64.
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

/// Linear and [1 2 1] at once: VVC's smoothing interpolation, in 1/64.
constexpr auto kGauss = [] {
  Array<Array<std::int16_t, 4>, 32> taps{};
  for (int i = 0; i < 32; ++i)
    taps[i] = {static_cast<std::int16_t>(16 - (i >> 1)), static_cast<std::int16_t>(32 - (i >> 1)),
               static_cast<std::int16_t>(16 + (i >> 1)), static_cast<std::int16_t>(i >> 1)};
  return taps;
}();

const bool kPdpc = tuned("NB_PDPC", 1) != 0, kSmooth = tuned("NB_SMOOTH", 1) != 0;

constexpr int log2_of(int n) {
  return n == 4 ? 2 : n == 8 ? 3 : n == 16 ? 4 : n == 32 ? 5 : 6;
}

/// The samples that a vertical direction carries into the block: main is the border it starts from,
/// side the other one. With VVC's position dependent combination.
template <int N>
ABLC_INLINE void slide(const std::int16_t* main, const std::int16_t* side, int displacement,
                       bool smooth, std::int16_t* out) {
  Array<std::int16_t, 3 * N + 6> line;
  std::int16_t* ref = line.data() + N + 2;  // ref[0] is the corner; ref[-N - 2 .. 2 N + 2] exist
  for (int i = 0; i <= 2 * N; ++i) ref[i] = main[i];
  ref[2 * N + 1] = ref[2 * N + 2] = main[2 * N];
  if (displacement < 0) {
    // The side border, projected along the direction.
    const int inverse = (32 * 256 + (-displacement) / 2) / -displacement;
    for (int i = 1; i <= N + 2; ++i) ref[-i] = side[std::min((i * inverse + 128) >> 8, 2 * N)];
  } else {
    ref[-1] = side[1];
    for (int i = 2; i <= N + 2; ++i) ref[-i] = ref[-1];
  }
  for (int y = 0; y < N; ++y) {
    const int at = (y + 1) * displacement;
    const auto& taps = smooth ? kGauss[at & 31] : kCubic[at & 31];
    const std::int16_t* r = ref + (at >> 5) + 1;
    for (int x = 0; x < N; ++x)
      out[y * N + x] = static_cast<std::int16_t>(clip_pixel(
          (r[x - 1] * taps[0] + r[x] * taps[1] + r[x + 1] * taps[2] + r[x + 2] * taps[3] + 32) >>
          6));
  }
  if (displacement < 0 || !kPdpc) return;
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
      const int w = 32 >> ((2 * x) >> scale);
      std::int16_t& v = out[y * N + x];
      const int s = displacement == 0
                        ? side[y + 1] - side[0] + v
                        : side[std::min(y + 1 + (((x + 1) * inverse + 256) >> 9), 2 * N)];
      v = static_cast<std::int16_t>(clip_pixel((s * w + (64 - w) * v + 32) >> 6));
    }
}

template <int N>
ABLC_INLINE void predict(int mode, const Border& border, bool smooth, std::uint8_t* out) {
  constexpr int kLog2 = log2_of(N);
  if (mode < kModeAngular) {
    const std::int16_t* top = border.top.data();
    const std::int16_t* left = border.left.data();
    Border::Samples soft_top, soft_left;
    if (N > 4 && mode == kModePlanar && smooth) {
      for (int i = 1; i <= N + 1; ++i) {
        soft_top[i] = static_cast<std::int16_t>((top[i - 1] + 2 * top[i] + top[i + 1] + 2) >> 2);
        soft_left[i] =
            static_cast<std::int16_t>((left[i - 1] + 2 * left[i] + left[i + 1] + 2) >> 2);
      }
      top = soft_top.data();
      left = soft_left.data();
    }
    int sum = N;
    for (int i = 1; i <= N; ++i) sum += top[i] + left[i];
    const int dc = sum >> (kLog2 + 1);
    constexpr int kScale = (2 * kLog2 - 2) >> 2;
    for (int y = 0; y < N; ++y)
      for (int x = 0; x < N; ++x) {
        int v = dc;
        if (mode == kModePlanar)
          v = ((N - 1 - x) * left[y + 1] + (x + 1) * top[N + 1] + (N - 1 - y) * top[x + 1] +
               (y + 1) * left[N + 1] + N) >>
              (kLog2 + 1);
        const int wt = 32 >> std::min((2 * y) >> kScale, 31);
        const int wl = 32 >> std::min((2 * x) >> kScale, 31);
        if (kPdpc) v = (left[y + 1] * wl + top[x + 1] * wt + (64 - wl - wt) * v + 32) >> 6;
        out[y * N + x] = static_cast<std::uint8_t>(clip_pixel(v));
      }
    return;
  }
  const int direction = mode - kModeAngular;
  const int displacement = kDisplacement[direction];
  // Directions near straight ones keep their sharpness, the nearer the larger the block.
  const int away = std::min(std::abs(mode - kModeRight), std::abs(mode - kModeDown));
  const bool soft = smooth && away > (N == 4 ? 16 : N == 8 ? 7 : N == 16 ? 1 : 0);
  Array<std::int16_t, N * N> block;
  if (direction >= kVertical) {
    slide<N>(border.top.data(), border.left.data(), displacement, soft, block.data());
    for (int i = 0; i < N * N; ++i) out[i] = static_cast<std::uint8_t>(block[i]);
  } else {
    slide<N>(border.left.data(), border.top.data(), displacement, soft, block.data());
    for (int y = 0; y < N; ++y)
      for (int x = 0; x < N; ++x) out[y * N + x] = static_cast<std::uint8_t>(block[x * N + y]);
  }
}

ABLC_DISPATCH void predict8(int mode, const Border& b, bool smooth, std::uint8_t* out) {
  predict<8>(mode, b, smooth, out);
}
ABLC_DISPATCH void predict4(int mode, const Border& b, bool smooth, std::uint8_t* out) {
  predict<4>(mode, b, smooth, out);
}
ABLC_DISPATCH void predict64(int mode, const Border& b, bool smooth, std::uint8_t* out) {
  predict<64>(mode, b, smooth, out);
}
ABLC_DISPATCH void predict16(int mode, const Border& b, bool smooth, std::uint8_t* out) {
  predict<16>(mode, b, smooth, out);
}
ABLC_DISPATCH void predict32(int mode, const Border& b, bool smooth, std::uint8_t* out) {
  predict<32>(mode, b, smooth, out);
}

}  // namespace

void predict_block(int mode, BlockSize size, const Border& border, bool smooth, std::uint8_t* out) {
  smooth = smooth && kSmooth;
  if (size == kBlock4) return predict4(mode, border, smooth, out);
  if (size == kBlock64) return predict64(mode, border, smooth, out);
  if (size == kBlock8) return predict8(mode, border, smooth, out);
  if (size == kBlock16) return predict16(mode, border, smooth, out);
  predict32(mode, border, smooth, out);
}

}  // namespace ablc

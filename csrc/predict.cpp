#include "predict.h"

#include <algorithm>

#include "dispatch.h"

namespace ablc {

namespace {

// Weight of an error at distance d + 1: 45 exp(-d / 2.5) in 1/64.
constexpr Array<std::int16_t, kMaxSide> kFade = {45, 30, 20, 13, 9, 6, 4, 3, 2, 1, 1, 1};

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

template <int N>
ABLC_INLINE void fade(const Border& border, const std::uint8_t* base, int stride,
                      std::uint8_t* out) {
  for (int y = 0; y < N; ++y) {
    const int wy = kFade[y];
    const int l = border.left_error[y + 1];
    for (int x = 0; x < N; ++x) {
      const int e = (border.top_error[x + 1] * wy + l * kFade[x] + 32) >> 6;
      out[y * N + x] = static_cast<std::uint8_t>(clip_pixel(base[y * stride + x] + e));
    }
  }
}

/// Extend the border along a vertical direction into the block. main: the border from which the
/// direction starts; side: the other one.
template <int N>
ABLC_INLINE void slide(const std::int16_t* main, const std::int16_t* side, int displacement,
                       std::int16_t* out) {
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
    const auto& taps = kCubic[at & 31];
    const std::int16_t* r = ref + (at >> 5) + 1;
    for (int x = 0; x < N; ++x)
      out[y * N + x] = static_cast<std::int16_t>(
          (r[x - 1] * taps[0] + r[x] * taps[1] + r[x + 1] * taps[2] + r[x + 2] * taps[3] + 32) >>
          6);
  }
}

/// Bring the mean of every 8x8 cell of block close to P0's: subtract the differences of the means,
/// interpolated linearly between the centres of cells.
template <int N>
ABLC_INLINE void correct(const std::int16_t* block, const std::uint8_t* base, int stride,
                         std::uint8_t* out) {
  constexpr int kCells = N / 8;
  Array<Array<int, kCells>, kCells> mean;
  for (int cy = 0; cy < kCells; ++cy)
    for (int cx = 0; cx < kCells; ++cx) {
      int sum = 32;
      for (int y = 8 * cy; y < 8 * cy + 8; ++y)
        for (int x = 8 * cx; x < 8 * cx + 8; ++x) sum += block[y * N + x] - base[y * stride + x];
      mean[cy][cx] = sum >> 6;
    }
  if constexpr (kCells == 1) {
    for (int y = 0; y < N; ++y)
      for (int x = 0; x < N; ++x)
        out[y * N + x] = static_cast<std::uint8_t>(clip_pixel(block[y * N + x] - mean[0][0]));
    return;
  }
  // Columns of means to samples once per row of cells, then down, in 1/16 each.
  Array<Array<std::int16_t, N>, kCells> wide;
  for (int cy = 0; cy < kCells; ++cy)
    for (int x = 0; x < N; ++x) {
      const int at = std::clamp(2 * x + 1 - 8, 0, 16 * (kCells - 1));
      const int i = std::min(at / 16, kCells - 2);
      const int w = at - 16 * i;
      wide[cy][x] = static_cast<std::int16_t>(mean[cy][i] * (16 - w) + mean[cy][i + 1] * w);
    }
  for (int y = 0; y < N; ++y) {
    const int at = std::clamp(2 * y + 1 - 8, 0, 16 * (kCells - 1));
    const int i = std::min(at / 16, kCells - 2);
    const int w = at - 16 * i;
    for (int x = 0; x < N; ++x) {
      const int m = (wide[i][x] * (16 - w) + wide[i + 1][x] * w + 128) >> 8;
      out[y * N + x] = static_cast<std::uint8_t>(clip_pixel(block[y * N + x] - m));
    }
  }
}

template <int N>
ABLC_INLINE void predict(int mode, const Border& border, const std::uint8_t* base, int stride,
                         std::uint8_t* out) {
  if (mode == kModeBase) {
    for (int y = 0; y < N; ++y) std::copy_n(base + y * stride, N, out + y * N);
    return;
  }
  if (mode == kModeFade) return fade<N>(border, base, stride, out);
  const int direction = mode - kModeAngular;
  const int displacement = kDisplacement[direction];
  Array<std::int16_t, N * N> block;
  if (direction < kVertical) {
    slide<N>(border.top.data(), border.left.data(), displacement, block.data());
  } else {
    Array<std::int16_t, N * N> turned;
    slide<N>(border.left.data(), border.top.data(), displacement, turned.data());
    for (int y = 0; y < N; ++y)
      for (int x = 0; x < N; ++x) block[y * N + x] = turned[x * N + y];
  }
  correct<N>(block.data(), base, stride, out);
}

ABLC_DISPATCH void predict8(int mode, const Border& b, const std::uint8_t* base, int stride,
                            std::uint8_t* out) {
  predict<8>(mode, b, base, stride, out);
}
ABLC_DISPATCH void predict16(int mode, const Border& b, const std::uint8_t* base, int stride,
                             std::uint8_t* out) {
  predict<16>(mode, b, base, stride, out);
}
ABLC_DISPATCH void predict32(int mode, const Border& b, const std::uint8_t* base, int stride,
                             std::uint8_t* out) {
  predict<32>(mode, b, base, stride, out);
}

}  // namespace

Border gather_border(const Plane<std::uint8_t>& rec, const Plane<std::uint8_t>& p0, int x, int y,
                     int side) {
  Border border;
  const auto put = [&](int i, Border::Samples& samples, Border::Samples& errors, int px, int py) {
    // Beyond the tile the nearest sample of the row or column inside it repeats, without error.
    if (px >= 0 && py >= 0 && px < rec.width && py < rec.height) {
      samples[i] = rec.at(px, py);
      errors[i] = static_cast<std::int16_t>(rec.at(px, py) - p0.at(px, py));
    } else {
      samples[i] = p0.clamped(px, py);
      errors[i] = 0;
    }
  };
  put(0, border.top, border.top_error, x - 1, y - 1);
  border.left[0] = border.top[0];
  border.left_error[0] = border.top_error[0];
  if (x > 0 && y > 0 && x + 2 * side <= rec.width && y + 2 * side <= rec.height) {
    const std::uint8_t* above = rec.row(y - 1) + x;
    const std::uint8_t* above0 = p0.row(y - 1) + x;
    for (int i = 0; i < 2 * side; ++i) {
      const std::uint8_t* before = rec.row(y + i) + x - 1;
      const std::uint8_t* before0 = p0.row(y + i) + x - 1;
      border.top[i + 1] = above[i];
      border.top_error[i + 1] = static_cast<std::int16_t>(above[i] - above0[i]);
      border.left[i + 1] = *before;
      border.left_error[i + 1] = static_cast<std::int16_t>(*before - *before0);
    }
    return border;
  }
  for (int i = 0; i < 2 * side; ++i) {
    put(i + 1, border.top, border.top_error, x + i, y - 1);
    put(i + 1, border.left, border.left_error, x - 1, y + i);
  }
  return border;
}

void predict_block(int mode, BlockSize size, const Border& border, const std::uint8_t* base,
                   int stride, std::uint8_t* out) {
  if (size == kBlock8) return predict8(mode, border, base, stride, out);
  if (size == kBlock16) return predict16(mode, border, base, stride, out);
  predict32(mode, border, base, stride, out);
}

}  // namespace ablc

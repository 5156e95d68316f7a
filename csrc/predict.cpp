#include "predict.h"

#include <cmath>
#include <cstdlib>

#include "dispatch.h"

namespace ablc {

namespace {

// Displacement per row (vertical directions, first 8) or per column (horizontal, last 8) in 1/32 sample.
constexpr std::array<int, kDirections> kDisplacement = {-24, -16, -8, 0, 8, 16, 24, 32, -32, -24, -16, -8, 0, 8, 16, 24};

struct Fading {
  std::array<std::int16_t, kMaxBlock> fade;   // mode 1, in 1/64
  std::array<std::int16_t, kMaxBlock> hold;   // directions, first set
  std::array<std::int16_t, kMaxBlock> decay;  // directions, second set
};
double env(const char* n, double d) { const char* s = getenv(n); return s ? atof(s) : d; }
const Fading kFading = [] {
  Fading f{};
  for (int d = 0; d < kMaxBlock; ++d) {
    const auto i = static_cast<std::size_t>(d);
    f.fade[i] = static_cast<std::int16_t>(std::lround(64 * env("FADE",0.7) * std::exp(-d / env("FADET",2.5))));
    f.hold[i] = static_cast<std::int16_t>(std::lround(64 * env("HOLD",0.95) * std::exp(-d / env("HOLDT",40))));
    f.decay[i] = static_cast<std::int16_t>(std::lround(64 * env("DEC",0.9) * std::exp(-d / env("DECT",6))));
  }
  return f;
}();

template <int N>
ABLC_INLINE void fade(const Border& border, std::int16_t* error) {
  for (int y = 0; y < N; ++y) {
    const int wy = kFading.fade[static_cast<std::size_t>(y)];
    const int l = border.left[static_cast<std::size_t>(y) + 1];
    for (int x = 0; x < N; ++x)
      error[y * N + x] = static_cast<std::int16_t>(
          (border.top[static_cast<std::size_t>(x) + 1] * wy + l * kFading.fade[static_cast<std::size_t>(x)] + 32) >> 6);
  }
}

/// Rows of a vertical direction: main is the border that the direction starts from, side the other.
template <int N>
ABLC_INLINE void slide(const std::int16_t* main, const std::int16_t* side, int displacement, const std::int16_t* weight,
                       std::int16_t* error) {
  std::int16_t extended[3 * N + 2];
  std::int16_t* ref = extended + N;  // ref[0] is the corner
  for (int i = 0; i <= 2 * N; ++i) ref[i] = main[i];
  ref[2 * N + 1] = main[2 * N];
  if (displacement < 0) {
    const int inverse = (32 * 256 + (-displacement) / 2) / -displacement;
    const int last = (N * -displacement) >> 5;
    for (int i = 1; i <= std::min(last + 1, N); ++i) ref[-i] = side[std::min((i * inverse + 128) >> 8, 2 * N)];
  }
  for (int y = 0; y < N; ++y) {
    const int at = (y + 1) * displacement;
    const int whole = at >> 5;
    const int part = at & 31;
    const int w = weight[y];
    const std::int16_t* r = ref + whole + 1;
    for (int x = 0; x < N; ++x)
      error[y * N + x] = static_cast<std::int16_t>((((r[x] * (32 - part) + r[x + 1] * part + 16) >> 5) * w + 32) >> 6);
  }
}

template <int N>
ABLC_INLINE void predict(int mode, const Border& border, std::int16_t* error) {
  if (mode == kModeFade) return fade<N>(border, error);
  const int direction = (mode - kModeAngular) % kDirections;
  const std::int16_t* weight = mode - kModeAngular < kDirections ? kFading.hold.data() : kFading.decay.data();
  const int displacement = kDisplacement[static_cast<std::size_t>(direction)];
  if (direction < kDirections / 2) return slide<N>(border.top.data(), border.left.data(), displacement, weight, error);
  std::int16_t turned[N * N];
  slide<N>(border.left.data(), border.top.data(), displacement, weight, turned);
  for (int y = 0; y < N; ++y)
    for (int x = 0; x < N; ++x) error[y * N + x] = turned[x * N + y];
}

ABLC_DISPATCH void predict8(int mode, const Border& border, std::int16_t* error) { predict<8>(mode, border, error); }
ABLC_DISPATCH void predict16(int mode, const Border& border, std::int16_t* error) { predict<16>(mode, border, error); }
ABLC_DISPATCH void predict32(int mode, const Border& border, std::int16_t* error) { predict<32>(mode, border, error); }

}  // namespace

Border gather_border(const Plane<std::uint8_t>& rec, const Plane<std::uint8_t>& p0, int x, int y, int size) {
  Border border;
  const auto error = [&](int px, int py) {
    return static_cast<std::int16_t>(rec.at(px, py) - p0.at(px, py));
  };
  const int n2 = 2 * size;
  const std::int16_t corner = x > 0 && y > 0 ? error(x - 1, y - 1) : std::int16_t{0};
  border.top[0] = border.left[0] = corner;
  for (int i = 0; i < n2; ++i) {
    border.top[static_cast<std::size_t>(i) + 1] = y > 0 && x + i < rec.width ? error(x + i, y - 1) : std::int16_t{0};
    border.left[static_cast<std::size_t>(i) + 1] = x > 0 && y + i < rec.height ? error(x - 1, y + i) : std::int16_t{0};
  }
  return border;
}

void predict_error(int mode, int log2_size, const Border& border, std::int16_t* error) {
  if (log2_size == 3) return predict8(mode, border, error);
  if (log2_size == 4) return predict16(mode, border, error);
  predict32(mode, border, error);
}

}  // namespace ablc

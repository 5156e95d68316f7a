#include "upsample.h"

#include <array>

#include "dispatch.h"
#include "upsample_tables.inc"

namespace ablc {

namespace {


/// Gradient class of the cell whose 5x5 neighbourhood (base in 1/16 grey level) is given.
int gradient_class(const std::array<std::int16_t, 49>& around) {
  // around is 7x7: the tensor needs gradients at the 3x3 cells, a gradient needs 3x3 samples (and one
  // more ring keeps the indexing plain). Only the inner 5x5 enter.
  int b[5][5];
  for (int y = 0; y < 5; ++y)
    for (int x = 0; x < 5; ++x) b[y][x] = (around[static_cast<std::size_t>((y + 1) * 7 + x + 1)] + 8) >> 4;
  static constexpr int kWeight[3] = {1, 2, 1};
  std::int64_t xx = 0, xy = 0, yy = 0;
  for (int y = 1; y < 4; ++y) {
    for (int x = 1; x < 4; ++x) {
      const int gx = b[y - 1][x + 1] - b[y - 1][x - 1] + 2 * (b[y][x + 1] - b[y][x - 1]) + b[y + 1][x + 1] - b[y + 1][x - 1];
      const int gy = b[y + 1][x - 1] - b[y - 1][x - 1] + 2 * (b[y + 1][x] - b[y - 1][x]) + b[y + 1][x + 1] - b[y - 1][x + 1];
      const int w = kWeight[y - 1] * kWeight[x - 1];
      xx += w * gx * gx;
      xy += w * gx * gy;
      yy += w * gy * gy;
    }
  }
  const std::int64_t trace = xx + yy;
  const int strength = trace < 4096 ? 0 : trace < 65536 ? 1 : trace < 409600 ? 2 : 3;
  if (strength == 0) return 0;
  const std::int64_t c = xx - yy;  // cosine and sine of the doubled angle
  const std::int64_t s = 2 * xy;
  const bool coherent = 25 * (c * c + s * s) > 14 * trace * trace;
  const std::int64_t ac = c < 0 ? -c : c;
  const std::int64_t as = s < 0 ? -s : s;
  int direction;  // sectors of 45 degrees centred at 0, 45, ...
  if (256 * as <= 106 * ac) {
    direction = c >= 0 ? 0 : 4;
  } else if (256 * ac <= 106 * as) {
    direction = s >= 0 ? 2 : 6;
  } else {
    direction = s >= 0 ? (c >= 0 ? 1 : 3) : (c >= 0 ? 7 : 5);
  }
  return 1 + ((strength - 1) * 2 + (coherent ? 1 : 0)) * 8 + direction;
}

ABLC_DISPATCH void filter_cell(const std::int16_t (&filter)[24][64], const std::int16_t* difference, int centre,
                               std::uint8_t* out, int stride) {
  std::int32_t sum[64];
  for (int i = 0; i < 64; ++i) sum[i] = centre * 1024 + 8192;
  for (int k = 0; k < 24; ++k) {
    const std::int32_t d = difference[k];
    for (int i = 0; i < 64; ++i) sum[i] += d * filter[k][i];
  }
  for (int y = 0; y < 8; ++y)
    for (int x = 0; x < 8; ++x) {
      const std::int32_t v = sum[y * 8 + x] >> 14;
      out[y * stride + x] = static_cast<std::uint8_t>(v < 0 ? 0 : v > 255 ? 255 : v);
    }
}

}  // namespace

void upsample(const Plane<std::int16_t>& base, const Rect& cells, Plane<std::uint8_t>& out) {
  std::array<std::int16_t, 49> around;
  for (int cy = 0; cy < cells.height; ++cy) {
    for (int cx = 0; cx < cells.width; ++cx) {
      const int bx = cells.x + cx;
      const int by = cells.y + cy;
      // Gradients at cells outside the picture repeat the nearest inside one.
      for (int y = -3; y <= 3; ++y)
        for (int x = -3; x <= 3; ++x)
          around[static_cast<std::size_t>((y + 3) * 7 + x + 3)] = base.clamped(bx + x, by + y);
      const std::int16_t centre = around[24];
      std::array<std::int16_t, 24> difference;
      std::size_t k = 0;
      for (int y = 1; y < 6; ++y)
        for (int x = 1; x < 6; ++x)
          if (x != 3 || y != 3) difference[k++] = static_cast<std::int16_t>(around[static_cast<std::size_t>(y * 7 + x)] - centre);
      const int filter = gradient_class(around);
      filter_cell(kUpsample8[filter], difference.data(), centre, out.row(cy * kBaseScale) + cx * kBaseScale, out.width);
    }
  }
}

Plane<std::uint8_t> activity(const Plane<std::int16_t>& base, const Rect& cells) {
  static constexpr std::array<int, 5> kSpread = {5 * 16, 12 * 16, 25 * 16, 45 * 16, 80 * 16};
  Plane<std::uint8_t> classes(cells.width, cells.height);
  for (int cy = 0; cy < cells.height; ++cy) {
    for (int cx = 0; cx < cells.width; ++cx) {
      int low = 4080, high = 0;
      for (int y = -1; y <= 1; ++y)
        for (int x = -1; x <= 1; ++x) {
          const int v = base.clamped(cells.x + cx + x, cells.y + cy + y);
          low = std::min(low, v);
          high = std::max(high, v);
        }
      std::uint8_t c = 0;
      for (const int spread : kSpread) c = static_cast<std::uint8_t>(c + (high - low >= spread));
      classes.at(cx, cy) = c;
    }
  }
  return classes;
}

}  // namespace ablc

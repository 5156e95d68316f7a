#include "upsample.h"

#include <cstring>

#include "dispatch.h"
#include "upsample_tables.inc"

namespace ablc {

namespace {

/// Return the class, 0..48, of a smoothed structure tensor.
int tensor_class(std::int64_t xx, std::int64_t xy, std::int64_t yy) {
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

using CellFilter = std::int16_t[24][64];

/// out = (centre + sum of filters times differences) over a cell, 1/16384 of a grey level.
ABLC_BASELINE void filter_cell(const CellFilter& filter, const std::int16_t* difference, int centre,
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

#ifdef ABLC_AVX2
/// The same with an instruction for two products and their sum, which compilers do not find.
ABLC_AVX2 void filter_cell(const CellFilter& filter, const std::int16_t* difference, int centre,
                           std::uint8_t* out, int stride) {
  const auto load = [](const std::int16_t* from) ABLC_AVX2 {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  };
  __m256i pairs[12];
  for (int k = 0; k < 12; ++k) {
    std::int32_t pair;
    std::memcpy(&pair, difference + 2 * k, sizeof pair);
    pairs[k] = _mm256_set1_epi32(pair);
  }
  for (int y = 0; y < 8; y += 2) {
    __m256i low = _mm256_set1_epi32(centre * 1024 + 8192), high = low;
    for (int k = 0; k < 12; ++k) {
      const __m256i a = load(filter[2 * k] + 8 * y), b = load(filter[2 * k + 1] + 8 * y);
      low = _mm256_add_epi32(low, _mm256_madd_epi16(_mm256_unpacklo_epi16(a, b), pairs[k]));
      high = _mm256_add_epi32(high, _mm256_madd_epi16(_mm256_unpackhi_epi16(a, b), pairs[k]));
    }
    // Packing undoes the order of unpacking, and clips.
    const __m256i wide =
        _mm256_packs_epi32(_mm256_srai_epi32(low, 14), _mm256_srai_epi32(high, 14));
    const __m256i narrow = _mm256_packus_epi16(wide, wide);
    const std::int64_t upper = _mm256_extract_epi64(narrow, 0),
                       lower = _mm256_extract_epi64(narrow, 2);
    std::memcpy(out + y * stride, &upper, 8);
    std::memcpy(out + (y + 1) * stride, &lower, 8);
  }
}
#endif

/// Return the cells of a window and two more on each side; the nearest repeat beyond the picture.
Plane<std::int16_t> with_margin(const Plane<std::int16_t>& base, const Rect& cells) {
  Plane<std::int16_t> wide(cells.width + 4, cells.height + 4);
  for (int y = 0; y < wide.height; ++y)
    for (int x = 0; x < wide.width; ++x)
      wide.at(x, y) = base.clamped(cells.x + x - 2, cells.y + y - 2);
  return wide;
}

/// Return the gradient class of every cell, from its 5x5 neighbourhood.
Plane<std::uint8_t> gradient_classes(const Plane<std::int16_t>& wide, const Rect& cells) {
  struct Tensor {
    std::int32_t xx, xy, yy;
  };
  // Products of Sobel gradients for the cells and one more on each side.
  Plane<Tensor> products(cells.width + 2, cells.height + 2);
  for (int y = 0; y < products.height; ++y) {
    const std::int16_t* a = wide.row(y);
    const std::int16_t* b = wide.row(y + 1);
    const std::int16_t* c = wide.row(y + 2);
    const auto grey = [](std::int16_t v) { return (v + 8) >> 4; };
    for (int x = 0; x < products.width; ++x, ++a, ++b, ++c) {
      const int gx =
          grey(a[2]) - grey(a[0]) + 2 * (grey(b[2]) - grey(b[0])) + grey(c[2]) - grey(c[0]);
      const int gy =
          grey(c[0]) - grey(a[0]) + 2 * (grey(c[1]) - grey(a[1])) + grey(c[2]) - grey(a[2]);
      products.at(x, y) = {gx * gx, gx * gy, gy * gy};
    }
  }
  Plane<std::uint8_t> classes(cells.width, cells.height);
  static constexpr int kWeight[3] = {1, 2, 1};
  for (int y = 0; y < cells.height; ++y)
    for (int x = 0; x < cells.width; ++x) {
      Tensor sum{0, 0, 0};
      for (int i = 0; i < 3; ++i)
        for (int j = 0; j < 3; ++j) {
          const Tensor& p = products.at(x + j, y + i);
          const int w = kWeight[i] * kWeight[j];
          sum.xx += w * p.xx;
          sum.xy += w * p.xy;
          sum.yy += w * p.yy;
        }
      classes.at(x, y) = static_cast<std::uint8_t>(tensor_class(sum.xx, sum.xy, sum.yy));
    }
  return classes;
}

}  // namespace

void upsample(const Plane<std::int16_t>& base, const Rect& cells, Plane<std::uint8_t>& out) {
  const Plane<std::int16_t> wide = with_margin(base, cells);
  const Plane<std::uint8_t> classes = gradient_classes(wide, cells);
  for (int cy = 0; cy < cells.height; ++cy)
    for (int cx = 0; cx < cells.width; ++cx) {
      const std::int16_t centre = wide.at(cx + 2, cy + 2);
      Array<std::int16_t, 24> difference;
      std::size_t k = 0;
      for (int y = 0; y < 5; ++y) {
        const std::int16_t* row = wide.row(cy + y) + cx;
        for (int x = 0; x < 5; ++x)
          if (x != 2 || y != 2) difference[k++] = static_cast<std::int16_t>(row[x] - centre);
      }
      filter_cell(kUpsample8[classes.at(cx, cy)], difference.data(), centre,
                  out.row(cy * kBaseScale) + cx * kBaseScale, out.width);
    }
}

Plane<std::uint8_t> activity(const Plane<std::int16_t>& base, const Rect& cells) {
  static constexpr Array<int, 5> kSpread = {5 * 16, 12 * 16, 25 * 16, 45 * 16, 80 * 16};
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

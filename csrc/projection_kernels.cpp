#include "projection_kernels.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "dispatch.h"

namespace ablc::kernels {

namespace {

/// Orthonormal DCT-II matrix of n x n, rows are frequencies; and its transpose.
struct Basis {
  Block forward{}, inverse{};
  explicit Basis(int n) {
    for (int k = 0; k < n; ++k)
      for (int i = 0; i < n; ++i) {
        const double c =
            std::sqrt((k ? 2.0 : 1.0) / n) * std::cos(std::numbers::pi * (2 * i + 1) * k / (2 * n));
        forward[k * n + i] = static_cast<float>(c);
        inverse[i * n + k] = static_cast<float>(c);
      }
  }
};

const Basis& basis_of(int n) {
  static const Array<Basis, kSizes> kBases = {Basis(4), Basis(8), Basis(16), Basis(32), Basis(64)};
  int index = 0;
  while (4 << index < n) ++index;
  return kBases[index];
}

/// out = a b, n x n each.
ABLC_DISPATCH void multiply(const float* ABLC_RESTRICT a, const float* ABLC_RESTRICT b, int n,
                            float* ABLC_RESTRICT out) {
  for (int i = 0; i < n; ++i) {
    float sum[kMaxSide] = {};
    for (int k = 0; k < n; ++k) {
      const float s = a[i * n + k];
      for (int j = 0; j < n; ++j) sum[j] += s * b[k * n + j];
    }
    std::copy_n(sum, n, out + i * n);
  }
}

}  // namespace

void transform(const Block& in, int n, Block& out) {
  Block between;
  const Basis& basis = basis_of(n);
  multiply(basis.forward.data(), in.data(), n, between.data());
  multiply(between.data(), basis.inverse.data(), n, out.data());
}

void transform_back(const Block& in, int n, Block& out) {
  Block between;
  const Basis& basis = basis_of(n);
  multiply(basis.inverse.data(), in.data(), n, between.data());
  multiply(between.data(), basis.forward.data(), n, out.data());
}

ABLC_DISPATCH bool within(const float* ABLC_RESTRICT value,
                          const std::int32_t* ABLC_RESTRICT factor, int count, float narrower) {
  int beyond = 0;
  for (int i = 0; i < count; ++i)
    beyond |= std::fabs(value[i]) > static_cast<float>(factor[i]) * (1.0f / 2048) - narrower;
  return beyond == 0;
}

ABLC_DISPATCH void limit(float* ABLC_RESTRICT value, const std::int32_t* ABLC_RESTRICT factor,
                         int count, float slack) {
  for (int i = 0; i < count; ++i) {
    const float half = static_cast<float>(factor[i]) * (1.0f / 2048);
    const float most = half - (slack < half * 0.25f ? slack : half * 0.25f);
    value[i] = value[i] > most ? most : value[i] < -most ? -most : value[i];
  }
}

ABLC_DISPATCH void to_ycc(const float* ABLC_RESTRICT r, const float* ABLC_RESTRICT g,
                          const float* ABLC_RESTRICT b, int count, float* ABLC_RESTRICT y,
                          float* ABLC_RESTRICT cb, float* ABLC_RESTRICT cr) {
  for (int i = 0; i < count; ++i) {
    y[i] = 0.299f * r[i] + 0.587f * g[i] + 0.114f * b[i];
    cb[i] = -0.168736f * r[i] - 0.331264f * g[i] + 0.5f * b[i];
    cr[i] = 0.5f * r[i] - 0.418688f * g[i] - 0.081312f * b[i];
  }
}

ABLC_DISPATCH void to_rgb(const float* ABLC_RESTRICT y, const float* ABLC_RESTRICT cb,
                          const float* ABLC_RESTRICT cr, int count, float* ABLC_RESTRICT r,
                          float* ABLC_RESTRICT g, float* ABLC_RESTRICT b) {
  for (int i = 0; i < count; ++i) {
    r[i] = y[i] + 1.402f * cr[i];
    g[i] = y[i] - 0.344136f * cb[i] - 0.714136f * cr[i];
    b[i] = y[i] + 1.772f * cb[i];
  }
}

ABLC_DISPATCH void subtract(const float* ABLC_RESTRICT painted, const float* ABLC_RESTRICT decoded,
                            int count, float* ABLC_RESTRICT change) {
  for (int i = 0; i < count; ++i) {
    const float v = painted[i] * 255.0f;
    const float inside = v < 0.0f ? 0.0f : v > 255.0f ? 255.0f : v;
    change[i] = inside == inside ? inside - decoded[i] : 0.0f;
  }
}

ABLC_DISPATCH void round_to_pixels(const float* ABLC_RESTRICT change,
                                   const float* ABLC_RESTRICT decoded, float scale, int count,
                                   float* ABLC_RESTRICT stored) {
  for (int i = 0; i < count; ++i) {
    const float v = decoded[i] + scale * change[i] + 0.5f;
    stored[i] = static_cast<float>(static_cast<int>(v < 0.0f     ? 0.0f
                                                    : v > 255.0f ? 255.0f
                                                                 : v)) -
                decoded[i];
  }
}

}  // namespace ablc::kernels

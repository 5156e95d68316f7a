#include "quantiser.h"

#include <cmath>

namespace ablc {

namespace {

int integer_sqrt(std::int64_t v) {
  auto r = static_cast<std::int64_t>(std::sqrt(static_cast<double>(v)));
  while (r * r > v) --r;
  while ((r + 1) * (r + 1) <= v) ++r;
  return static_cast<int>(r);
}

/// Weight 0.84 + 0.7 f of every coefficient, f the radial frequency over Nyquist, in 1/64.
const auto kWeights = [] {
  Array<Array<std::int32_t, kMaxArea>, kSizes> weights{};
  for (const BlockSize size : {kBlock4, kBlock8, kBlock16, kBlock32, kBlock64}) {
    const int n = size.side();
    for (int y = 0; y < n; ++y)
      for (int x = 0; x < n; ++x) {
        const int radius = integer_sqrt(static_cast<std::int64_t>(x * x + y * y) * 65536 / (n * n));
        weights[size.index()][y * n + x] = 54 + ((45 * radius + 128) >> 8);
      }
  }
  return weights;
}();

}  // namespace

int offset_step(int step, int offset) {
  static constexpr Array<int, 4> kQuarters = {4096, 4871, 5793, 6889};  // 2^(k / 4) in 1/4096
  const int octave = offset >> 2;
  std::int64_t scaled = static_cast<std::int64_t>(step) * kQuarters[offset & 3];
  scaled = octave >= 0 ? scaled << octave : scaled >> -octave;
  return static_cast<int>(std::clamp<std::int64_t>((scaled + 2048) >> 12, 16, 16384));
}

int chroma_step(int step) {
  // Beyond 40 grey levels an error of chroma shows as a tint of whole blocks.
  constexpr int kCoarse = 640;
  return ((std::min(step, kCoarse) * 9 + 4) >> 3) + ((std::max(step - kCoarse, 0) * 5) >> 3);
}

Quantiser::Quantiser(int step_sixteenths) : step(step_sixteenths), factor{}, scale{} {
  for (std::size_t size = 0; size < kSizes; ++size)
    for (std::size_t i = 0; i < kMaxArea; ++i) {
      factor[size][i] = step * kWeights[size][i];
      scale[size][i] = 1024.0f / static_cast<float>(std::max(factor[size][i], 1));
    }
}

Quantisers::Quantisers(int step, bool offsets) : offsets_(offsets) {
  for (int k = offsets ? -kMostOffset : 0; k <= (offsets ? kMostOffset : 0); ++k) {
    luma_.emplace_back(offset_step(step, k));
    chroma_.emplace_back(chroma_step(offset_step(step, k)));
  }
}

}  // namespace ablc

#include "initial.h"

#include "initial_models.inc"
#include "mask.h"
#include "plane_coder_state.h"
#include "tile.h"

#include <cstdio>
#include <cstdlib>
#include <vector>
#ifdef ABLC_STATISTICS
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#endif

namespace ablc {

namespace {
/// Starts from the file that ABLC_STARTS names: per band and model, p and seen as 32-bit numbers.
const std::vector<std::uint32_t> kFile = [] {
  std::vector<std::uint32_t> all;
  if (const char* name = std::getenv("ABLC_STARTS")) {
    all.resize(2 * kStepBands * kTileModels);
    std::FILE* file = std::fopen(name, "rb");
    if (!file || std::fread(all.data(), 4, all.size(), file) != all.size()) std::abort();
    std::fclose(file);
  }
  return all;
}();
}  // namespace

TileModels::TileModels(int step) : TileModels() {
  if (kFile.empty()) return;
  Model* all = reinterpret_cast<Model*>(this);
  for (std::size_t i = 0; i < kTileModels; ++i) {
    const std::uint32_t* at = &kFile[2 * (static_cast<std::size_t>(step_band(step)) * kTileModels + i)];
    start(all[i], {static_cast<std::uint16_t>(at[0]), static_cast<std::uint8_t>(at[1])});
  }
}

void Tile::select(int step) {
  auto& set = bands[step_band(step)];
  if (!set) set = std::make_unique<TileModels>(step);
  models = set.get();
}

MaskModels::MaskModels() {
  if constexpr (kHaveStarts) {
    std::size_t i = 0;
    for (Estimate& e : wide) start(e, kMaskStarts[i++]);
    for (Estimate& e : close) start(e, kMaskStarts[i++]);
    for (Estimate& e : counts) start(e, kMaskStarts[i++]);
  }
}

void start_base(PlaneCoder::State& state, int step) {
  if constexpr (kHaveStarts) {
    const auto& band = kBaseStarts[step_band(step)];
    for (std::size_t k = 0; k < 3; ++k) {
      auto& kind = state.kinds[k];
      std::size_t i = 0;
      for_models(kind, [&](auto& models) {
        for (auto& m : models) start(m, band[k][i++]);
      });
      for (std::size_t j = 0; j < kind.weights.size(); ++j)
        for (std::size_t n = 0; n < 4; ++n) kind.weights[j].w[n] = kBaseWeights[k][j][n];
    }
  }
}

#ifdef ABLC_STATISTICS
void record(const char* kind, int step, const std::vector<std::uint32_t>& numbers) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  const char* name = std::getenv("ABLC_STATISTICS");
  if (!name) return;
  std::FILE* file = std::fopen(name, "ab");
  const std::uint32_t head[3] = {static_cast<std::uint32_t>(std::strlen(kind)),
                                 static_cast<std::uint32_t>(step),
                                 static_cast<std::uint32_t>(numbers.size())};
  std::fwrite(head, sizeof head, 1, file);
  std::fwrite(kind, head[0], 1, file);
  std::fwrite(numbers.data(), sizeof(std::uint32_t), numbers.size(), file);
  std::fclose(file);
}
#endif

}  // namespace ablc

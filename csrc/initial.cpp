#include "initial.h"

#include "initial_models.inc"
#include "mask.h"
#include "plane_coder_state.h"
#include "tile.h"

#ifdef ABLC_STATISTICS
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#endif

namespace ablc {

TileModels::TileModels(int step) : TileModels() {
  if constexpr (kHaveStarts) {
    static_assert(!kHaveStarts || std::size(kTileStarts[0]) == kTileModels,
                  "train the starts again");
    Model* all = reinterpret_cast<Model*>(this);
    for (std::size_t i = 0; i < kTileModels; ++i) start(all[i], kTileStarts[step_band(step)][i]);
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

#include "tile.h"

#include "statistics.h"

namespace ablc {

static_assert(kTileModels == kTileStartCount, "a change of the models takes new starts: starts.h");

TileModels::TileModels(int step) : TileModels() {
  Starts starts = tile_starts(step);
  std::span models(reinterpret_cast<Model*>(this), kTileModels);
  apply(starts, models);
}

void Tile::select(int step) {
  auto& set = bands[step_band(step)];
  if (!set) set = std::make_unique<TileModels>(step);
  models = set.get();
}

}  // namespace ablc

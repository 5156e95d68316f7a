#pragma once

// Trained starts: the probabilities with which the adaptive models of a segment begin, part of the
// format (docs/FORMAT.md, Initial models). The owners of the models apply them.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "mixer.h"
#include "range_coder.h"

namespace ablc {

/// Probability of a 1 in 1/65536, and the number of decisions that it counts for.
struct Start {
  std::uint16_t p;
  std::uint8_t seen;
};

/// Band of the quantisation step that chooses among the trained starts: about an octave each.
inline constexpr int kStepBands = 5;
inline int step_band(int step) {
  return (step >= 270) + (step >= 480) + (step >= 860) + (step >= 1530);
}

/// Lengths of the tables, each of which has one start per model. A change of the format's models
/// changes these, and the tables have to be trained again.
inline constexpr std::size_t kTileStartCount = 6842;
inline constexpr std::size_t kMaskStartCount = 4484;

/// Table of starts; empty while none are trained.
using Starts = std::span<const Start>;

/// Starts of a tile's models for a luma step.
Starts tile_starts(int step);
/// Starts of a cell mask's models.
Starts mask_starts();

inline void apply(const Start& start, Model& model) {
  model.fast = model.slow = start.p;
  model.seen = static_cast<std::uint8_t>(std::min<int>(start.seen, kSettled));
}
inline void apply(const Start& start, Estimate& estimate) {
  estimate.p = start.p;
  estimate.seen = start.seen;
}

/// Applies the first starts of a table to an array of models, and drops them from the table.
template <class Models>
void apply(Starts& starts, Models& models) {
  if (starts.empty()) return;
  for (std::size_t i = 0; i < models.size(); ++i) apply(starts[i], models[i]);
  starts = starts.subspan(models.size());
}

}  // namespace ablc

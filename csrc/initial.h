#pragma once

// Where the adaptive models of a segment start: trained probabilities, part of the format
// (docs/FORMAT.md, Initial models). With ABLC_STATISTICS the same walk records what an encode saw.

#include <algorithm>
#include <cstdint>

#include "mixer.h"
#include "range_coder.h"

namespace ablc {

/// A trained start: probability of a 1 in 1/65536 and for how many decisions it counts.
struct Start {
  std::uint16_t p;
  std::uint8_t seen;
};

inline void start(Model& model, const Start& s) {
  model.fast = model.slow = s.p;
  model.seen = static_cast<std::uint8_t>(std::min<int>(s.seen, kSettled));
}
inline void start(Estimate& estimate, const Start& s) {
  estimate.p = s.p;
  estimate.seen = s.seen;
}

/// Band of the quantisation step that chooses among the trained starts: about an octave each.
inline constexpr int kStepBands = 5;
inline int step_band(int step) {
  return (step >= 270) + (step >= 480) + (step >= 860) + (step >= 1530);
}

#ifdef ABLC_STATISTICS
/// Appends (ones, total) of count models to the file named by the environment variable
/// ABLC_STATISTICS.
void record(const char* kind, int step, const std::vector<std::uint32_t>& numbers);
template <class M>
void collect(const M* models, std::size_t count, std::vector<std::uint32_t>& numbers) {
  for (std::size_t i = 0; i < count; ++i) {
    numbers.push_back(models[i].ones);
    numbers.push_back(models[i].total);
  }
}
#endif

}  // namespace ablc

#pragma once

// What the adaptive models have coded, for the trainer of their starts; only in builds with
// ABLC_STATISTICS.

#ifdef ABLC_STATISTICS

#include <cstdint>
#include <vector>

namespace ablc {

/// Appends the ones and the total of every model to numbers.
template <class Models>
void collect(const Models& models, std::vector<std::uint32_t>& numbers) {
  for (const auto& model : models) {
    numbers.push_back(model.ones);
    numbers.push_back(model.total);
  }
}

/// Appends one segment's numbers to the file that the environment variable ABLC_STATISTICS names.
/// kind: "tile" or "mask", as ablc.export.starts knows them.
void record(const char* kind, int step, const std::vector<std::uint32_t>& numbers);

}  // namespace ablc

#endif

#pragma once

// What a fuzz target offers: run() for the replay driver; libFuzzer finds its own entry point
// beside it. A broken promise ends the process, as a sanitizer's finding does.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

namespace ablc::fuzz {

enum class Outcome {
  decoded,  ///< sound once its checksum is repaired
  saved,    ///< damaged; a partial decode gives a picture and says what is lost
  refused,
};

/// Puts any bytes through the target. Defined by each target.
Outcome run(std::span<const std::uint8_t> input);

/// Larger pictures are refused, which bounds time and memory of one input.
inline std::uint64_t max_pixels = 1 << 18;

inline void promise(bool kept, const char* what) {
  if (kept) return;
  std::fprintf(stderr, "broken promise: %s\n", what);
  std::abort();
}

}  // namespace ablc::fuzz

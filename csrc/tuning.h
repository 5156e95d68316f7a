#pragma once
// Experiment: constants from the environment, and where bits go.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
namespace ablc {
inline float tuned(const char* name, float otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtof(text, nullptr) : otherwise;
}
/// Appends a number that stands for the planes' samples to the file that ABLC_HASH names.
template <class Planes>
void note_planes(const Planes& planes) {
  const char* name = std::getenv("ABLC_HASH");
  if (!name) return;
  std::uint64_t hash = 1469598103934665603u;
  for (const auto& plane : planes)
    for (const auto v : plane.samples) hash = (hash ^ v) * 1099511628211u;
  std::FILE* file = std::fopen(name, "ab");
  std::fprintf(file, "%llx\n", static_cast<unsigned long long>(hash));
  std::fclose(file);
}
enum Part { kPartSplit, kPartKeep, kPartMode, kPartLow, kPartCount, kPartDc, kPartAc, kPartChromaMode, kPartChroma, kParts };
#ifdef ABLC_STATISTICS
inline thread_local int the_part = 0;
inline thread_local double part_bits[kParts] = {};
inline void set_part(int p) { the_part = p; }
#else
inline void set_part(int) {}
#endif
}  // namespace ablc

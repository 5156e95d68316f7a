// Adaptive binary decisions per second of the range decoder on one core; built and run by
// range_coder.py. The decisions fall in 256 contexts, formed from the three decisions before and a
// fixed cycle, so that, as in a picture, none can start before the last one is known. The
// probability of a 1 lies between 1/64 and 1/2. Prints millions of decisions per CPU second, a line
// for each round.

#include <cstdint>
#include <cstdio>
#include <ctime>
#include <vector>

#include "range_coder.h"

namespace {

constexpr int kDecisions = 1 << 22;
constexpr int kContexts = 256;
constexpr int kRounds = 15;

/// Calls decide(context) for every decision in order and hands its result to the next contexts.
template <class Decide>
void each_decision(Decide&& decide) {
  unsigned history = 0;
  for (unsigned i = 0; i < kDecisions; ++i) {
    const unsigned context = (history & 7u) | (i & 31u) << 3;
    history = history << 1 | static_cast<unsigned>(decide(context));
  }
}

/// A random decision whose probability rises with the context's number.
struct Source {
  std::uint64_t state = 0x9E3779B97F4A7C15u;

  int operator()(unsigned context) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;  // xorshift64
    return (state >> 32 & 511u) < context + 8u;
  }
};

/// Position-weighted sum of the ones: equal sums stand for equal decisions.
struct Check {
  std::uint64_t sum = 0;
  std::uint64_t at = 0;

  int operator()(int bit) {
    sum += static_cast<std::uint64_t>(bit) * ++at;
    return bit;
  }
};

}  // namespace

int main() {
  ablc::RangeEncoder encoder;
  std::vector<ablc::Model> models(kContexts);
  Source source;
  Check coded;
  each_decision(
      [&](unsigned context) { return coded(encoder.bit(models[context], source(context))); });
  const std::vector<std::uint8_t> bytes = encoder.finish();

  for (int round = 0; round < kRounds; ++round) {
    ablc::RangeDecoder decoder(bytes);
    models.assign(kContexts, {});
    Check read;
    const std::clock_t start = std::clock();
    each_decision([&](unsigned context) { return read(decoder.bit(models[context])); });
    const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    if (read.sum != coded.sum) return 1;
    std::printf("%.2f\n", kDecisions / seconds / 1e6);
  }
}

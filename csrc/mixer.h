#pragma once

// Logistic mixing of several adaptive estimates of one decision, in integers
// (after Mahoney, "Adaptive weighing of context models for lossless data compression", 2005).

#include <algorithm>
#include <cstdint>

#include "array.h"
#include "bits.h"
#include "range_coder.h"

namespace ablc {

/// ln(p / (1 - p)) in 1/256 for p in 1/4096, and its inverse; fixed tables of the format.
struct Logistic {
  Array<std::int16_t, 4096> stretch;  // -2047..2047
  Array<std::uint16_t, 4096> squash;  // index stretch + 2048; 1..4095
  Logistic();
};
extern const Logistic kLogistic;

/// Class of a magnitude for contexts, roughly 2 log2(1 + v), 0..15 (docs/FORMAT.md, Plane code).
inline int magnitude_class(int v) {
  const unsigned u = static_cast<unsigned>(v) + 1;
  const int w = bit_width(u);  // 2^(w-1) <= u
  const int half = w >= 2 ? static_cast<int>(u >> (w - 2) & 1u) : 0;
  return std::min(2 * (w - 1) + half, 15);
}

/// One estimate: a probability of 1 in 1/65536 and how often it was used.
struct Estimate {
  std::uint16_t p = 1u << 15;
  std::uint16_t seen = 0;
#ifdef ABLC_STATISTICS
  std::uint32_t ones = 0, total = 0;
#endif

  template <int kLimit>
  void update(int bit) {
    static_assert(kLimit <= 255);
#ifdef ABLC_STATISTICS
    ones += static_cast<std::uint32_t>(bit);
    ++total;
#endif
    const int target = bit ? 65535 : 0;
    p = static_cast<std::uint16_t>(p + (target - p) * kRate[seen] /
                                           32768);  // fits: 65535 * 20480 < 2^31
    if (seen < kLimit) ++seen;
  }
  static const Array<std::uint16_t, 256> kRate;  // 32768 / (n + 1.6)
};

inline constexpr std::int32_t kMostWeight = 1 << 22;

/// Weights of kInputs estimates, 1.0 = 65536.
template <int kInputs>
struct MixWeights {
  Array<std::int32_t, kInputs> w;
  MixWeights() { w.fill(static_cast<std::int32_t>(65536 * 1.2 / kInputs)); }
};

/// Codes one decision with the mixture of the given estimates and adapts both.
template <int kInputs>
class Mixed {
 public:
  Mixed(const Array<Estimate*, kInputs>& inputs, MixWeights<kInputs>& weights)
      : inputs_(inputs), weights_(weights) {
    std::int64_t dot = 0;
    for (std::size_t i = 0; i < kInputs; ++i) {
      stretched_[i] = kLogistic.stretch[inputs[i]->p >> 4];
      dot += static_cast<std::int64_t>(weights.w[i]) * stretched_[i];
    }
    p_ = kLogistic.squash[std::clamp<std::int64_t>(dot >> 16, -2047, 2047) + 2048];
  }

  template <class Coder>
  int code(Coder& coder, int value) {
    int bit;
    if constexpr (requires { coder.encode(value, 1u); }) {
      bit = value;
      coder.encode(bit, p_ << 3);
    } else {
      bit = coder.decode(p_ << 3);
    }
    const std::int32_t error = ((bit << 12) - static_cast<std::int32_t>(p_)) * 6;
    for (std::size_t i = 0; i < kInputs; ++i) {
      weights_.w[i] = std::clamp(weights_.w[i] + ((stretched_[i] * error + (1 << 9)) >> 10),
                                 -kMostWeight, kMostWeight);
      inputs_[i]->template update<120>(bit);
    }
    return bit;
  }

 private:
  Array<Estimate*, kInputs> inputs_;
  MixWeights<kInputs>& weights_;
  Array<std::int32_t, kInputs> stretched_{};
  std::uint32_t p_;
};

}  // namespace ablc

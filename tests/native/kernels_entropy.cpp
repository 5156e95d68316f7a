// Compares the range coder and its models with the formulas of docs/FORMAT.md, bit by bit, on
// random decisions:
//
//   compare_entropy [ROUNDS [SEED]]
//
// Prints a line for each kernel. Exit code 1 if anything differs.

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "kernels.h"
#include "mixer.h"
#include "range_coder.h"

namespace {

using namespace ablc;
using kernel_test::Random;

/// The decoder of docs/FORMAT.md, Range coder.
class PlainDecoder {
 public:
  explicit PlainDecoder(std::span<const std::uint8_t> bytes) : bytes_(bytes) {
    for (int i = 0; i < 16; ++i) value_ = 2 * value_ + next_bit();
    shifted_ = 0;
  }
  int decode(std::uint32_t p) {
    const std::uint32_t v = range_ * p >> 15;
    const int bit = value_ < v;
    if (bit) {
      range_ = v;
    } else {
      range_ -= v;
      value_ -= v;
    }
    while (range_ < 32768) {
      range_ *= 2;
      value_ = (2 * value_ + next_bit()) % 65536;
    }
    return bit;
  }
  bool overrun() const { return shifted_ > 8 * bytes_.size() + 24; }
  bool unused() const { return bytes_.size() > (shifted_ + 16 + 7) / 8; }

 private:
  std::uint32_t next_bit() {
    const std::size_t at = place_++;
    ++shifted_;
    return at / 8 < bytes_.size() ? bytes_[at / 8] >> (7 - at % 8) & 1u : 0;
  }

  std::span<const std::uint8_t> bytes_;
  std::uint32_t range_ = 65535, value_ = 0;
  std::size_t place_ = 0, shifted_ = 0;
};

/// The model of docs/FORMAT.md, Models and estimates.
struct PlainModel {
  int fast = 32768, slow = 32768, seen = 0;
  std::uint32_t p() const { return static_cast<std::uint32_t>((fast + slow) >> 2 | 1); }
  void update(int bit) {
    int length = 0;
    while ((seen + 1) >> length) ++length;
    const int f = std::min(length, 4), l = std::min(length, 7);
    fast += bit ? (65535 - fast) >> f : -(fast >> f);
    slow += bit ? (65535 - slow) >> l : -(slow >> l);
    seen = std::min(seen + 1, 63);
  }
};

/// A probability of a 1; one in four is extreme.
std::uint32_t random_probability(Random& random) {
  const int kind = random.between(0, 7);
  return static_cast<std::uint32_t>(kind == 0 ? 1 : kind == 1 ? 32767 : random.between(1, 32767));
}

int random_bit(Random& random, std::uint32_t p) {
  return random.between(0, 32767) < static_cast<int>(p);
}

/// What is encoded comes back, from both decoders; both see its end in the same place.
bool decisions_come_back(Random& random) {
  const int count = random.between(0, 3000);
  const Random begin = random;
  RangeEncoder encoder;
  for (int i = 0; i < count; ++i) {
    const std::uint32_t p = random_probability(random);
    encoder.encode(random_bit(random, p), p);
  }
  const std::vector<std::uint8_t> bytes = encoder.finish();
  RangeDecoder fast(bytes);
  PlainDecoder plain(bytes);
  Random again = begin;
  for (int i = 0; i < count; ++i) {
    const std::uint32_t p = random_probability(again);
    const int bit = random_bit(again, p);
    if (fast.decode(p) != bit || plain.decode(p) != bit) return false;
  }
  return !fast.overrun() && !fast.unused() && !plain.overrun() && !plain.unused();
}

/// Both decoders make the same decisions of any bytes, and far beyond their end.
bool any_bytes_decode_alike(Random& random) {
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(random.between(0, 40)));
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random.between(0, 255));
  RangeDecoder fast(bytes);
  PlainDecoder plain(bytes);
  for (int i = 0; i < 1000; ++i) {
    const std::uint32_t p = random_probability(random);
    if (fast.decode(p) != plain.decode(p) || fast.overrun() != plain.overrun() ||
        fast.unused() != plain.unused())
      return false;
    if (plain.overrun()) break;
  }
  return true;
}

bool models_adapt_alike(Random& random) {
  Model model;
  PlainModel plain;
  const int threshold = random.between(0, 100);
  for (int i = 0; i < 2000; ++i) {
    if (model.p() != plain.p()) return false;
    const int bit = random.between(0, 99) < threshold;
    model.update(bit);
    plain.update(bit);
  }
  return true;
}

/// Mixtures of three estimates decide, and change their state, as the formulas say.
bool mixtures_adapt_alike(Random& random) {
  constexpr int kInputs = 3;
  std::vector<std::uint8_t> bytes(500);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random.between(0, 255));
  RangeDecoder decoder(bytes);
  PlainDecoder plain(bytes);
  Array<Estimate, kInputs> estimates;
  MixWeights<kInputs> weights;
  Array<int, kInputs> p, seen{}, w;
  p.fill(32768);
  w.fill(26214);
  for (int i = 0; i < 400; ++i) {
    const int bit =
        Mixed<kInputs>({&estimates[0], &estimates[1], &estimates[2]}, weights).code(decoder, 0);
    Array<int, kInputs> t;
    std::int64_t sum = 0;
    for (int k = 0; k < kInputs; ++k) {
      t[k] = kLogistic.stretch[p[k] >> 4];
      sum += static_cast<std::int64_t>(w[k]) * t[k];
    }
    const int q = kLogistic.squash[std::clamp<std::int64_t>(sum >> 16, -2047, 2047) + 2048];
    if (plain.decode(static_cast<std::uint32_t>(8 * q)) != bit) return false;
    const int error = (4096 * bit - q) * 6;
    for (int k = 0; k < kInputs; ++k) {
      w[k] = std::clamp(w[k] + ((t[k] * error + 512) >> 10), -(1 << 22), 1 << 22);
      p[k] += (65535 * bit - p[k]) * (327680 / (10 * seen[k] + 16)) / 32768;
      seen[k] = std::min(seen[k] + 1, 120);
      if (weights.w[k] != w[k] || estimates[k].p != p[k] || estimates[k].seen != seen[k])
        return false;
    }
  }
  return true;
}

/// Stretch is the least inverse of squash; classes follow their formula.
bool tables_follow_formulas(Random& random) {
  const int p = random.between(0, 4095);
  const auto squash = [](int x) { return kLogistic.squash[x + 2048]; };
  int least = -2047;
  while (least < 2047 && squash(least) < p) ++least;
  const int v = random.between(0, 1 << random.between(0, 20));
  int length = 0;
  while ((v + 1) >> length) ++length;
  const int second = length > 1 ? (v + 1) >> (length - 2) & 1 : 0;
  return kLogistic.stretch[p] == least &&
         magnitude_class(v) == std::min(2 * (length - 1) + second, 15);
}

}  // namespace

int main(int count, char** words) {
  const int rounds = count > 1 ? std::atoi(words[1]) : 200;
  const std::uint64_t seed = count > 2 ? std::strtoull(words[2], nullptr, 10) : 1;
  struct Check {
    const char* name;
    bool (*holds)(Random& random);
  };
  constexpr Check kChecks[] = {{"range coder", decisions_come_back},
                               {"range decoder", any_bytes_decode_alike},
                               {"model", models_adapt_alike},
                               {"mixture", mixtures_adapt_alike},
                               {"tables", tables_follow_formulas}};
  bool equal = true;
  for (const Check& check : kChecks) {
    int wrong = 0;
    for (int round = 0; round < rounds; ++round) {
      Random random(seed * 1000003 + static_cast<std::uint64_t>(round));
      if (check.holds(random)) continue;
      if (!wrong++)
        std::printf("%s differs in round %d of seed %llu\n", check.name, round,
                    static_cast<unsigned long long>(seed));
    }
    std::printf("%-20s %d of %d rounds equal\n", check.name, rounds - wrong, rounds);
    equal = equal && wrong == 0;
  }
  return equal ? 0 : 1;
}

#pragma once

// Kernels under test: each makes its own input from a source of random numbers and returns what it
// computed. kernels.cpp is compiled twice, for what the library dispatches to on this machine and
// for plain code, and compare_kernels.cpp compares their results.

#include <cstdint>
#include <span>
#include <vector>

namespace kernel_test {

/// splitmix64 (Steele, Lea and Flood, OOPSLA 2014).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15u) {}
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
  }
  /// low..high, both included.
  int between(int low, int high) {
    const auto count = static_cast<std::uint64_t>(high - low) + 1;
    return low + static_cast<int>(next() % count);
  }

 private:
  std::uint64_t state_;
};

using Result = std::vector<std::uint8_t>;

struct Kernel {
  const char* name;
  Result (*run)(Random& random);
};

/// The kernels as the library dispatches them, and compiled without dispatch or vectors.
std::span<const Kernel> dispatched();
std::span<const Kernel> plain();

}  // namespace kernel_test

// Compares every kernel as dispatched with plain code on random inputs, in the way of dav1d's
// checkasm:
//
//   compare_kernels [ROUNDS [SEED]]
//
// Prints a line for each kernel. Exit code 1 if any result differs.

#include <cstdio>
#include <cstdlib>

#include "kernels.h"

int main(int count, char** words) {
  const int rounds = count > 1 ? std::atoi(words[1]) : 200;
  const std::uint64_t seed = count > 2 ? std::strtoull(words[2], nullptr, 10) : 1;
  const auto fast = kernel_test::dispatched(), plain = kernel_test::plain();
  bool equal = true;
  for (std::size_t k = 0; k < fast.size(); ++k) {
    int wrong = 0;
    for (int round = 0; round < rounds; ++round) {
      const std::uint64_t input = seed * 1000003 + static_cast<std::uint64_t>(round);
      kernel_test::Random one(input), two(input);
      if (fast[k].run(one) == plain[k].run(two)) continue;
      if (!wrong++)
        std::printf("%s differs in round %d of seed %llu\n", fast[k].name, round,
                    static_cast<unsigned long long>(seed));
    }
    std::printf("%-20s %d of %d rounds equal\n", fast[k].name, rounds - wrong, rounds);
    equal = equal && wrong == 0;
  }
  return equal ? 0 : 1;
}

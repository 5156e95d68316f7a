#pragma once

#include <bit>
#include <concepts>

namespace ablc {

/// Number of bits that value needs, 0 for 0. (std::bit_width returns an unsigned type in older
/// standard libraries.)
constexpr int bit_width(unsigned value) {
  return static_cast<int>(std::bit_width(value));
}

/// -1, 0 or 1.
constexpr int sign_of(std::integral auto value) {
  return (value > 0) - (value < 0);
}

}  // namespace ablc

#pragma once

#include <bit>

namespace ablc {

/// Number of bits that value needs, 0 for 0. (std::bit_width returns an unsigned type in older
/// standard libraries.)
constexpr int bit_width(unsigned value) {
  return static_cast<int>(std::bit_width(value));
}

}  // namespace ablc

#include "range_coder.h"

#include <cmath>

namespace ablc {

std::uint64_t RangeDecoder::last_bytes(const std::uint8_t* from, std::ptrdiff_t count) {
  std::uint64_t word = 0;
  for (std::ptrdiff_t i = 0; i < count; ++i) word |= std::uint64_t{from[i]} << (56 - 8 * i);
  return word;
}

namespace price {

namespace {
Array<float, kSteps + 1> make_bits() {
  Array<float, kSteps + 1> bits{};
  for (int i = 0; i <= kSteps; ++i) bits[i] = static_cast<float>(-std::log2((i + 0.5) / kSteps));
  bits[kSteps] = 0.0f;
  return bits;
}
}  // namespace

const Array<float, kSteps + 1> kBits = make_bits();

}  // namespace price

}  // namespace ablc

#include "range_coder.h"

#include <cmath>

namespace ablc::price {

namespace {
std::array<float, kSteps + 1> make_bits() {
  std::array<float, kSteps + 1> bits{};
  for (int i = 0; i <= kSteps; ++i)
    bits[static_cast<std::size_t>(i)] = static_cast<float>(-std::log2((i + 0.5) / kSteps));
  bits[kSteps] = 0.0f;
  return bits;
}
}  // namespace

const std::array<float, kSteps + 1> kBits = make_bits();

}  // namespace ablc::price

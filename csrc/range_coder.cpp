#include "range_coder.h"

#include <cmath>

namespace ablc::price {

namespace {
Array<float, kSteps + 1> make_bits() {
  Array<float, kSteps + 1> bits{};
  for (int i = 0; i <= kSteps; ++i) bits[i] = static_cast<float>(-std::log2((i + 0.5) / kSteps));
  bits[kSteps] = 0.0f;
  return bits;
}
}  // namespace

const Array<float, kSteps + 1> kBits = make_bits();

}  // namespace ablc::price

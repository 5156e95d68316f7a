#include "mixer.h"

namespace ablc {

Logistic::Logistic() : stretch{}, squash{} {
  // Integer construction (after lpaq): squash by interpolation of 33 fixed points, stretch as its
  // inverse.
  constexpr int kPoints[33] = {1,    2,    3,    6,    10,   16,   27,   45,   73,   120,  194,
                               310,  488,  747,  1101, 1546, 2047, 2549, 2994, 3348, 3607, 3785,
                               3901, 3975, 4022, 4050, 4068, 4079, 4085, 4089, 4092, 4093, 4094};
  for (int x = -2048; x < 2048; ++x) {
    const int cell = (x + 2048) >> 7;
    const int within = (x + 2048) & 127;
    squash[x + 2048] = static_cast<std::uint16_t>(
        (kPoints[cell] * (128 - within) + kPoints[cell + 1] * within + 64) >> 7);
  }
  int next = 0;
  for (int x = -2047; x <= 2047; ++x) {
    const int p = squash[x + 2048];
    for (; next <= p; ++next) stretch[next] = static_cast<std::int16_t>(x);
  }
  for (; next < 4096; ++next) stretch[next] = 2047;
}
const Logistic kLogistic;

namespace {
Array<std::uint16_t, 256> make_rates() {
  Array<std::uint16_t, 256> rates{};
  for (std::uint32_t n = 0; n < 256; ++n)
    rates[n] = static_cast<std::uint16_t>(327680u / (10 * n + 16));
  return rates;
}
}  // namespace
const Array<std::uint16_t, 256> Estimate::kRate = make_rates();

}  // namespace ablc

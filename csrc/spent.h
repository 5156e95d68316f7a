#pragma once

// Where the bits of a stream went: callbacks that decoders of segments report to, for people who
// inspect a stream.

#include <functional>

#include "plane.h"
#include "range_coder.h"

namespace ablc {

/// Called with the number of bits that a window of the picture took. May be empty.
using Spent = std::function<void(const Rect& window, float bits)>;

/// Called with the number of bits that the sample at (x, y) of a plane code's rectangle took.
using SpentOnSample = std::function<void(int x, int y, float bits)>;

/// Run work, and report to spent the bits that it read for the pixels of window.
template <class F>
void watch(const RangeDecoder& coder, const Spent& spent, const Rect& window, F&& work) {
  if (!spent) return work();
  const double before = coder.position();
  work();
  spent(window, static_cast<float>(coder.position() - before));
}

}  // namespace ablc

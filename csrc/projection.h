#pragma once

// Projection of a painted picture onto what its stream guarantees (docs/FORMAT.md, Painted
// pictures).

#include <span>

#include "array.h"
#include "codec.h"
#include "tile.h"

namespace ablc {

/// Planes of a painted picture, 0..1, rows at a stride: one (grey) or three (RGB). Any float is
/// allowed; NaN stands for the decoded sample.
struct Painted {
  Array<const float*, 3> planes{};
  int stride = 0;
  int rows = 0;
};

/// Paints decoded windows. Painted samples are used where they keep the limits of
/// projection_limits.h, else samples close to them that do. Exact pixels stay.
class Projection {
 public:
  explicit Projection(const Guide& guide);
  /// Replace the colour samples of rows [top, top + painted.rows) of picture, a decoded window.
  /// top: a multiple of kSuper.
  void apply(const Painted& painted, int top, int threads, const Image& picture) const;

 private:
  const Guide& guide_;
  Quantisers quantisers_;
};

}  // namespace ablc

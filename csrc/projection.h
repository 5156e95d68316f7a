#pragma once

// What a file guarantees of a picture that networks have painted (docs/FORMAT.md, Painted
// pictures): painted pixels are pulled back to where they break it.

#include <span>

#include "array.h"
#include "codec.h"
#include "tile.h"

namespace ablc {

/// Planes of a painted picture, 0..1, rows one after another at a stride: one (grey) or three
/// (RGB). Anything may be in them, NaN included, which stands for the decoded sample.
struct Painted {
  Array<const float*, 3> planes{};
  int stride = 0;
  int rows = 0;
};

/// Replaces the colour samples of rows [top, top + painted.rows) of picture, a decoded window, by
/// the painted ones, or where those break what the file says by what is near them and does not: in
/// kept blocks every transform coefficient stays within half a quantisation step of the decoded
/// picture's, in dropped 8x8 cells the mean of every plane within half a step of the base. Exact
/// pixels stay. top: multiple of kSuper.
class Projection {
 public:
  explicit Projection(const Guide& guide);
  void apply(const Painted& painted, int top, int threads, const Image& picture) const;

 private:
  const Guide& guide_;
  Quantisers quantisers_;
};

}  // namespace ablc

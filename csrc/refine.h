#pragma once

// Refinement of the decoded luma (docs/FORMAT.md, Refinement): every 4x4 block is filtered by one
// of 45 small symmetric filters, picked by how strong and how directed its second differences are.
// Trained on what the quantiser does to photographs; the last step of the integer decoder.

#include <cstdint>

#include "array.h"
#include "cell_shape.h"
#include "plane.h"

namespace ablc {

inline constexpr int kRefinePairs = 12;  ///< taps of a filter come in pairs opposite the centre

/// The refinement of a picture's luma.
class Refinement {
 public:
  /// step: luma quantisation step in 1/16 grey level, from which the cells have offsets.
  Refinement(int step, const Plane<CellShape>& cells);
  /// Return rows [first, last) of luma, filtered. first: a multiple of 4.
  Plane<std::uint8_t> rows(const Plane<std::uint8_t>& luma, int first, int last) const;

 private:
  /// The filters of one step.
  struct Filters {
    explicit Filters(int step);
    const std::int16_t (*by_class)[kRefinePairs];
    std::int16_t most;  // bound of a clipped difference: 0.3 of the step
  };
  const Plane<CellShape>& cells_;
  Vector<Filters> filters_;
};

}  // namespace ablc

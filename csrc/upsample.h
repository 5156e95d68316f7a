#pragma once

// Class-adaptive linear upsampling of the base layer (docs/FORMAT.md, Upsampling).

#include <cstdint>

#include "plane.h"

namespace ablc {

inline constexpr int kBaseScale = 8;  ///< side of the pixel block that one base sample stands for

/// Predicts the samples of `cells` (in base samples) of a picture from its whole base plane.
/// base: in 1/16 grey level, 0..4080. out: at least 8 cells.width x 8 cells.height.
void upsample(const Plane<std::int16_t>& base, const Rect& cells, Plane<std::uint8_t>& out);

/// Activity class 0..5 of every cell of `cells`: the spread of the 3x3 base samples around it.
Plane<std::uint8_t> activity(const Plane<std::int16_t>& base, const Rect& cells);

}  // namespace ablc

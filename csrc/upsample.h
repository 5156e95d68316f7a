#pragma once

// Class-adaptive linear upsampling of the base layer (docs/FORMAT.md, Upsampling).

#include <cstdint>

#include "plane.h"

namespace ablc {

inline constexpr int kBaseScale = 8;  ///< side of the pixel block that one base sample stands for

/// Predict the samples of a window of cells from the base plane of the whole picture. base: in 1/16
/// grey level, 0..4080; cells: in base samples; out: at least 8 cells.width x 8 cells.height.
void upsample(const Plane<std::int16_t>& base, const Rect& cells, Plane<std::uint8_t>& out);

/// Return the activity class, 0..5, of every cell of a window: from the range of the 3x3 base
/// samples around it.
Plane<std::uint8_t> activity(const Plane<std::int16_t>& base, const Rect& cells);

}  // namespace ablc

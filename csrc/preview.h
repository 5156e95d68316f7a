#pragma once

// A stream as a picture an eighth as wide and high.

#include <string>
#include <vector>

#include "image.h"
#include "status.h"
#include "stream.h"

namespace ablc {

/// Decode a lossy stream and reduce it to means, a pixel for each cell of 8x8. out has that size,
/// and 1 channel for a grey stream, else 3. With partial, damaged parts are approximated and lost
/// says so in words.
Status preview(const Parsed& file, int threads, bool partial, const Image& out,
               std::vector<std::string>& lost);

}  // namespace ablc

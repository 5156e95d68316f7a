#pragma once

// The base of a stream on its own: a picture an eighth as wide and high, without decoding a block.

#include <string>
#include <vector>

#include "colour.h"
#include "stream.h"

namespace ablc {

/// Read the whole base of a lossy stream into planes that make_base() made. Returns false if any of
/// it is missing or damaged; those samples stay mid grey.
bool read_base(const Parsed& file, int threads, BasePlanes& base);

/// Convert the base of a lossy stream to a picture, a pixel for each cell of 8x8. out has that
/// size, and 1 channel for a grey stream, else 3. With partial, damaged samples stay grey and lost
/// says so in words.
Status preview(const Parsed& file, int threads, bool partial, const Image& out,
               std::vector<std::string>& lost);

}  // namespace ablc

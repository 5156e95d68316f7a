#pragma once

// The base of a file on its own: a picture of an eighth of the size, without decoding a block.

#include <string>
#include <vector>

#include "colour.h"
#include "stream.h"

namespace ablc {

/// The whole base of a lossy file, into planes that make_base made. False if any of it is missing
/// or damaged; what could not be read stays mid grey.
bool read_base(const Parsed& file, int threads, BasePlanes& base);

/// The base of a lossy file as a picture, a pixel for each cell of 8x8: out has that size, and 1
/// channel for grey files, else 3. With partial, what is damaged stays grey and lost tells of it.
Status preview(const Parsed& file, int threads, bool partial, const Image& out,
               std::vector<std::string>& lost);

}  // namespace ablc

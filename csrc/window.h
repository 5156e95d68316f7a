#pragma once

// Windows of a picture and the tiles around them (docs/FORMAT.md, Refusal, partial decoding,
// windows, limits). Windows count pixels of the whole picture.

#include <cstdint>

#include "plane.h"
#include "stream.h"

namespace ablc {

/// Return window with its corner counted from the corner of origin.
Rect from_corner(const Rect& window, const Rect& origin);

/// Return the part of the picture within margin pixels of window.
Rect grown(const Rect& window, int margin, const Header& header);

/// Return the smallest window that consists of whole tiles and contains window.
Rect whole_tiles(const Rect& window, const Header& header);

/// Return the window whose samples before filtering have to be decoded, so that window comes out as
/// in a decode of the whole picture.
Rect needed_for(const Rect& window, const Header& header);

/// Return the number of pixels of the tiles that a decode of window holds in memory.
std::uint64_t pixels_around(const Header& header, const Rect& window);

}  // namespace ablc

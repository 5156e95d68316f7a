#pragma once

// Windows of a stream of which only ranges of bytes are at hand (docs/FORMAT.md, Refusal, partial
// decoding, windows, limits): for readers of remote files.

#include <cstdint>

#include "array.h"
#include "stream.h"

namespace ablc {

struct ByteRange {
  std::uint64_t start;  ///< offset in the file
  std::uint64_t length;
};

/// Return where the tiles of an indexed stream are that a decode of window needs, in rising order.
Vector<ByteRange> ranges_for(const Parsed& file, const Rect& window);

/// Note bytes that begin at start in the file: the tiles that lie in them are at hand.
void put_bytes(ByteView bytes, std::uint64_t start, Parsed& file);

/// Return the tiles of a window whose bytes are not all at hand or contradict their checksums.
Vector<int> damaged_tiles(const Parsed& file, const Rect& window);

}  // namespace ablc

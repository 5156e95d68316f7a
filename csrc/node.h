#pragma once

#include "block_size.h"

namespace ablc {

/// Where a leaf or a chroma unit lies, in squares of the tile.
struct Node {
  int x = 0;
  int y = 0;
  BlockSize size = kBlock64;
  int squares() const { return size.side() / kSquare; }
  Node child(int i) const {
    const int half = squares() / 2;
    return {x + (i & 1 ? half : 0), y + (i & 2 ? half : 0), size.half()};
  }
};

}  // namespace ablc

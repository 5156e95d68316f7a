#pragma once

// Geometry that encoder and decoder share.

#include <memory>

#include "cell_shape.h"
#include "stream.h"
#include "tile.h"

namespace ablc {

inline int chroma_size(int luma, int subsample) {
  return (luma + subsample) >> subsample;
}

/// A tile whose syntax can be coded; its planes are empty.
std::unique_ptr<Tile> make_tile(const Header& header, const Rect& tile);

/// Make the planes of that tile, mid grey.
void make_planes(Tile& tile);

/// Return what is known of a visible cell of a decoded tile.
CellShape shape_of(const Tile& tile, int x, int y);

}  // namespace ablc

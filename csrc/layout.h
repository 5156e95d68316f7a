#pragma once

// Geometry and derived settings that encoder and decoder share.

#include <memory>

#include "plane_coder.h"
#include "stream.h"
#include "tile.h"

namespace ablc {

inline int chroma_size(int luma, int subsample) {
  return (luma + subsample) >> subsample;
}

/// Return the parameters of the plane code of a plane's base. Its step is 5/64 of the luma step,
/// about a DC coefficient's share; 7/10 of that for chroma, whose errors show as tints of whole
/// cells.
PlaneParams base_params(int step, int plane);

/// Return the window of a tile in a base plane of the picture, in base samples.
Rect base_rect(const Header& header, const Rect& tile, int plane);

/// Return the base planes of a picture, filled with mid grey.
BasePlanes make_base(const Header& header);

/// Return a tile whose mask and levels can be coded; its planes are empty.
std::unique_ptr<Tile> make_tile(const Header& header, const Rect& tile, const BasePlanes& base);

/// Fill the planes of that tile, P0 and rec, with the upsampled base.
void fill_planes(const Header& header, const Rect& rect, const BasePlanes& base, Tile& tile);

}  // namespace ablc

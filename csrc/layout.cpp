#include "layout.h"

#include <algorithm>

namespace ablc {

std::unique_ptr<Tile> make_tile(const Header& header, const Rect& rect) {
  auto tile = std::make_unique<Tile>();
  tile->width = round_up(rect.width, kSuper);
  tile->height = round_up(rect.height, kSuper);
  tile->squares_wide = div_up(rect.width, kSquare);
  tile->squares_high = div_up(rect.height, kSquare);
  tile->cells_wide = div_up(rect.width, kCell);
  tile->cells_high = div_up(rect.height, kCell);
  tile->planes = header.planes();
  tile->subsample = header.subsample;
  if (header.step_offsets)
    tile->offsets = Plane<std::int8_t>(tile->width / kSuper, tile->height / kSuper);
  tile->squares = Plane<SquareInfo>(tile->width / kSquare, tile->height / kSquare);
  return tile;
}

void make_planes(Tile& tile) {
  for (int p = 0; p < tile.planes; ++p) {
    const int s = p == 0 ? 0 : tile.subsample;
    tile.rec[p] = Plane<std::uint8_t>(tile.width >> s, tile.height >> s, 128);
  }
}

CellShape shape_of(const Tile& tile, int x, int y) {
  constexpr int kSquares = kCell / kSquare;
  const SquareInfo& square = tile.squares.at(x * kSquares, y * kSquares);
  return {
      .log2 = std::max(square.log2, static_cast<std::uint8_t>(kBlock8.log2())),
      .kept = square.kept,
      .chroma_coded = static_cast<std::uint8_t>(square.chroma_coded[0] | square.chroma_coded[1]),
      .step_offset = static_cast<std::int8_t>(tile.offset_at(x * kSquares, y * kSquares))};
}

}  // namespace ablc

#include "inspect.h"

#include <algorithm>

#include "tile_decoder.h"

namespace ablc {

namespace {

/// Copy the mask of a tile whose visible window is rect.
void copy_mask(const Tile& tile, const Rect& rect, MaskInfo& out) {
  for (int y = 0; y < tile.cells_high; ++y)
    for (int x = 0; x < tile.cells_wide; ++x) {
      const CellShape cell = shape_of(tile, x, y);
      out.note(cell.kept, cell.log2, rect.x / kCell + x, rect.y / kCell + y);
    }
}

}  // namespace

MaskInfo::MaskInfo(const Plane<CellShape>& cells)
    : kept(cells.width, cells.height), log2(cells.width, cells.height) {
  for (int y = 0; y < cells.height; ++y)
    for (int x = 0; x < cells.width; ++x) note(cells.at(x, y).kept, cells.at(x, y).log2, x, y);
}

void MaskInfo::note(std::uint8_t cell_kept, std::uint8_t cell_log2, int x, int y) {
  kept.at(x, y) = cell_kept;
  log2.at(x, y) = cell_log2;
  const BlockSize size(cell_log2);
  const int side = size.side() / kCell;  // tiles begin at multiples of every block's side
  if (x % side == 0 && y % side == 0) ++leaves[size.index()];
}

double MaskInfo::kept_share(const Header& header) const {
  double pixels = 0;
  for (int y = 0; y < kept.height; ++y)
    for (int x = 0; x < kept.width; ++x)
      if (kept.at(x, y))
        pixels +=
            std::min(kCell, header.width - kCell * x) * std::min(kCell, header.height - kCell * y);
  return pixels / (static_cast<double>(header.width) * header.height);
}

Status read_mask(const Parsed& file, MaskInfo& out) {
  const Header& header = file.header;
  out.kept = Plane<std::uint8_t>(div_up(header.width, kCell), div_up(header.height, kCell), 1);
  out.log2 = Plane<std::uint8_t>(out.kept.width, out.kept.height, kBlock8.log2());
  if (header.lossless) return Status::ok;
  Vector<ByteView> masks(header.tiles()), blocks;
  if (has_mask(header) && find_segments(file, SectionId::mask, masks) != Found::whole)
    return Status::corrupt;
  if (find_segments(file, SectionId::blocks, blocks) != Found::whole) return Status::corrupt;
  for (int t = 0; t < header.tiles(); ++t) {
    if (header.indexed() && !file.tile_sound(t)) return Status::corrupt;
    const Rect rect = header.tile(t);
    const auto tile = make_tile(header, rect);
    const TileState sound = read_tile({masks[t], blocks[t]}, header, *tile);
    if (!sound.mask || !sound.blocks) return Status::corrupt;
    copy_mask(*tile, rect, out);
  }
  return Status::ok;
}

CodingMap::CodingMap(const Header& header) {
  const int columns = div_up(header.width, kCell), rows = div_up(header.height, kCell);
  bits = Plane<float>(columns, rows);
  mode = Plane<std::uint8_t>(columns, rows);
  offset = Plane<std::int8_t>(columns, rows);
}

void CodingMap::add(const Rect& window, double spent) {
  const int left = window.x / kCell, top = window.y / kCell;
  const int right = std::min(div_up(window.x + window.width, kCell), bits.width),
            bottom = std::min(div_up(window.y + window.height, kCell), bits.height);
  const auto share = static_cast<float>(spent / std::max((right - left) * (bottom - top), 1));
  for (int y = top; y < bottom; ++y)
    for (int x = left; x < right; ++x) bits.at(x, y) += share;
}

void CodingMap::copy_cells(const Tile& tile, const Rect& rect) {
  constexpr int kSquares = kCell / kSquare;
  for (int y = 0; y < tile.cells_high; ++y)
    for (int x = 0; x < tile.cells_wide; ++x) {
      const int column = rect.x / kCell + x, row = rect.y / kCell + y;
      mode.at(column, row) = tile.squares.at(x * kSquares, y * kSquares).mode;
      offset.at(column, row) = static_cast<std::int8_t>(tile.offset_at(x * kSquares, y * kSquares));
    }
}

}  // namespace ablc

#include "layout.h"

#include "upsample.h"

namespace ablc {

PlaneParams base_params(int step, int plane) {
  const int part = plane == 0 ? 80 : 56;  // in 1/1024
  return {
      .step = std::max(1, (step * part + 512) >> 10), .lowest = 0, .highest = 4080, .start = 2048};
}

Rect base_rect(const Header& header, const Rect& tile, int plane) {
  const int s = plane == 0 ? 0 : header.subsample;
  return {(tile.x >> s) / kBaseScale, (tile.y >> s) / kBaseScale,
          div_up(chroma_size(tile.width, s), kBaseScale),
          div_up(chroma_size(tile.height, s), kBaseScale)};
}

BasePlanes make_base(const Header& header) {
  BasePlanes base;
  for (int p = 0; p < header.planes(); ++p) {
    const Rect all = base_rect(header, {0, 0, header.width, header.height}, p);
    base[p] = Plane<std::int16_t>(all.width, all.height, 128 * 16);
  }
  return base;
}

std::unique_ptr<Tile> make_tile(const Header& header, const Rect& rect, const BasePlanes& base) {
  auto tile = std::make_unique<Tile>();
  tile->width = round_up(rect.width, kSuper);
  tile->height = round_up(rect.height, kSuper);
  tile->planes = header.planes();
  tile->subsample = header.subsample;
  if (header.step_offsets)
    tile->offsets = Plane<std::int8_t>(tile->width / kSuper, tile->height / kSuper);
  tile->cells = Plane<CellInfo>(tile->width / kUnit, tile->height / kUnit);
  tile->units_wide = div_up(rect.width, kUnit);
  tile->units_high = div_up(rect.height, kUnit);
  tile->activity = activity(base[0], base_rect(header, rect, 0));
  return tile;
}

void fill_planes(const Header& header, const Rect& rect, const BasePlanes& base, Tile& tile) {
  for (int p = 0; p < tile.planes; ++p) {
    const int s = p == 0 ? 0 : header.subsample;
    tile.p0[p] = Plane<std::uint8_t>(tile.width >> s, tile.height >> s);
    Rect cells = base_rect(header, rect, p);
    cells.width = (tile.width >> s) / kBaseScale;
    cells.height = (tile.height >> s) / kBaseScale;
    upsample(base[p], cells, tile.p0[p]);
    tile.rec[p] = tile.p0[p];
  }
}

}  // namespace ablc

#include "levels.h"

namespace ablc {

namespace {

/// Band of frequency of the diagonal d of a block of the given size, about the same for all sizes.
int band_of(BlockSize size, int d) {
  int band = d;
  if (size == kBlock16) band = d > 2 ? (d + 3) / 2 : d;
  if (size == kBlock32) band = d > 7 ? d / 4 + 2 : d > 2 ? (d + 1) / 2 : d;
  if (size == kBlock64) band = d > 15 ? d / 8 + 3 : d > 3 ? (d + 6) / 4 + 1 : d;
  return std::min(band, kBands - 1);
}

}  // namespace

Scan::Scan(BlockSize size) : order{} {
  const int n = size.side();
  std::size_t k = 0;
  for (int d = 0; d < 2 * n - 1; ++d) {
    for (int i = 0; i <= d; ++i) {
      const int y = d % 2 ? i : d - i;  // zigzag: alternating along the diagonals
      const int x = d - y;
      if (x >= n || y >= n) continue;
      Position& p = order[k++];
      p.raster = static_cast<std::uint16_t>(y * n + x);
      p.padded = static_cast<std::uint16_t>((y + 2) * (n + 2) + x + 2);
      p.band = static_cast<std::uint8_t>(band_of(size, d));
      p.zone = static_cast<std::uint8_t>(d == 0 ? 0 : p.band < 3 ? 1 : p.band < 6 ? 2 : 3);
      p.x = static_cast<std::uint8_t>(x);
      p.y = static_cast<std::uint8_t>(y);
    }
  }
}

const Scan& scan_of(BlockSize size) {
  static const Array<Scan, kSizes> scans = {Scan(kBlock4), Scan(kBlock8), Scan(kBlock16),
                                            Scan(kBlock32), Scan(kBlock64)};
  return scans[size.index()];
}

}  // namespace ablc

#include "levels.h"

namespace ablc {

namespace {

/// Band of frequency of the diagonal d of a block of the given size, about the same for all sizes.
int band_of(int log2_size, int d) {
  int band = d;
  if (log2_size == 4) band = d > 2 ? (d + 3) / 2 : d;
  if (log2_size == 5) band = d > 7 ? d / 4 + 2 : d > 2 ? (d + 1) / 2 : d;
  return std::min(band, kBands - 1);
}

}  // namespace

Scan::Scan(int log2_size) : order{} {
  const int n = 1 << log2_size;
  std::size_t k = 0;
  for (int d = 0; d < 2 * n - 1; ++d) {
    for (int i = 0; i <= d; ++i) {
      const int y = d % 2 ? i : d - i;  // zigzag: alternating along the diagonals
      const int x = d - y;
      if (x >= n || y >= n) continue;
      Position& p = order[k++];
      p.raster = static_cast<std::uint16_t>(y * n + x);
      p.padded = static_cast<std::uint16_t>((y + 2) * (n + 2) + x + 2);
      p.band = static_cast<std::uint8_t>(band_of(log2_size, d));
      p.zone = static_cast<std::uint8_t>(d == 0 ? 0 : p.band < 3 ? 1 : p.band < 6 ? 2 : 3);
      p.x = static_cast<std::uint8_t>(x);
      p.y = static_cast<std::uint8_t>(y);
    }
  }
}

const Scan& scan_of(int log2_size) {
  static const std::array<Scan, kSizes> scans = {Scan(3), Scan(4), Scan(5)};
  return scans[static_cast<std::size_t>(log2_size - kMinLog2)];
}

}  // namespace ablc

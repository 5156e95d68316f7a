#include "crc32.h"

#include "array.h"

namespace ablc {

namespace {

/// kCrc[0] is the usual table. kCrc[k] is for a byte that k others follow, so that four bytes are
/// taken at a time.
const Array<Array<std::uint32_t, 256>, 4> kCrc = [] {
  Array<Array<std::uint32_t, 256>, 4> tables{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t c = i;
    for (int k = 0; k < 8; ++k) c = c & 1 ? 0xEDB88320u ^ (c >> 1) : c >> 1;
    tables[0][i] = c;
  }
  for (std::size_t k = 1; k < tables.size(); ++k)
    for (std::size_t i = 0; i < 256; ++i)
      tables[k][i] = tables[k - 1][i] >> 8 ^ tables[0][tables[k - 1][i] & 0xFF];
  return tables;
}();

}  // namespace

std::uint32_t crc32(std::uint32_t crc, std::span<const std::uint8_t> bytes) {
  crc = ~crc;
  std::size_t i = 0;
  for (; i + 4 <= bytes.size(); i += 4) {
    const auto at = [&](std::size_t k) { return (crc >> (8 * k) & 0xFF) ^ bytes[i + k]; };
    crc = kCrc[3][at(0)] ^ kCrc[2][at(1)] ^ kCrc[1][at(2)] ^ kCrc[0][at(3)];
  }
  for (; i < bytes.size(); ++i) crc = kCrc[0][(crc ^ bytes[i]) & 0xFF] ^ (crc >> 8);
  return ~crc;
}

}  // namespace ablc

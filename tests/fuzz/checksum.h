#pragma once

// Gives a damaged file matching checksums, so that damage gets past them to the decoder proper.

#include <algorithm>
#include <cstdint>
#include <span>

#include "crc32.h"
#include "stream.h"

namespace ablc::fuzz {

/// The checksum ends the fixed header; it covers every byte but its own (docs/FORMAT.md, File).
inline void repair_checksum(std::span<std::uint8_t> file) {
  constexpr std::size_t kSize = 4;
  constexpr std::size_t kAt = kHeaderSize - kSize;
  if (file.size() < kHeaderSize || !std::equal(kMagic.begin(), kMagic.end(), file.begin())) return;
  std::uint32_t crc = ~0u;
  for (std::size_t i = 0; i < file.size(); ++i) {
    if (i >= kAt && i < kHeaderSize) continue;
    crc ^= file[i];
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0u);
  }
  for (std::size_t i = 0; i < kSize; ++i)
    file[kAt + i] = static_cast<std::uint8_t>(~crc >> (8 * i));
}

/// Gives the tiles of an index, and the index, matching checksums, as far as it can be read.
inline void repair_index(std::span<std::uint8_t> file) {
  Parsed parsed;
  if (parse(file, UINT64_MAX, true, parsed) != Status::ok || parsed.index.parts.empty()) return;
  const Section* tiles = find(parsed, SectionId::tiles);
  const ByteView index = body_of(parsed, SectionId::index);
  const auto put = [&](std::size_t at, std::uint32_t crc) {
    std::uint8_t* out = file.data() + (index.data() - file.data()) + at;
    for (int i = 0; i < 4; ++i) out[i] = static_cast<std::uint8_t>(crc >> (8 * i));
  };
  ByteReader reader(index);
  reader.take(1 + parsed.index.parts.size());
  for (int t = 0; tiles && t < parsed.header.tiles(); ++t) {
    std::uint64_t length = 0;
    for (std::size_t p = 0; p < parsed.index.parts.size(); ++p) reader.varint(length);
    put(reader.at(),
        crc32(0, part_of(tiles->body, parsed.index.starts[t], parsed.index.length(t))));
    reader.take(4);
  }
  if (const std::size_t end = reader.at(); reader.left() >= 4)
    put(end, crc32(header_checksum(parsed.header, file), index.first(end)));
}

}  // namespace ablc::fuzz

#pragma once

// Gives a damaged file a matching checksum, so that damage gets past it to the decoder proper.

#include <algorithm>
#include <cstdint>
#include <span>

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

}  // namespace ablc::fuzz

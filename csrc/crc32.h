#pragma once

#include <cstdint>
#include <span>

namespace ablc {

/// Return the CRC-32 (ISO-HDLC, as in PNG and zip) of bytes appended to those of crc; 0 for none.
std::uint32_t crc32(std::uint32_t crc, std::span<const std::uint8_t> bytes);

}  // namespace ablc

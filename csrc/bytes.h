#pragma once

// Bytes of a stream, read and written; all bounds are checked here.

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace ablc {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

/// Reads bytes from the front.
class ByteReader {
 public:
  explicit ByteReader(ByteView bytes) : bytes_(bytes) {}
  std::size_t at() const { return at_; }
  std::size_t left() const { return bytes_.size() - at_; }
  bool byte(std::uint8_t& value) {
    if (left() == 0) return false;
    value = bytes_[at_++];
    return true;
  }
  /// A length has up to 35 bits on every machine.
  bool varint(std::uint64_t& value) {
    value = 0;
    for (int shift = 0; shift < 35; shift += 7) {
      std::uint8_t b;
      if (!byte(b)) return false;
      value |= static_cast<std::uint64_t>(b & 127) << shift;
      if (b < 128) return true;
    }
    return false;
  }
  bool u32(std::uint32_t& value) {
    if (left() < 4) return false;
    value = 0;
    for (std::size_t i = 0; i < 4; ++i)
      value |= static_cast<std::uint32_t>(bytes_[at_ + i]) << (8 * i);
    at_ += 4;
    return true;
  }
  /// Return the next bytes; fewer if fewer are left.
  ByteView take(std::uint64_t count) {
    const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(count, left()));
    const ByteView view = bytes_.subspan(at_, length);
    at_ += view.size();
    return view;
  }

 private:
  ByteView bytes_;
  std::size_t at_ = 0;
};

inline void put_varint(Bytes& out, std::uint64_t value) {
  for (; value >= 128; value >>= 7) out.push_back(static_cast<std::uint8_t>(value | 128));
  out.push_back(static_cast<std::uint8_t>(value));
}

inline void put_u32(Bytes& out, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8)
    out.push_back(static_cast<std::uint8_t>(value >> shift));
}

/// Return count bytes of a view from start on; fewer if it has fewer.
inline ByteView part_of(ByteView bytes, std::uint64_t start, std::uint64_t count) {
  ByteReader reader(bytes);
  reader.take(start);
  return reader.take(count);
}

}  // namespace ablc

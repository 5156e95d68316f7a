#include "header.h"

#include <algorithm>

#include "crc32.h"

namespace ablc {

namespace {

constexpr std::uint8_t kLossless = 1;
constexpr std::uint8_t kFullChroma = 2;
constexpr int kChannelsShift = 2;  // two bits: 0 grey, 1 RGB, 2 RGBA
constexpr std::uint8_t kTiled = 16;
constexpr std::uint8_t kStepOffsets = 32;
constexpr std::uint8_t kExplicitMask = 64;
constexpr std::uint8_t kExact = 128;
constexpr int kExtended = 1 << 15;  // of the step: a later version's extension byte follows

int u16(ByteView b, std::size_t at) {
  return b[at] | b[at + 1] << 8;
}

Status fail(std::string& fault, const std::string& found) {
  fault = "the header is wrong: " + found;
  return Status::corrupt;
}

Status check_magic(ByteView file) {
  const std::size_t letters = std::min<std::size_t>(file.size(), 3);
  if (!std::equal(kMagic.begin(), kMagic.begin() + letters, file.begin())) return Status::corrupt;
  if (file.size() > 3 && file[3] != kMagic[3] && file[3] != kFirstVersion)
    return Status::unsupported;
  if (file.size() < kHeaderSize) return Status::truncated;
  const bool lossless = file[4] & kLossless;
  return file[3] == kMagic[3] || lossless ? Status::ok : Status::unsupported;
}

/// Read the fixed fields.
Status read_fields(ByteView fields, Header& h, std::string& fault) {
  const std::uint8_t flags = fields[4];
  h.version = fields[3];
  h.lossless = flags & kLossless;
  h.subsample = flags & kFullChroma ? 0 : 1;
  const int channels = flags >> kChannelsShift & 3;
  h.channels = channels == 0 ? 1 : channels + 2;
  h.step_offsets = flags & kStepOffsets;
  h.explicit_mask = flags & kExplicitMask;
  h.exact = flags & kExact;
  h.width = u16(fields, 5);
  h.height = u16(fields, 7);
  h.step = u16(fields, 9);
  h.checksum = static_cast<std::uint32_t>(u16(fields, kChecksumAt)) |
               static_cast<std::uint32_t>(u16(fields, kChecksumAt + 2)) << 16;
  if (channels == 3 || (h.version > kFirstVersion && h.step & kExtended))
    return Status::unsupported;
  if (h.width == 0 || h.height == 0)
    return fail(fault, "size " + std::to_string(h.width) + "x" + std::to_string(h.height) +
                           ", expected 1..65535 a side");
  if (h.step < 16 || h.step > 16384)
    return fail(fault, "step " + std::to_string(h.step) +
                           ", expected 16..16384 sixteenths of a grey level");
  return Status::ok;
}

/// Read the side of tiles, which follows the fixed fields of tiled pictures.
Status read_tile_side(ByteView file, Header& h, std::string& fault) {
  if (file.size() == kHeaderSize) return Status::truncated;
  const int log2 = file[kHeaderSize];
  if (log2 < 8 || log2 > 15)
    return fail(fault, "tile side 2^" + std::to_string(log2) + ", expected 2^8..2^15");
  h.tile_log2 = log2;
  return Status::ok;
}

}  // namespace

Rect Header::tile(int index) const {
  if (!tile_log2) return {0, 0, width, height};
  const int side = 1 << tile_log2;
  const int x = index % tile_columns() * side;
  const int y = index / tile_columns() * side;
  return {x, y, std::min(side, width - x), std::min(side, height - y)};
}

Vector<int> Header::tiles_in(const Rect& window) const {
  Vector<int> list;
  const int columns = tile_columns();
  const int side = tile_log2 ? 1 << tile_log2 : 65536;
  for (int row = window.y / side; row * side < window.y + window.height; ++row)
    for (int column = window.x / side; column * side < window.x + window.width; ++column)
      list.push_back(row * columns + column);
  return list;
}

Status read_header(ByteView file, Header& out, std::string& fault) {
  if (const Status status = check_magic(file); status != Status::ok) return status;
  if (const Status status = read_fields(file.first(kHeaderSize), out, fault); status != Status::ok)
    return status;
  return file[4] & kTiled ? read_tile_side(file, out, fault) : Status::ok;
}

Bytes header_bytes(const Header& h) {
  Bytes out(kMagic.begin(), kMagic.end());
  out[3] = h.version;
  const int channels = h.channels == 1 ? 0 : h.channels - 2;
  out.push_back(static_cast<std::uint8_t>(
      (h.lossless ? kLossless : 0) | (h.subsample ? 0 : kFullChroma) | channels << kChannelsShift |
      (h.tile_log2 ? kTiled : 0) | (h.step_offsets ? kStepOffsets : 0) |
      (h.explicit_mask ? kExplicitMask : 0) | (h.exact ? kExact : 0)));
  for (const int v : {h.width, h.height, h.step, 0, 0}) {
    out.push_back(static_cast<std::uint8_t>(v));
    out.push_back(static_cast<std::uint8_t>(v >> 8));
  }
  if (h.tile_log2) out.push_back(static_cast<std::uint8_t>(h.tile_log2));
  return out;
}

std::uint32_t header_checksum(const Header& header, ByteView file) {
  return crc32(crc32(0, file.first(kChecksumAt)),
               part_of(file, kHeaderSize, header.size() - kHeaderSize));
}

}  // namespace ablc

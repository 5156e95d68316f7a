#include "tile_index.h"

#include <algorithm>
#include <iterator>

#include "crc32.h"

namespace ablc {

namespace {

constexpr std::size_t kChecksumSize = 4;

/// Read the list of sections that have segments. Return what is wrong with it.
std::string read_parts(ByteReader& reader, Vector<SectionId>& parts) {
  std::uint8_t count = 0, id = 0;
  if (!reader.byte(count)) return "TIDX is cut short";
  if (count < 1 || count > TileIndex::kMostParts)
    return "TIDX names " + std::to_string(count) + " sections, expected 1.." +
           std::to_string(TileIndex::kMostParts);
  while (std::ssize(parts) < count) {
    if (!reader.byte(id)) return "TIDX is cut short";
    const auto part = static_cast<SectionId>(id);
    if (std::find(parts.begin(), parts.end(), part) != parts.end())
      return "section " + std::to_string(id) + " occurs twice";
    parts.push_back(part);
  }
  return "";
}

/// Read lengths and checksum of every tile. Return false if they end early.
bool read_tiles(ByteReader& reader, int tiles, TileIndex& out) {
  const std::size_t parts = out.parts.size(), count = static_cast<std::size_t>(tiles);
  // Every length takes at least a byte: a count that cannot be there costs nothing.
  if (reader.left() / (parts + kChecksumSize) < count) return false;
  out.lengths.reserve(count * parts);
  out.starts.reserve(count + 1);
  out.checksums.reserve(count);
  std::uint64_t start = 0;  // at most 16 lengths of 35 bits for each of 65536 tiles
  for (std::size_t t = 0; t < count; ++t) {
    out.starts.push_back(start);
    for (std::size_t p = 0; p < parts; ++p) {
      std::uint64_t length = 0;
      if (!reader.varint(length)) return false;
      out.lengths.push_back(length);
      start += length;
    }
    std::uint32_t checksum = 0;
    if (!reader.u32(checksum)) return false;
    out.checksums.push_back(checksum);
  }
  out.starts.push_back(start);
  return true;
}

}  // namespace

int TileIndex::part_at(SectionId id) const {
  const auto place = std::find(parts.begin(), parts.end(), id);
  return place == parts.end() ? -1 : static_cast<int>(place - parts.begin());
}

ByteView TileIndex::segment(ByteView bytes, int tile, int part) const {
  ByteReader reader(bytes);
  const auto first = static_cast<std::ptrdiff_t>(tile) * std::ssize(parts);
  for (int p = 0; p < part; ++p) reader.take(lengths[first + p]);
  const ByteView segment = reader.take(lengths[first + part]);
  return segment.empty() && lengths[first + part] > 0 ? ByteView{} : segment;
}

std::string read_index(ByteView body, int tiles, std::uint32_t header_checksum, TileIndex& out) {
  out = {};
  ByteReader reader(body);
  std::string fault = read_parts(reader, out.parts);
  if (fault.empty() && !read_tiles(reader, tiles, out)) fault = "TIDX is cut short";
  std::uint32_t checksum = 0;
  if (!fault.empty()) {
    out = {};
  } else if (const std::size_t end = reader.at(); !reader.u32(checksum)) {
    fault = "TIDX is cut short";
  } else if (reader.left() > 0) {
    fault = "TIDX has bytes after its end";
  } else if (checksum != crc32(header_checksum, body.first(end))) {
    fault = "the checksum of TIDX does not match";
  }
  out.sound = fault.empty();
  return fault;
}

Sections join_tiles(const SegmentLists& lists, std::uint32_t header_checksum) {
  Bytes index, tiles;
  index.push_back(static_cast<std::uint8_t>(lists.size()));
  for (const auto& list : lists) index.push_back(static_cast<std::uint8_t>(list.first));
  for (std::size_t t = 0; t < lists.front().second.size(); ++t) {
    const std::size_t start = tiles.size();
    for (const auto& list : lists) {
      const Bytes& segment = list.second[t];
      put_varint(index, segment.size());
      tiles.insert(tiles.end(), segment.begin(), segment.end());
    }
    put_u32(index, crc32(0, ByteView(tiles).subspan(start)));
  }
  put_u32(index, crc32(header_checksum, index));
  Sections sections;
  sections.emplace_back(SectionId::index, std::move(index));
  sections.emplace_back(SectionId::tiles, std::move(tiles));
  return sections;
}

Status split_segments(ByteView body, int count, Vector<ByteView>& segments) {
  segments = Vector<ByteView>(count);
  // Every length takes at least a byte: a count that cannot be there costs nothing.
  if (count > std::ssize(body) + 1) return Status::truncated;
  ByteReader reader(body);
  Vector<std::uint64_t> lengths(count - 1);
  for (std::uint64_t& length : lengths)
    if (!reader.varint(length)) return Status::truncated;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    const bool cut = reader.left() < lengths[i];
    segments[i] = reader.take(lengths[i]);
    if (cut) return Status::truncated;
  }
  segments.back() = reader.take(reader.left());
  return Status::ok;
}

}  // namespace ablc

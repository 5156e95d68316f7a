#include "stream.h"

#include <algorithm>
#include <iterator>

#include "crc32.h"

namespace ablc {

namespace {

/// CRC-32 of the file without the checksum field itself.
std::uint32_t checksum_of(ByteView file) {
  return crc32(crc32(0, file.first(kChecksumAt)), file.subspan(kHeaderSize));
}

Status fail(Parsed& out, const std::string& fault) {
  out.fault = fault;
  return Status::corrupt;
}

/// Parse the header, and refuse too many pixels.
Status parse_header(ByteView file, std::uint64_t max_pixels, Parsed& out) {
  Header& h = out.header;
  if (const Status status = read_header(file, h, out.fault); status != Status::ok) return status;
  const auto width = static_cast<std::uint64_t>(h.width);
  return width * static_cast<std::uint64_t>(h.height) > max_pixels ? Status::limit : Status::ok;
}

/// Parse the list of sections. Each may occur once: that bounds the list, whatever the bytes say.
Status parse_sections(ByteView file, bool partial, Parsed& out) {
  ByteReader reader(file);
  reader.take(out.header.size());
  Array<bool, 256> present{};
  while (reader.left() > 0) {
    Section section{};
    section.start = reader.at();
    std::uint8_t id = 0;
    reader.byte(id);
    section.id = static_cast<SectionId>(id);
    if (!reader.varint(section.length)) {
      out.truncated = true;
      break;
    }
    section.body = reader.take(section.length);
    out.truncated = section.body.size() < section.length;
    if (present[id]) {
      if (!partial) return fail(out, "section " + std::to_string(id) + " occurs twice");
      out.truncated = true;
      break;
    }
    present[id] = true;
    out.sections.push_back(section);
  }
  return Status::ok;
}

/// Return what is wrong with the index of an indexed file, and read it as far as possible.
std::string read_index_of(ByteView file, Parsed& out) {
  const Section* index = find(out, SectionId::index);
  if (!index) return "TIDX is missing";
  std::string fault =
      read_index(index->body, out.header.tiles(), header_checksum(out.header, file), out.index);
  for (const SectionId id : out.index.parts)
    if (fault.empty() && find(out, id))
      fault = "section " + std::to_string(static_cast<int>(id)) + " occurs twice";
  const Section* tiles = find(out, SectionId::tiles);
  if (!tiles) return fault.empty() ? "TILE is missing" : fault;
  if (fault.empty() && tiles->length != out.index.starts.back())
    fault = "TILE has " + std::to_string(tiles->length) + " bytes, of " +
            std::to_string(out.index.starts.back()) + " in TIDX";
  return fault;
}

/// Find the tiles of a file, if they have an index.
void find_tiles(ByteView file, Parsed& out) {
  const Header& header = out.header;
  if (!header.indexed()) {
    const bool odd = header.version > kFirstVersion &&
                     (find(out, SectionId::index) || find(out, SectionId::tiles));
    if (odd) out.index_fault = "a picture of one tile has TIDX or TILE";
    return;
  }
  out.index_fault = read_index_of(file, out);
  out.tiles = Vector<ByteView>(header.tiles());
  const Section* tiles = find(out, SectionId::tiles);
  if (!tiles || out.index.parts.empty()) return;
  out.tiles_at = static_cast<std::uint64_t>(tiles->body.data() - file.data());
  for (int t = 0; t < header.tiles(); ++t) {
    out.tiles[t] = part_of(tiles->body, out.index.starts[t], out.index.length(t));
    // An index that is damaged has said where a tile is only if the tile's checksum agrees.
    if (!out.index.sound && !out.tile_sound(t)) out.tiles[t] = {};
  }
}

}  // namespace

bool Parsed::tile_sound(int tile) const {
  if (index.parts.empty()) return false;
  const ByteView bytes = tiles[tile];
  return bytes.size() == index.length(tile) && crc32(0, bytes) == index.checksums[tile];
}

const Section* find(const Parsed& file, SectionId id) {
  for (const Section& s : file.sections)
    if (s.id == id) return &s;
  return nullptr;
}

ByteView body_of(const Parsed& file, SectionId id) {
  const Section* section = find(file, id);
  return section ? section->body : ByteView{};
}

ByteView complete_body_of(const Parsed& file, SectionId id) {
  const Section* section = find(file, id);
  return section && section->body.size() == section->length ? section->body : ByteView{};
}

bool past_metadata(const Parsed& file) {
  return std::any_of(file.sections.begin(), file.sections.end(), [](const Section& section) {
    return section.id < SectionId::icc || section.id > SectionId::model;
  });
}

Found find_segments(const Parsed& file, SectionId id, Vector<ByteView>& segments) {
  const int count = file.header.tiles();
  segments = Vector<ByteView>(count);
  if (file.header.indexed()) {
    const int part = file.index.part_at(id);
    if (part < 0) return Found::missing;
    for (int t = 0; t < count; ++t) segments[t] = file.index.segment(file.tiles[t], t, part);
    return Found::whole;
  }
  const Section* section = find(file, id);
  if (!section) return Found::missing;
  const Status status = split_segments(section->body, count, segments);
  const bool cut = section->body.size() < section->length;
  if (cut && segments.back().empty()) segments.back() = {};
  return status == Status::ok && !cut ? Found::whole : Found::cut_short;
}

Status parse(ByteView file, std::uint64_t max_pixels, bool partial, Parsed& out) {
  if (const Status status = parse_header(file, max_pixels, out); status != Status::ok)
    return status;
  out.checksum_ok = checksum_of(file) == out.header.checksum;
  if (const Status status = parse_sections(file, partial, out); status != Status::ok) return status;
  if (!partial && out.truncated) return Status::truncated;
  if (!partial && !out.checksum_ok) return fail(out, "its checksum does not match");
  find_tiles(file, out);
  return partial || out.index_fault.empty() ? Status::ok : fail(out, out.index_fault);
}

Status parse_beginning(ByteView beginning, std::uint64_t max_pixels, Parsed& out,
                       std::uint64_t& needed) {
  constexpr std::uint64_t kMore = 4096;  // holds the index of most pictures
  needed = 0;
  const Status status = parse_header(beginning, max_pixels, out);
  if (status == Status::truncated) needed = beginning.size() + kMore;
  if (status != Status::ok) return needed ? Status::ok : status;
  if (!out.header.indexed()) return Status::ok;
  if (const Status sections = parse_sections(beginning, false, out); sections != Status::ok)
    return sections;
  const Section* index = find(out, SectionId::index);
  if (!index || index->body.size() < index->length || !find(out, SectionId::tiles)) {
    needed = beginning.size() + kMore;
    if (!out.sections.empty()) {
      const Section& last = out.sections.back();
      needed = std::max(needed, beginning.size() - last.body.size() + last.length + kMore);
    }
    return Status::ok;
  }
  out.sparse = true;
  find_tiles(beginning, out);
  return out.index_fault.empty() ? Status::ok : fail(out, out.index_fault);
}

Sections join_segments(const Header& header, SegmentLists lists) {
  if (header.indexed()) return join_tiles(lists, header_checksum(header, header_bytes(header)));
  Sections sections;
  for (auto& [id, segments] : lists) sections.emplace_back(id, std::move(segments.front()));
  return sections;
}

Bytes join(const Header& header, const Sections& sections) {
  Bytes out = header_bytes(header);
  for (const auto& [id, body] : sections) {
    out.push_back(static_cast<std::uint8_t>(id));
    put_varint(out, body.size());
    out.insert(out.end(), body.begin(), body.end());
  }
  Bytes checksum;
  put_u32(checksum, checksum_of(out));
  std::copy(checksum.begin(), checksum.end(), out.begin() + kChecksumAt);
  return out;
}

Bytes with_sections(const Parsed& file, Sections added) {
  const auto replaced = [&](SectionId id) {
    return std::any_of(added.begin(), added.end(), [&](const auto& s) { return s.first == id; });
  };
  Sections sections;
  for (const Section& s : file.sections)
    if (!replaced(s.id)) sections.emplace_back(s.id, Bytes(s.body.begin(), s.body.end()));
  std::move(added.begin(), added.end(), std::back_inserter(sections));
  std::stable_sort(sections.begin(), sections.end(), [](const auto& a, const auto& b) {
    return section_place(a.first) < section_place(b.first);
  });
  return join(file.header, sections);
}

}  // namespace ablc

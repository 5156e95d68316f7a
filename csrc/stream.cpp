#include "stream.h"

#include <algorithm>
#include <array>
#include <iterator>

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
constexpr std::size_t kChecksumAt = 11;

struct NamedSection {
  SectionId id;
  std::string_view name;  // four letters
};

/// All sections, in the order in which an encoder writes them.
constexpr std::array kSections = {
    NamedSection{SectionId::icc, "ICCP"},     NamedSection{SectionId::exif, "EXIF"},
    NamedSection{SectionId::xmp, "XMP "},     NamedSection{SectionId::model, "MODL"},
    NamedSection{SectionId::base, "BASE"},    NamedSection{SectionId::mask, "MASK"},
    NamedSection{SectionId::blocks, "BLKS"},  NamedSection{SectionId::planes, "PLNS"},
    NamedSection{SectionId::exact, "EXCT"},   NamedSection{SectionId::alpha, "ALPH"},
    NamedSection{SectionId::edges, "EDGE"},   NamedSection{SectionId::style, "STYL"},
    NamedSection{SectionId::content, "CONT"}, NamedSection{SectionId::latent, "LATN"},
    NamedSection{SectionId::classes, "CLSS"}};

/// Return the place of a section in that order; unknown ones come last.
auto place_of(SectionId id) {
  return std::find_if(kSections.begin(), kSections.end(),
                      [&](const NamedSection& section) { return section.id == id; });
}

/// CRC-32 of the file without the checksum field itself.
std::uint32_t checksum_of(ByteView file) {
  return crc32(crc32(0, file.first(kChecksumAt)), file.subspan(kHeaderSize));
}

void put_varint(Bytes& out, std::size_t value) {
  for (; value >= 128; value >>= 7) out.push_back(static_cast<std::uint8_t>(value | 128));
  out.push_back(static_cast<std::uint8_t>(value));
}

/// Reads bytes; all bounds are checked here.
class Reader {
 public:
  explicit Reader(ByteView bytes) : bytes_(bytes) {}
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

int u16(ByteView b, std::size_t at) {
  return b[at] | b[at + 1] << 8;
}

Status fail(Parsed& out, const std::string& fault) {
  out.fault = fault;
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

/// Parse the fixed fields.
Status parse_header(ByteView fields, Parsed& out) {
  Header& h = out.header;
  const std::uint8_t flags = fields[4];
  h.lossless = flags & kLossless;
  h.subsample = flags & kFullChroma ? 0 : 1;
  const int channels = flags >> kChannelsShift & 3;
  if (channels == 3) return Status::unsupported;
  h.channels = channels == 0 ? 1 : channels + 2;
  h.step_offsets = flags & kStepOffsets;
  h.explicit_mask = flags & kExplicitMask;
  h.exact = flags & kExact;
  h.width = u16(fields, 5);
  h.height = u16(fields, 7);
  h.step = u16(fields, 9);
  h.checksum = static_cast<std::uint32_t>(u16(fields, kChecksumAt)) |
               static_cast<std::uint32_t>(u16(fields, kChecksumAt + 2)) << 16;
  if (h.width == 0 || h.height == 0)
    return fail(out, "the header is wrong: size " + std::to_string(h.width) + "x" +
                         std::to_string(h.height) + ", expected 1..65535 a side");
  if (h.step < 16 || h.step > 16384)
    return fail(out, "the header is wrong: step " + std::to_string(h.step) +
                         ", expected 16..16384 sixteenths of a grey level");
  return Status::ok;
}

/// Parse the side of tiles, which follows the fixed fields of tiled pictures.
Status parse_tile_side(Reader& reader, Parsed& out) {
  std::uint8_t log2 = 0;
  if (!reader.byte(log2)) return Status::truncated;
  if (log2 < 8 || log2 > 15)
    return fail(
        out, "the header is wrong: tile side 2^" + std::to_string(log2) + ", expected 2^8..2^15");
  out.header.tile_log2 = log2;
  return Status::ok;
}

/// Parse the list of sections. Each may occur once: that bounds the list, whatever the bytes say.
Status parse_sections(Reader& reader, bool partial, Parsed& out) {
  Array<bool, 256> present{};
  while (reader.left() > 0) {
    Section section;
    section.start = reader.at();
    std::uint8_t id = 0;
    std::uint64_t length = 0;
    reader.byte(id);
    section.id = static_cast<SectionId>(id);
    if (!reader.varint(length)) {
      out.truncated = true;
      break;
    }
    section.body = reader.take(length);
    out.truncated = section.body.size() < length;
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

}  // namespace

std::string_view section_name(SectionId id) {
  const auto place = place_of(id);
  return place == kSections.end() ? std::string_view{} : place->name;
}

std::optional<SectionId> section_named(std::string_view name) {
  for (const NamedSection& section : kSections)
    if (section.name == name) return section.id;
  return std::nullopt;
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
  const bool cut = file.truncated && !file.sections.empty() && file.sections.back().id == id;
  return cut ? ByteView{} : body_of(file, id);
}

bool past_metadata(const Parsed& file) {
  return std::any_of(file.sections.begin(), file.sections.end(), [](const Section& section) {
    return section.id < SectionId::icc || section.id > SectionId::model;
  });
}

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

Status parse(ByteView file, std::uint64_t max_pixels, bool partial, Parsed& out) {
  if (const Status status = check_magic(file); status != Status::ok) return status;
  if (const Status status = parse_header(file.first(kHeaderSize), out); status != Status::ok)
    return status;
  const Header& h = out.header;
  if (static_cast<std::uint64_t>(h.width) * static_cast<std::uint64_t>(h.height) > max_pixels)
    return Status::limit;
  out.checksum_ok = checksum_of(file) == h.checksum;
  Reader reader(file);
  reader.take(kHeaderSize);
  if (file[4] & kTiled)
    if (const Status status = parse_tile_side(reader, out); status != Status::ok) return status;
  if (const Status status = parse_sections(reader, partial, out); status != Status::ok)
    return status;
  if (partial) return Status::ok;
  if (out.truncated) return Status::truncated;
  if (!out.checksum_ok) return fail(out, "its checksum does not match");
  return Status::ok;
}

Bytes join(const Header& h, const std::vector<std::pair<SectionId, Bytes>>& sections) {
  Bytes out(kMagic.begin(), kMagic.end());
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
  for (const auto& [id, body] : sections) {
    out.push_back(static_cast<std::uint8_t>(id));
    put_varint(out, body.size());
    out.insert(out.end(), body.begin(), body.end());
  }
  const std::uint32_t checksum = checksum_of(out);
  for (std::size_t i = 0; i < 4; ++i)
    out[kChecksumAt + i] = static_cast<std::uint8_t>(checksum >> (8 * i));
  return out;
}

Bytes with_sections(const Parsed& file, std::vector<std::pair<SectionId, Bytes>> added) {
  const auto replaced = [&](SectionId id) {
    return std::any_of(added.begin(), added.end(), [&](const auto& s) { return s.first == id; });
  };
  std::vector<std::pair<SectionId, Bytes>> sections;
  for (const Section& s : file.sections)
    if (!replaced(s.id)) sections.emplace_back(s.id, Bytes(s.body.begin(), s.body.end()));
  std::move(added.begin(), added.end(), std::back_inserter(sections));
  std::stable_sort(sections.begin(), sections.end(), [&](const auto& a, const auto& b) {
    return place_of(a.first) < place_of(b.first);
  });
  return join(file.header, sections);
}

Bytes join_segments(const std::vector<Bytes>& segments) {
  Bytes out;
  for (std::size_t i = 0; i + 1 < segments.size(); ++i) put_varint(out, segments[i].size());
  for (const Bytes& s : segments) out.insert(out.end(), s.begin(), s.end());
  return out;
}

Status split_segments(ByteView body, int count, Vector<ByteView>& segments) {
  segments = Vector<ByteView>(count);
  // Every length takes at least a byte: a count that cannot be there costs nothing.
  if (count > std::ssize(body) + 1) return Status::truncated;
  Reader reader(body);
  Vector<std::uint64_t> lengths(count - 1);
  for (std::uint64_t& length : lengths)
    if (!reader.varint(length)) return Status::truncated;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    if (reader.left() < lengths[i]) {
      segments[i] = reader.take(lengths[i]);
      return Status::truncated;
    }
    segments[i] = reader.take(lengths[i]);
  }
  segments.back() = reader.take(reader.left());
  return Status::ok;
}

}  // namespace ablc

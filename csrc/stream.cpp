#include "stream.h"

#include <algorithm>
#include <iterator>

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

/// All sections, in the order in which an encoder writes them.
constexpr std::array kOrder = {
    SectionId::icc,   SectionId::exif,   SectionId::xmp,     SectionId::model,  SectionId::base,
    SectionId::mask,  SectionId::blocks, SectionId::planes,  SectionId::exact,  SectionId::alpha,
    SectionId::edges, SectionId::style,  SectionId::content, SectionId::latent, SectionId::classes};

/// kCrc[0] is the usual table; kCrc[k] is for a byte with k others after it, so that four go at a
/// time.
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

std::uint32_t crc32(std::uint32_t crc, ByteView bytes) {
  crc = ~crc;
  std::size_t i = 0;
  for (; i + 4 <= bytes.size(); i += 4) {
    const auto at = [&](std::size_t k) { return (crc >> (8 * k) & 0xFF) ^ bytes[i + k]; };
    crc = kCrc[3][at(0)] ^ kCrc[2][at(1)] ^ kCrc[1][at(2)] ^ kCrc[0][at(3)];
  }
  for (; i < bytes.size(); ++i) crc = kCrc[0][(crc ^ bytes[i]) & 0xFF] ^ (crc >> 8);
  return ~crc;
}

/// CRC-32 of the file without the checksum field itself.
std::uint32_t checksum_of(ByteView file) {
  return crc32(crc32(0, file.first(kChecksumAt)), file.subspan(kHeaderSize));
}

void put_varint(Bytes& out, std::size_t value) {
  for (; value >= 128; value >>= 7) out.push_back(static_cast<std::uint8_t>(value | 128));
  out.push_back(static_cast<std::uint8_t>(value));
}

/// Reads with every bound in one place.
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
  bool varint(std::size_t& value) {
    value = 0;
    for (int shift = 0; shift < 35; shift += 7) {
      std::uint8_t b;
      if (!byte(b)) return false;
      value |= static_cast<std::size_t>(b & 127) << shift;
      if (b < 128) return true;
    }
    return false;
  }
  ByteView take(std::size_t count) {
    const ByteView view = bytes_.subspan(at_, std::min(count, left()));
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

}  // namespace

const char* section_name(SectionId id) {
  switch (id) {
    case SectionId::base:
      return "BASE";
    case SectionId::mask:
      return "MASK";
    case SectionId::blocks:
      return "BLKS";
    case SectionId::alpha:
      return "ALPH";
    case SectionId::planes:
      return "PLNS";
    case SectionId::exact:
      return "EXCT";
    case SectionId::icc:
      return "ICCP";
    case SectionId::exif:
      return "EXIF";
    case SectionId::xmp:
      return "XMP ";
    case SectionId::model:
      return "MODL";
    case SectionId::edges:
      return "EDGE";
    case SectionId::style:
      return "STYL";
    case SectionId::content:
      return "CONT";
    case SectionId::latent:
      return "LATN";
    case SectionId::classes:
      return "CLSS";
  }
  return "";
}

std::optional<SectionId> section_named(std::string_view name) {
  const auto found = std::find_if(kOrder.begin(), kOrder.end(),
                                  [&](SectionId id) { return name == section_name(id); });
  if (found == kOrder.end()) return std::nullopt;
  return *found;
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
  const std::size_t seen = std::min(file.size(), kMagic.size());
  if (!std::equal(file.begin(),
                  file.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(seen, 3)),
                  kMagic.begin()))
    return Status::corrupt;
  if (seen == kMagic.size() && file[3] != kMagic[3]) return Status::unsupported;
  if (file.size() < kHeaderSize) return Status::truncated;
  Header& h = out.header;
  const std::uint8_t flags = file[4];
  h.lossless = flags & kLossless;
  h.subsample = flags & kFullChroma ? 0 : 1;
  const int channels = flags >> kChannelsShift & 3;
  if (channels == 3) return Status::unsupported;
  h.channels = channels == 0 ? 1 : channels + 2;
  h.step_offsets = flags & kStepOffsets;
  h.explicit_mask = flags & kExplicitMask;
  h.exact = flags & kExact;
  h.width = u16(file, 5);
  h.height = u16(file, 7);
  h.step = u16(file, 9);
  h.checksum = static_cast<std::uint32_t>(u16(file, kChecksumAt)) |
               static_cast<std::uint32_t>(u16(file, kChecksumAt + 2)) << 16;
  const auto fault = [&](const std::string& what) {
    out.fault = what;
    return Status::corrupt;
  };
  if (h.width == 0 || h.height == 0)
    return fault("the header is wrong: size " + std::to_string(h.width) + "x" +
                 std::to_string(h.height) + ", wanted 1..65535 a side");
  if (h.step < 16 || h.step > 16384)
    return fault("the header is wrong: step " + std::to_string(h.step) +
                 ", wanted 16..16384 sixteenths of a grey level");
  if (static_cast<std::uint64_t>(h.width) * static_cast<std::uint64_t>(h.height) > max_pixels)
    return Status::limit;
  out.checksum_ok = checksum_of(file) == h.checksum;

  Reader reader(file);
  reader.take(kHeaderSize);
  if (flags & kTiled) {
    std::uint8_t log2 = 0;
    if (!reader.byte(log2)) return Status::truncated;
    if (log2 < 8 || log2 > 15)
      return fault("the header is wrong: tile side 2^" + std::to_string(log2) +
                   ", wanted 2^8..2^15");
    h.tile_log2 = log2;
  }
  Array<bool, 256> seen_ids{};
  while (reader.left() > 0) {
    Section section;
    section.start = reader.at();
    std::uint8_t id = 0;
    std::size_t length = 0;
    reader.byte(id);
    section.id = static_cast<SectionId>(id);
    if (!reader.varint(length)) {
      out.truncated = true;
      break;
    }
    section.body = reader.take(length);
    out.truncated = section.body.size() < length;
    // Once each: that bounds the list, whatever the bytes say.
    if (seen_ids[id]) {
      if (!partial) return fault("section " + std::to_string(id) + " occurs twice");
      out.truncated = true;
      break;
    }
    seen_ids[id] = true;
    out.sections.push_back(section);
  }
  if (partial) return Status::ok;
  if (out.truncated) return Status::truncated;
  if (!out.checksum_ok) return fault("its checksum does not match");
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
  const auto place = [](const auto& s) {
    return std::find(kOrder.begin(), kOrder.end(), s.first);
  };  // unknown ids come last
  std::stable_sort(sections.begin(), sections.end(),
                   [&](const auto& a, const auto& b) { return place(a) < place(b); });
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
  Vector<std::size_t> lengths(count - 1);
  for (std::size_t& length : lengths)
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

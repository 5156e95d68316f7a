#include "mutate.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "checksum.h"

namespace ablc::fuzz {

namespace {

/// splitmix64 (Steele, Lea and Flood, OOPSLA 2014).
class Random {
 public:
  Random(std::uint64_t seed, std::uint64_t number)
      : state_(seed * 0x9E3779B97F4A7C15u ^ number * 0xD1342543DE82EF95u) {}
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
  }
  /// 0..count - 1; 0 if count is 0.
  std::size_t below(std::size_t count) {
    return count ? static_cast<std::size_t>(next() % count) : 0;
  }
  std::uint8_t byte() { return static_cast<std::uint8_t>(next()); }

 private:
  std::uint64_t state_;
};

auto at(Bytes& bytes, std::size_t i) {
  return bytes.begin() + static_cast<std::ptrdiff_t>(i);
}
auto at(const Bytes& bytes, std::size_t i) {
  return bytes.begin() + static_cast<std::ptrdiff_t>(i);
}

/// Start and end of a random range, mostly short.
std::pair<std::size_t, std::size_t> range_of(const Bytes& bytes, Random& random) {
  const std::size_t start = random.below(bytes.size() + 1);
  const std::size_t longest = std::min(bytes.size() - start, std::size_t{1} << random.below(11));
  return {start, start + random.below(longest + 1)};
}

void insert(Bytes& bytes, std::size_t where, const Bytes& what) {
  bytes.insert(at(bytes, where), what.begin(), what.end());
}

// ---- edits of plain bytes ----------------------------------------------------------------------
void flip_bit(Bytes& bytes, const Bytes&, Random& random) {
  if (!bytes.empty())
    bytes[random.below(bytes.size())] ^= static_cast<std::uint8_t>(1u << random.below(8));
}

void set_byte(Bytes& bytes, const Bytes&, Random& random) {
  static constexpr std::array<std::uint8_t, 8> kTelling = {0, 1, 2, 0x7F, 0x80, 0x81, 0xFE, 0xFF};
  if (bytes.empty()) return;
  std::uint8_t& b = bytes[random.below(bytes.size())];
  b = random.below(2) ? random.byte() : kTelling[random.below(kTelling.size())];
}

/// A 16-bit number of the fixed header: sizes, step.
void set_header_number(Bytes& bytes, const Bytes&, Random& random) {
  static constexpr std::array<std::uint16_t, 16> kTelling = {
      0, 1, 8, 9, 16, 17, 32, 33, 64, 65, 255, 256, 257, 16384, 32768, 65535};
  if (bytes.size() < kHeaderSize) return;
  const std::size_t i = kMagic.size() + random.below(kHeaderSize - kMagic.size() - 1);
  const std::size_t v =
      random.below(2) ? random.below(300) : kTelling[random.below(kTelling.size())];
  bytes[i] = static_cast<std::uint8_t>(v);
  bytes[i + 1] = static_cast<std::uint8_t>(v >> 8);
}

void truncate(Bytes& bytes, const Bytes&, Random& random) {
  bytes.resize(random.below(bytes.size() + 1));
}

void remove_range(Bytes& bytes, const Bytes&, Random& random) {
  const auto [start, end] = range_of(bytes, random);
  bytes.erase(at(bytes, start), at(bytes, end));
}

void insert_noise(Bytes& bytes, const Bytes&, Random& random) {
  Bytes noise(1 + random.below(std::size_t{1} << random.below(7)));
  const std::uint8_t same = random.byte();
  const bool constant = random.below(2) == 0;
  for (std::uint8_t& b : noise) b = constant ? same : random.byte();
  insert(bytes, random.below(bytes.size() + 1), noise);
}

void repeat_range(Bytes& bytes, const Bytes&, Random& random) {
  const auto [start, end] = range_of(bytes, random);
  insert(bytes, random.below(bytes.size() + 1), Bytes(at(bytes, start), at(bytes, end)));
}

/// A range of another file over or between the bytes.
void splice(Bytes& bytes, const Bytes& other, Random& random) {
  const auto [start, end] = range_of(other, random);
  const std::size_t where = random.below(bytes.size() + 1);
  if (random.below(2)) return insert(bytes, where, Bytes(at(other, start), at(other, end)));
  std::copy_n(at(other, start), std::min(end - start, bytes.size() - where), at(bytes, where));
}

// ---- edits of sections, whose lengths stay right -----------------------------------------------
using Sections = std::vector<std::pair<SectionId, Bytes>>;

/// False if the bytes have no sections left to see.
bool split(const Bytes& bytes, std::size_t& head, Sections& sections) {
  Parsed parsed;
  if (parse(bytes, UINT64_MAX, true, parsed) != Status::ok || parsed.sections.empty()) return false;
  head = parsed.sections.front().start;
  for (const Section& s : parsed.sections)
    sections.emplace_back(s.id, Bytes(s.body.begin(), s.body.end()));
  return true;
}

void join(Bytes& bytes, std::size_t head, const Sections& sections) {
  bytes.resize(head);
  for (const auto& [id, body] : sections) {
    bytes.push_back(static_cast<std::uint8_t>(id));
    std::size_t length = body.size();
    for (; length >= 128; length >>= 7) bytes.push_back(static_cast<std::uint8_t>(length | 128));
    bytes.push_back(static_cast<std::uint8_t>(length));
    bytes.insert(bytes.end(), body.begin(), body.end());
  }
}

void edit_sections(Bytes& bytes, const Bytes& other, Random& random);

using Edit = void (*)(Bytes&, const Bytes&, Random&);
constexpr std::array<Edit, 8> kByteEdits = {flip_bit,     set_byte,     set_header_number, truncate,
                                            remove_range, insert_noise, repeat_range,      splice};

void edit_sections(Bytes& bytes, const Bytes& other, Random& random) {
  std::size_t head = 0, other_head = 0;
  Sections sections, others;
  if (!split(bytes, head, sections)) return flip_bit(bytes, other, random);
  const std::size_t one = random.below(sections.size());
  switch (random.below(6)) {
    case 0:
      std::swap(sections[one], sections[random.below(sections.size())]);
      break;
    case 1:
      std::swap(sections[one].second, sections[random.below(sections.size())].second);
      break;
    case 2:
      sections.erase(sections.begin() + static_cast<std::ptrdiff_t>(one));
      break;
    case 3:
      sections.push_back(sections[one]);
      break;
    case 4:
      if (split(other, other_head, others)) sections[one] = others[random.below(others.size())];
      break;
    default:
      kByteEdits[random.below(kByteEdits.size())](sections[one].second, other, random);
  }
  join(bytes, head, sections);
}

}  // namespace

Bytes mutant(const std::vector<Bytes>& files, std::uint64_t seed, std::uint64_t number) {
  Random random(seed, number);
  Bytes bytes = files[random.below(files.size())];
  std::size_t edits = 1 + random.below(3);
  if (random.below(16) == 0) edits += random.below(24);
  for (; edits > 0; --edits) {
    const Bytes& other = files[random.below(files.size())];
    const std::size_t choice = random.below(2 * kByteEdits.size());
    // Half the edits keep the sections apart; flips are the mildest damage, so the likeliest.
    if (choice < kByteEdits.size())
      kByteEdits[choice](bytes, other, random);
    else if (choice < kByteEdits.size() + 2)
      flip_bit(bytes, other, random);
    else
      edit_sections(bytes, other, random);
  }
  if (random.below(2)) repair_index(bytes);
  if (random.below(2)) repair_checksum(bytes);
  return bytes;
}

}  // namespace ablc::fuzz

#pragma once

// The file: header, sections, checksum (docs/FORMAT.md, File). Nothing here knows the contents of
// sections.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "array.h"
#include "plane.h"
#include "status.h"

namespace ablc {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

inline constexpr Array<std::uint8_t, 4> kMagic = {'A', 'B', 'L', 2};  // the last is the version
/// Lossless streams of this version are the same and are read, too.
inline constexpr std::uint8_t kFirstVersion = 1;
inline constexpr std::size_t kHeaderSize = 15;

enum class SectionId : std::uint8_t {
  base = 1,  // of version 1
  mask = 2,
  blocks = 3,
  alpha = 4,
  planes = 5,  // lossless mode
  exact = 6,   // samples that come back exactly
  icc = 16,
  exif = 17,
  xmp = 18,
  model = 19,  // id of the network that should paint dropped blocks
  edges = 32,  // assistant information
  style = 33,
  content = 34,
  latent = 35,
  classes = 36,
};
/// Return the four letters of a section; empty for an id that this version does not define.
std::string_view section_name(SectionId id);
/// Return the section of that name, if this version defines it.
std::optional<SectionId> section_named(std::string_view name);

/// The fields before the first section.
struct Header {
  int width = 0;  ///< 1..65535
  int height = 0;
  int channels = 3;  ///< 1, 3 or 4
  bool lossless = false;
  int subsample = 1;          ///< 0 or 1: chroma shift
  bool step_offsets = false;  ///< superblocks carry step offsets
  bool explicit_mask = false;
  bool exact = false;  ///< some samples come back exactly: EXCT
  int tile_log2 = 0;   ///< log2 of the tile's side, 0 = one tile
  int step = 16;       ///< 1/16 grey level, 16..16384
  std::uint32_t checksum = 0;

  int planes() const { return channels == 1 ? 1 : 3; }
  int tile_columns() const { return tile_log2 ? div_up(width, 1 << tile_log2) : 1; }
  int tile_rows() const { return tile_log2 ? div_up(height, 1 << tile_log2) : 1; }
  int tiles() const { return tile_columns() * tile_rows(); }
  /// Return the luma window of a tile inside the picture.
  Rect tile(int index) const;
  /// Return the indices of the tiles that share a pixel with window, in rising order.
  Vector<int> tiles_in(const Rect& window) const;
};

struct Section {
  SectionId id;
  std::size_t start;  ///< offset of the section's own header in the file, bytes
  ByteView body;
};

struct Parsed {
  Header header;
  std::vector<Section> sections;
  bool checksum_ok = true;
  std::string fault;       ///< why parse() returned Status::corrupt, in words
  bool truncated = false;  ///< the last section is cut short; its body is what remains
};

/// Return the section with that id; null if there is none.
const Section* find(const Parsed& file, SectionId id);

/// Return the body of that section; empty if there is none.
ByteView body_of(const Parsed& file, SectionId id);
/// The same, but empty for a body that is cut short: half a profile is of no use.
ByteView complete_body_of(const Parsed& file, SectionId id);
/// True if a section of the picture itself has begun: metadata, which comes first, is then
/// complete.
bool past_metadata(const Parsed& file);

/// Parse header and list of sections. Refuses a picture of more than max_pixels before anything is
/// allocated. With partial, a truncated file and a wrong checksum are noted in out, not refused.
Status parse(ByteView file, std::uint64_t max_pixels, bool partial, Parsed& out);

/// Return the file of a header and sections, in the given order, with its checksum.
Bytes join(const Header& header, const std::vector<std::pair<SectionId, Bytes>>& sections);

/// Return the same file with sections added or replaced, all in the order of an encoder.
Bytes with_sections(const Parsed& file, std::vector<std::pair<SectionId, Bytes>> added);

/// Return the body of a section of one segment per tile: the lengths of all but the last, then the
/// segments.
Bytes join_segments(const std::vector<Bytes>& segments);
/// Split the body again. Where it ends early the missing segments become empty views, and the
/// result is Status::truncated.
Status split_segments(ByteView body, int count, Vector<ByteView>& segments);

}  // namespace ablc

#pragma once

// The file: header, sections, checksum (docs/FORMAT.md, File). Nothing here knows the contents of
// sections but the index of the tiles.

#include <cstdint>
#include <string>
#include <vector>

#include "header.h"
#include "tile_index.h"

namespace ablc {

struct Section {
  SectionId id;
  std::size_t start;     ///< offset of the section's own header in the file, bytes
  std::uint64_t length;  ///< of the body, as the file says
  ByteView body;         ///< shorter if the file is cut short
};

struct Parsed {
  Header header;
  std::vector<Section> sections;
  TileIndex index;             ///< of an indexed stream; has no parts if it could not be read
  Vector<ByteView> tiles;      ///< the bytes that are at hand of every tile of the index
  std::uint64_t tiles_at = 0;  ///< offset of the first tile in the file
  std::string index_fault;     ///< what is wrong with the index, in words
  bool checksum_ok = true;
  std::string fault;       ///< why parse() returned Status::corrupt, in words
  bool truncated = false;  ///< the last section is cut short; its body is what remains
  bool sparse = false;     ///< only the beginning and some tiles are at hand: ranges.h

  /// True if all bytes of a tile are at hand, and its checksum matches.
  bool tile_sound(int tile) const;
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

enum class Found { whole, cut_short, missing };
/// Get the segments of a section, one for each tile. Those of which nothing is there become views
/// of no data; a segment that is there may be empty.
Found find_segments(const Parsed& file, SectionId id, Vector<ByteView>& segments);

/// Parse header and list of sections. Refuses a picture of more than max_pixels before anything is
/// allocated. With partial, a truncated file, a wrong checksum and a damaged index are noted in
/// out, not refused.
Status parse(ByteView file, std::uint64_t max_pixels, bool partial, Parsed& out);

/// Parse the beginning of an indexed file: out is sparse, its tiles are to be put. needed: 0, or
/// the number of bytes to try again with, if these do not hold the index. Of a file without an
/// index out is not sparse. Refuses what parse() refuses, as far as it is seen, and a damaged
/// index.
Status parse_beginning(ByteView beginning, std::uint64_t max_pixels, Parsed& out,
                       std::uint64_t& needed);

/// Return the sections of the segments of a picture.
Sections join_segments(const Header& header, SegmentLists lists);

/// Return the file of a header and sections, in the given order, with its checksum.
Bytes join(const Header& header, const Sections& sections);

/// Return the same file with sections added or replaced, all in the order of an encoder.
Bytes with_sections(const Parsed& file, Sections added);

}  // namespace ablc

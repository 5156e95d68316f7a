#pragma once

// The fields before the first section (docs/FORMAT.md, Header, Tiles).

#include <cstdint>
#include <string>

#include "array.h"
#include "bytes.h"
#include "plane.h"
#include "status.h"

namespace ablc {

inline constexpr Array<std::uint8_t, 4> kMagic = {'A', 'B', 'L', 2};  // the last is the version
/// Lossless streams of this version differ in their lists of segments alone, and are read, too.
inline constexpr std::uint8_t kFirstVersion = 1;
inline constexpr std::size_t kHeaderSize = 15;  // without the tile byte
inline constexpr std::size_t kChecksumAt = 11;

struct Header {
  std::uint8_t version = kMagic[3];
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
  /// True for a stream that has an index of its tiles.
  bool indexed() const { return version > kFirstVersion && tiles() > 1; }
  /// Number of bytes before the first section.
  std::size_t size() const { return kHeaderSize + (tile_log2 ? 1 : 0); }
  /// Return the luma window of a tile inside the picture.
  Rect tile(int index) const;
  /// Return the indices of the tiles that share a pixel with window, in rising order.
  Vector<int> tiles_in(const Rect& window) const;
};

/// Read the header of a file. fault: for Status::corrupt why, in words; empty if the file is no
/// stream.
Status read_header(ByteView file, Header& out, std::string& fault);

/// Return the bytes of a header; its checksum is 0.
Bytes header_bytes(const Header& header);

/// Return the CRC-32 of the header at the beginning of a file, without the checksum field.
std::uint32_t header_checksum(const Header& header, ByteView file);

}  // namespace ablc

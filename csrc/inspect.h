#pragma once

// What a stream says without its pixels, or about them: the mask, and where the bits went.

#include <cstdint>

#include "array.h"
#include "block_size.h"
#include "cell_shape.h"
#include "plane.h"
#include "status.h"
#include "stream.h"

namespace ablc {

struct Tile;

/// Mask and leaves of a picture.
struct MaskInfo {
  Plane<std::uint8_t> kept;  ///< per 8x8 cell: 1 = it lies in a kept block
  Plane<std::uint8_t>
      log2;  ///< per 8x8 cell: log2 of the side of its leaf, 3..6; 3 for four leaves, too
  Array<int, kSizes> leaves{};  ///< number of leaves by size; four of 4x4 count as one of 8x8

  MaskInfo() = default;
  /// The mask of a whole decoded picture.
  explicit MaskInfo(const Plane<CellShape>& cells);

  /// Note the cell (x, y) of the picture.
  void note(std::uint8_t cell_kept, std::uint8_t cell_log2, int x, int y);
  /// Return the share of the picture's pixels that lie in kept blocks, 0..1.
  double kept_share(const Header& header) const;
};

/// Read the mask of a stream, which takes reading its blocks; every cell of a lossless one is kept.
/// Status::corrupt if MASK or BLKS is missing or damaged.
Status read_mask(const Parsed& file, MaskInfo& out);

/// Where the bits of a stream went, per 8x8 cell. Bits of metadata, headers and lengths belong to
/// no cell.
struct CodingMap {
  Plane<float> bits;
  Plane<std::uint8_t> mode;   ///< prediction mode of the leaf (docs/FORMAT.md, Prediction)
  Plane<std::int8_t> offset;  ///< step offset of the superblock, quarter octaves

  explicit CodingMap(const Header& header);
  /// Share bits among the cells of a window of the picture, by area.
  void add(const Rect& window, double spent);
  /// Copy modes and offsets of a decoded tile whose visible window is rect.
  void copy_cells(const Tile& tile, const Rect& rect);
};

}  // namespace ablc

#pragma once

// A parsed stream as Python has it: parsed once, whatever is asked of it.

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "bindings.h"
#include "codec.h"
#include "inspect.h"
#include "stream.h"

namespace ablc::bindings {

using Region = std::optional<std::array<std::int64_t, 4>>;  // x, y, width, height
/// Ranges of bytes by their offset in the file.
using Pieces = std::map<std::uint64_t, py::buffer>;

/// Holds the bytes, and the mask once it is known. May be shared by threads.
class Stream {
 public:
  Stream(const py::buffer& data, std::optional<std::uint64_t> max_pixels, bool partial);
  /// A stream of which only the beginning, with the index, and some ranges are at hand.
  Stream(const py::buffer& beginning, const Pieces& pieces,
         std::optional<std::uint64_t> max_pixels);

  const Header& header() const { return parsed_.header; }
  bool checksum_ok() const { return parsed_.checksum_ok; }
  bool whole() const { return !parsed_.sparse && !parsed_.truncated && parsed_.checksum_ok; }
  bool past_metadata() const { return ablc::past_metadata(parsed_); }
  py::bytes model() const;
  py::dict metadata() const;
  py::list sections() const;
  py::dict segments() const;
  std::optional<py::bytes> section(const std::string& name) const;
  py::bytes with_sections(const std::map<std::string, py::bytes>& bodies) const;

  py::list tile_ranges(const Region& region) const;
  std::vector<int> damaged_tiles(const Region& region) const;

  py::tuple decode(int threads, const Region& region, std::optional<std::uint64_t> max_pixels,
                   const std::optional<Pixels>& out) const;
  py::tuple decode_guided(int threads, const Region& region,
                          std::optional<std::uint64_t> max_pixels,
                          const std::optional<Pixels>& out);
  py::tuple preview(int threads) const;
  py::array_t<bool> kept();
  double kept_share();
  py::dict leaves();
  py::dict coding_map();

 private:
  ByteView bytes() const;
  /// The one place where a Status becomes an exception.
  void require_ok(Status status, const std::vector<std::string>& lost = {}) const;
  /// Raise what a strict parse would have raised.
  void require_whole() const;
  /// Return the window that a region names, or the whole picture.
  Rect window_in_picture(const Region& region) const;
  /// The same. Only the tiles around a region take memory, so the limit is on them.
  Rect window_of(const Region& region, std::optional<std::uint64_t> max_pixels) const;
  /// Return pixels of a window, and what was lost.
  std::pair<Pixels, std::vector<std::string>> decode_window(
      const Rect& window, DecodeSettings settings, const std::optional<Pixels>& given) const;
  /// Return the mask, which is read at most once. Once set it never changes.
  const MaskInfo& mask();
  void keep_mask(MaskInfo info);

  py::buffer_info data_;                 // holds the memory, one byte after the other
  std::vector<py::buffer_info> pieces_;  // the same
  std::uint64_t max_pixels_;
  bool partial_;
  Parsed parsed_;  // views of data_ and pieces_
  std::mutex mutex_;
  std::optional<MaskInfo> mask_;
};

/// Return how many bytes of a file hold its index of tiles; None if it has none.
std::optional<std::uint64_t> beginning_of(const py::buffer& data,
                                          std::optional<std::uint64_t> max_pixels);

}  // namespace ablc::bindings

#include "ranges.h"

#include <algorithm>

#include "window.h"

namespace ablc {

Vector<ByteRange> ranges_for(const Parsed& file, const Rect& window) {
  Vector<ByteRange> ranges;
  if (file.index.parts.empty()) return ranges;
  for (const int t : file.header.tiles_in(needed_for(window, file.header)))
    ranges.push_back({file.tiles_at + file.index.starts[t], file.index.length(t)});
  return ranges;
}

void put_bytes(ByteView bytes, std::uint64_t start, Parsed& file) {
  const auto& starts = file.index.starts;
  const std::uint64_t behind = start + bytes.size();
  const std::uint64_t first = start > file.tiles_at ? start - file.tiles_at : 0;
  auto t = std::lower_bound(starts.begin(), starts.end(), first) - starts.begin();
  for (; t < std::ssize(file.tiles) && file.tiles_at + starts[t + 1] <= behind; ++t)
    file.tiles[t] = part_of(bytes, file.tiles_at + starts[t] - start, starts[t + 1] - starts[t]);
}

Vector<int> damaged_tiles(const Parsed& file, const Rect& window) {
  Vector<int> damaged;
  if (!file.header.indexed()) return damaged;
  for (const int t : file.header.tiles_in(window))
    if (!file.tile_sound(t)) damaged.push_back(t);
  return damaged;
}

}  // namespace ablc

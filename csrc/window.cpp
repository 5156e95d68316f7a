#include "window.h"

#include <algorithm>

namespace ablc {

namespace {

/// How far beyond a pixel the filters and the upsampling of chroma look, rounded up.
constexpr int kReach = 32;

}  // namespace

Rect from_corner(const Rect& window, const Rect& origin) {
  return {window.x - origin.x, window.y - origin.y, window.width, window.height};
}

Rect grown(const Rect& window, int margin, const Header& header) {
  const int left = std::max(window.x - margin, 0), top = std::max(window.y - margin, 0);
  return {left, top, std::min(window.x + window.width + margin, header.width) - left,
          std::min(window.y + window.height + margin, header.height) - top};
}

Rect whole_tiles(const Rect& window, const Header& header) {
  const Vector<int> tiles = header.tiles_in(window);
  const Rect first = header.tile(tiles.front()), last = header.tile(tiles.back());
  return {first.x, first.y, last.x + last.width - first.x, last.y + last.height - first.y};
}

Rect needed_for(const Rect& window, const Header& header) {
  if (header.lossless) return window;
  // Exact samples are laid over pixels that must be final everywhere in their tile.
  return grown(header.exact ? whole_tiles(window, header) : window, kReach, header);
}

std::uint64_t pixels_around(const Header& header, const Rect& window) {
  const Rect area = whole_tiles(needed_for(window, header), header);
  return static_cast<std::uint64_t>(area.width) * static_cast<std::uint64_t>(area.height);
}

}  // namespace ablc

#pragma once

// The sections of a stream, by number and by name (docs/FORMAT.md, Sections).

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ablc {

enum class SectionId : std::uint8_t {
  base = 1,  // of version 1
  mask = 2,
  blocks = 3,
  alpha = 4,
  planes = 5,  // lossless mode
  exact = 6,   // samples that come back exactly
  index = 7,   // of the tiles
  tiles = 8,   // the segments of all sections, tile by tile
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
/// Return the place of a section in the order of an encoder; unknown ones come last.
std::size_t section_place(SectionId id);

}  // namespace ablc

#include "section_id.h"

#include <algorithm>
#include <array>

namespace ablc {

namespace {

struct NamedSection {
  SectionId id;
  std::string_view name;  // four letters
};

/// All sections, in the order in which an encoder writes them.
constexpr std::array kSections = {
    NamedSection{SectionId::icc, "ICCP"},     NamedSection{SectionId::exif, "EXIF"},
    NamedSection{SectionId::xmp, "XMP "},     NamedSection{SectionId::model, "MODL"},
    NamedSection{SectionId::index, "TIDX"},   NamedSection{SectionId::tiles, "TILE"},
    NamedSection{SectionId::base, "BASE"},    NamedSection{SectionId::mask, "MASK"},
    NamedSection{SectionId::blocks, "BLKS"},  NamedSection{SectionId::planes, "PLNS"},
    NamedSection{SectionId::exact, "EXCT"},   NamedSection{SectionId::alpha, "ALPH"},
    NamedSection{SectionId::edges, "EDGE"},   NamedSection{SectionId::style, "STYL"},
    NamedSection{SectionId::content, "CONT"}, NamedSection{SectionId::latent, "LATN"},
    NamedSection{SectionId::classes, "CLSS"}};

}  // namespace

std::size_t section_place(SectionId id) {
  const auto place = std::find_if(kSections.begin(), kSections.end(),
                                  [&](const NamedSection& section) { return section.id == id; });
  return static_cast<std::size_t>(place - kSections.begin());
}

std::string_view section_name(SectionId id) {
  const std::size_t place = section_place(id);
  return place == kSections.size() ? std::string_view{} : kSections[place].name;
}

std::optional<SectionId> section_named(std::string_view name) {
  for (const NamedSection& section : kSections)
    if (section.name == name) return section.id;
  return std::nullopt;
}

}  // namespace ablc

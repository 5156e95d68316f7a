// Fuzz target: any bytes as a file, decoded strictly, partially, in part, and for the mask alone.

#include <algorithm>
#include <limits>
#include <vector>

#include "checksum.h"
#include "codec.h"
#include "inspect.h"
#include "preview.h"
#include "projection.h"
#include "ranges.h"
#include "target.h"

namespace ablc::fuzz {

namespace {

struct Picture {
  Bytes samples;
  std::vector<std::string> lost;
  Status status = Status::ok;
};

Rect whole(const Header& h) {
  return {0, 0, h.width, h.height};
}

/// fill: what the samples hold before; none of it may be left.
Picture decode_file(const Parsed& file, bool partial, const Rect& window, std::uint8_t fill) {
  const Header& h = file.header;
  Picture p;
  p.samples.assign(static_cast<std::size_t>(window.width) *
                       static_cast<std::size_t>(window.height) *
                       static_cast<std::size_t>(h.channels),
                   fill);
  // Two threads take a tile each, or the two stages of one tile.
  const int threads = h.tiles() > 1 || h.checksum % 16 == 0 ? 2 : 1;
  const Image out{window.width, window.height, h.channels, p.samples};
  p.status = decode(file, window, {.threads = threads, .partial = partial}, out, p.lost);
  return p;
}

/// The means of the picture; ok of a lossless file, which has no preview.
Status preview_file(const Parsed& file, bool partial) {
  const Header& h = file.header;
  if (h.lossless) return Status::ok;
  const int width = div_up(h.width, 8), height = div_up(h.height, 8),
            channels = h.channels == 1 ? 1 : 3;
  Bytes samples(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) *
                static_cast<std::size_t>(channels));
  std::vector<std::string> lost;
  return preview(file, h.tiles() > 1 ? 2 : 1, partial, {width, height, channels, samples}, lost);
}

/// Some window of the picture, another for every file.
Rect window_of(const Header& h) {
  std::uint32_t left = h.checksum;
  const auto below = [&](int count) {
    const auto n = static_cast<std::uint32_t>(count);
    const auto value = static_cast<int>(left % n);
    left = left / n ^ h.checksum * 2654435761u;
    return value;
  };
  const int x = below(h.width), y = below(h.height);
  const int width = 1 + below(h.width - x), height = 1 + below(h.height - y);
  return {x, y, width, height};
}

bool is_part(const Bytes& samples, const Rect& part, const Bytes& all, const Header& h) {
  const auto channels = static_cast<std::ptrdiff_t>(h.channels);
  const std::ptrdiff_t row = part.width * channels;
  for (int y = 0; y < part.height; ++y) {
    const auto from = samples.begin() + y * row;
    const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(part.y + y) * h.width + part.x;
    if (!std::equal(from, from + row, all.begin() + at * channels)) return false;
  }
  return true;
}

/// A picture painted with anything, numbers or not, under what the file says of it.
void paint(const Parsed& file, const Bytes& decoded) {
  const Header& h = file.header;
  if (h.lossless) return;
  Guide guide;
  Bytes samples(decoded.size());
  std::vector<std::string> lost;
  const Image out{h.width, h.height, h.channels, samples};
  decode(file, whole(h), {.partial = true, .guide = &guide}, out, lost);
  promise(samples == decoded, "a guide changes no pixel");
  if (guide.cells.samples.empty()) return;
  std::vector<float> noise(static_cast<std::size_t>(h.width) * static_cast<std::size_t>(h.height));
  std::uint32_t state = h.checksum;
  for (float& v : noise) {
    state = state * 1664525u + 1013904223u;
    v = state >> 28 == 0 ? std::numeric_limits<float>::quiet_NaN()
                         : static_cast<float>(state >> 8) / 8388608.0f - 0.5f;
  }
  const Painted painted{{noise.data(), noise.data(), noise.data()}, h.width, h.height};
  Projection(guide).apply(painted, 0, 1, out);
  if (guide.exact.samples.empty()) return;
  for (std::size_t i = 0; i < guide.exact.samples.size(); ++i)
    for (std::size_t c = 0; guide.exact.samples[i] && c < static_cast<std::size_t>(h.channels);
         ++c) {
      const std::size_t at = i * static_cast<std::size_t>(h.channels) + c;
      promise(samples[at] == decoded[at], "exact pixels stay");
    }
}

/// Empty samples if the file is refused.
Picture decode_partially(ByteView file) {
  Parsed parsed;
  if (parse(file, max_pixels, true, parsed) != Status::ok) return {};
  const Header& h = parsed.header;
  Picture saved = decode_file(parsed, true, whole(h), 0xAA);
  promise(saved.status == Status::ok, "a partial decode gives a picture");
  promise(!saved.lost.empty() || (parsed.checksum_ok && !parsed.truncated), "damage is reported");
  // Twice is dear, so not for every file.
  if (h.checksum % 8 == 0)
    promise(decode_file(parsed, true, whole(h), 0x55).samples == saved.samples,
            "every sample is written");
  promise(preview_file(parsed, true) == Status::ok, "a partial preview gives a picture");
  if (h.checksum % 4 == 2) paint(parsed, saved.samples);
  if (h.checksum % 8 == 1)
    promise(decode_file(parsed, true, window_of(h), 0x55).status == Status::ok,
            "a partial decode gives a window");
  return saved;
}

/// A window from the beginning of a file and the tiles that it needs; no samples if the file has no
/// index or is refused.
Picture decode_ranges(ByteView file, const Rect* window) {
  Parsed parsed;
  std::uint64_t needed = 0;
  std::size_t length = 0;
  do {
    length = static_cast<std::size_t>(std::min<std::uint64_t>(needed, file.size()));
    parsed = {};
    if (parse_beginning(file.first(length), max_pixels, parsed, needed) != Status::ok) return {};
  } while (needed > length && length < file.size());
  if (needed || !parsed.sparse) return {};
  const Rect part = window ? *window : window_of(parsed.header);
  for (const ByteRange& range : ranges_for(parsed, part))
    put_bytes(part_of(file, range.start, range.length), range.start, parsed);
  return decode_file(parsed, false, part, 0x55);
}

/// True if the file is sound.
bool decode_strictly(ByteView file, const Picture& saved) {
  Parsed parsed;
  if (parse(file, max_pixels, false, parsed) != Status::ok) return false;
  MaskInfo mask;
  const bool masked = read_mask(parsed, mask) == Status::ok;
  const Header& h = parsed.header;
  const Picture picture = decode_file(parsed, false, whole(h), 0x55);
  promise((picture.status == Status::ok) == picture.lost.empty(),
          "a file is sound or its damage named");
  if (picture.status != Status::ok) return false;
  promise(preview_file(parsed, false) == Status::ok, "a sound file has a preview");
  promise(masked, "a sound file has a mask");
  promise(picture.samples == saved.samples, "partial and strict decoding of a sound file agree");
  const Rect window = window_of(h);
  const Picture part = decode_file(parsed, false, window, 0x55);
  promise(part.status == Status::ok, "a sound file has sound windows");
  promise(is_part(part.samples, window, picture.samples, h), "a window is a part of the picture");
  if (h.indexed())
    promise(decode_ranges(file, &window).samples == part.samples, "ranges give the same window");
  return true;
}

}  // namespace

Outcome run(ByteView input) {
  const Picture saved = decode_partially(input);
  decode_ranges(input, nullptr);
  Bytes repaired(input.begin(), input.end());
  repair_checksum(repaired);
  if (decode_strictly(repaired, saved)) return Outcome::decoded;
  return saved.samples.empty() ? Outcome::refused : Outcome::saved;
}

}  // namespace ablc::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ablc::fuzz::run({data, size});
  return 0;
}

// Fuzz target: any bytes as a file, decoded strictly, partially, and for the mask alone.

#include <vector>

#include "checksum.h"
#include "codec.h"
#include "target.h"

namespace ablc::fuzz {

namespace {

struct Picture {
  Bytes samples;
  std::vector<std::string> lost;
  Status status = Status::ok;
};

/// fill: what the samples hold before; none of it may be left.
Picture decode_file(const Parsed& file, bool partial, std::uint8_t fill) {
  const Header& h = file.header;
  Picture p;
  p.samples.assign(static_cast<std::size_t>(h.width) * static_cast<std::size_t>(h.height) *
                       static_cast<std::size_t>(h.channels),
                   fill);
  const int threads = h.tiles() > 1 ? 2 : 1;
  p.status = decode(file, threads, partial, {h.width, h.height, h.channels, p.samples}, p.lost);
  return p;
}

/// Empty samples if the file is refused.
Picture decode_partially(ByteView file) {
  Parsed parsed;
  if (parse(file, max_pixels, true, parsed) != Status::ok) return {};
  Picture saved = decode_file(parsed, true, 0xAA);
  promise(saved.status == Status::ok, "a partial decode gives a picture");
  promise(!saved.lost.empty() || (parsed.checksum_ok && !parsed.truncated), "damage is reported");
  // Twice is dear, so not for every file.
  if (parsed.header.checksum % 8 == 0)
    promise(decode_file(parsed, true, 0x55).samples == saved.samples, "every sample is written");
  return saved;
}

/// True if the file is sound.
bool decode_strictly(ByteView file, const Picture& saved) {
  Parsed parsed;
  if (parse(file, max_pixels, false, parsed) != Status::ok) return false;
  MaskInfo mask;
  const bool masked = read_mask(parsed, mask) == Status::ok;
  const Picture whole = decode_file(parsed, false, 0x55);
  promise((whole.status == Status::ok) == whole.lost.empty(),
          "a file is sound or its damage named");
  if (whole.status != Status::ok) return false;
  promise(masked, "a sound file has a mask");
  promise(whole.samples == saved.samples, "partial and strict decoding of a sound file agree");
  return true;
}

}  // namespace

Outcome run(ByteView input) {
  const Picture saved = decode_partially(input);
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

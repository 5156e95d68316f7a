// Fuzz target: bytes become settings and a small picture, which is coded and decoded again.

#include <algorithm>
#include <array>
#include <cstdlib>

#include "codec.h"
#include "inspect.h"
#include "target.h"

namespace ablc::fuzz {

namespace {

/// Numbers from the input; zeros after its end.
class Source {
 public:
  explicit Source(ByteView bytes) : bytes_(bytes) {}
  std::uint8_t byte() { return at_ < bytes_.size() ? bytes_[at_++] : std::uint8_t{0}; }
  int below(int count) { return byte() % count; }
  int u16() {
    const int low = byte();
    return low | byte() << 8;
  }
  /// The whole rest, again and again.
  void fill(Bytes& samples) {
    const ByteView rest = bytes_.subspan(at_);
    for (std::size_t i = 0; i < samples.size() && !rest.empty(); ++i)
      samples[i] = rest[i % rest.size()];
  }

 private:
  ByteView bytes_;
  std::size_t at_ = 0;
};

/// Tiles are 256 pixels wide at least: now and then a picture that has two.
int width_of(Source& source) {
  const int width = 1 + source.below(72);
  return source.below(16) ? width : 256 + width;
}

void fill_bits(Source& source, Plane<std::uint8_t>& flags) {
  for (std::uint8_t& flag : flags.samples) flag = static_cast<std::uint8_t>(source.below(2));
}

EncodeSettings settings_of(Source& source, int width, int height) {
  EncodeSettings settings;
  settings.tile_log2 = source.below(2) ? 8 : 0;
  const int flags = source.byte();
  settings.lossless = flags & 1;
  settings.subsample = flags >> 1 & 1;
  settings.tune_ssim = flags & 4;
  settings.step = 16 + source.u16() % (16384 - 16 + 1);
  settings.effort = 1 + source.below(9);
  settings.tail = static_cast<float>(source.u16() % 2001) / 1000.0f - 1;
  const int columns = div_up(width, 8);
  const int rows = div_up(height, 8);
  if (flags & 8) {
    settings.mask = Plane<std::uint8_t>(columns, rows);
    fill_bits(source, settings.mask);
  }
  if (flags & 16) {
    constexpr std::array<float, 6> kTelling = {0.0f, 1e-30f, 0.1f, 1.0f, 1000.0f, 1e30f};
    settings.importance = Plane<float>(columns, rows);
    for (float& cell : settings.importance.samples)
      cell = kTelling[static_cast<std::size_t>(source.below(static_cast<int>(kTelling.size())))];
  }
  if (flags & 32) {
    settings.exact_pixels = flags & 64;
    const int side = settings.exact_pixels ? 1 : 8;
    settings.exact = Plane<std::uint8_t>(div_up(width, side), div_up(height, side));
    fill_bits(source, settings.exact);
  }
  return settings;
}

void check_exact(const EncodeSettings& settings, const ConstImage& image, const Bytes& decoded) {
  if (settings.lossless)
    promise(std::ranges::equal(image.samples, decoded), "lossless gives every sample back");
  const int side = settings.exact_pixels ? 1 : 8;
  for (std::size_t i = 0; i < decoded.size(); ++i) {
    const auto channels = static_cast<std::size_t>(image.channels);
    const int pixel = static_cast<int>(i / channels);
    const int x = pixel % image.width, y = pixel / image.width;
    if (image.channels == 4 && i % channels == 3) {
      promise(decoded[i] == image.samples[i], "alpha is lossless");
    } else if (!settings.exact.samples.empty() && settings.exact.at(x / side, y / side)) {
      promise(decoded[i] == image.samples[i], "exact pixels come back");
    }
  }
}

void check_mask(const Parsed& parsed, const EncodeSettings& settings) {
  MaskInfo info;
  promise(read_mask(parsed, info) == Status::ok, "a coded picture has a mask");
  if (settings.lossless || settings.mask.samples.empty()) return;
  promise(info.kept.samples == settings.mask.samples, "an explicit mask comes back");
}

}  // namespace

Outcome run(ByteView input) {
  Source source(input);
  const int width = width_of(source);
  const int height = 1 + source.below(width < 256 ? 72 : 24);
  const int channels = std::array{1, 3, 4}[static_cast<std::size_t>(source.below(3))];
  const EncodeSettings settings = settings_of(source, width, height);
  Bytes samples(static_cast<std::size_t>(width * height * channels));
  const ConstImage image{width, height, channels, samples};
  source.fill(samples);

  const Bytes file = encode(image, settings);
  Parsed parsed;
  promise(parse(file, UINT64_MAX, false, parsed) == Status::ok, "a coded picture parses");
  check_mask(parsed, settings);
  Bytes decoded(samples.size());
  std::vector<std::string> lost;
  const Rect whole{0, 0, width, height};
  const Status status = decode(parsed, whole, {}, {width, height, channels, decoded}, lost);
  promise(status == Status::ok, "a coded picture decodes");
  check_exact(settings, image, decoded);
  return Outcome::decoded;
}

}  // namespace ablc::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ablc::fuzz::run({data, size});
  return 0;
}

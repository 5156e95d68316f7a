// Fuzz target: bytes become settings and a small picture, which is coded and decoded again.

#include <array>
#include <cstdlib>

#include "codec.h"
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

EncodeSettings settings_of(Source& source, int width, int height) {
  EncodeSettings settings;
  const int flags = source.byte();
  settings.lossless = flags & 1;
  settings.subsample = flags >> 1 & 1;
  settings.tune_ssim = flags & 4;
  settings.step = 16 + source.u16() % (16384 - 16 + 1);
  settings.effort = 1 + source.below(9);
  settings.lambda_scale = 0.01f * static_cast<float>(1 + source.u16() % 10000);
  const int columns = div_up(width, 8);
  const int rows = div_up(height, 8);
  if (flags & 8) {
    settings.mask = Plane<std::uint8_t>(columns, rows);
    for (std::uint8_t& cell : settings.mask.samples)
      cell = static_cast<std::uint8_t>(source.below(2));
  }
  if (flags & 16) {
    constexpr std::array<float, 6> kTelling = {0.0f, 1e-30f, 0.1f, 1.0f, 1000.0f, 1e30f};
    settings.importance = Plane<float>(columns, rows);
    for (float& cell : settings.importance.samples)
      cell = kTelling[static_cast<std::size_t>(source.below(static_cast<int>(kTelling.size())))];
  }
  return settings;
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
  const int width = 1 + source.below(72);
  const int height = 1 + source.below(72);
  const int channels = std::array{1, 3, 4}[static_cast<std::size_t>(source.below(3))];
  const EncodeSettings settings = settings_of(source, width, height);
  Bytes samples(static_cast<std::size_t>(width * height * channels));
  source.fill(samples);

  const Bytes file = encode({width, height, channels, samples}, settings);
  Parsed parsed;
  promise(parse(file, UINT64_MAX, false, parsed) == Status::ok, "a coded picture parses");
  check_mask(parsed, settings);
  Bytes decoded(samples.size());
  std::vector<std::string> lost;
  const Status status = decode(parsed, 1, false, {0, 0, width, height}, {width, height, channels, decoded}, lost);
  promise(status == Status::ok, "a coded picture decodes");
  if (settings.lossless) promise(decoded == samples, "lossless gives every sample back");
  for (std::size_t i = 3; channels == 4 && i < samples.size(); i += 4)
    promise(decoded[i] == samples[i], "alpha is lossless");
  return Outcome::decoded;
}

}  // namespace ablc::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ablc::fuzz::run({data, size});
  return 0;
}

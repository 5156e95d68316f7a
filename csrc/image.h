#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace ablc {

/// Interleaved 8-bit pixels, rows one after another.
struct Image {
  int width = 0;
  int height = 0;
  int channels = 0;  ///< 1 grey, 3 RGB, 4 RGBA
  std::span<std::uint8_t> samples;
  std::uint8_t* row(int y) const {
    return samples.data() + static_cast<std::ptrdiff_t>(y) * width * channels;
  }
};
/// The same, read only.
struct ConstImage {
  int width = 0;
  int height = 0;
  int channels = 0;
  std::span<const std::uint8_t> samples;
  const std::uint8_t* row(int y) const {
    return samples.data() + static_cast<std::ptrdiff_t>(y) * width * channels;
  }
};

}  // namespace ablc

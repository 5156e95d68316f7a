#pragma once

// The codec's face: an image to a file and back.

#include <string>

#include "colour.h"
#include "stream.h"

namespace ablc {

struct EncodeSettings {
  int step = 640;              ///< luma quantisation step in 1/16 grey level, 16..16384
  bool lossless = false;       ///< every sample back; step, subsample, masks and importance unused
  int subsample = 1;           ///< 0 = 4:4:4, 1 = 4:2:0
  int effort = 5;              ///< 1..9
  int threads = 1;
  int tile_log2 = 0;           ///< log2 of the side of tiles, 8..15; 0 = one tile up to 1.5 megapixels, else 9
  bool tune_ssim = true;       ///< else mean squared error
  float lambda_scale = 1.0f;   ///< multiplies the price of a bit
  Plane<float> importance;     ///< per 8x8 cell, or empty
  Plane<std::uint8_t> mask;    ///< per 8x8 cell: 1 keep, 0 drop; or empty
  Bytes icc, exif, xmp, model; ///< stored as they are when not empty
};

/// Codes an image as one file. The result depends on image and settings alone, not on threads.
Bytes encode(const ConstImage& image, const EncodeSettings& settings);

/// Decodes into out, whose size and channels are the header's. With partial, what cannot be decoded
/// keeps the best approximation there is and lost tells of it in words.
Status decode(const Parsed& file, int threads, bool partial, const Image& out, std::vector<std::string>& lost);

/// What a file's mask says: 1 = the 8x8 cell lies in a kept block; and leaves by size.
struct MaskInfo {
  Plane<std::uint8_t> kept;
  std::array<int, 3> leaves{};
};
Status read_mask(const Parsed& file, MaskInfo& out);

}  // namespace ablc

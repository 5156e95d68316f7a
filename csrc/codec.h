#pragma once

// The interface of the codec: an image to a stream and back.

#include <string>

#include "array.h"
#include "cell_shape.h"
#include "image.h"
#include "stream.h"

namespace ablc {

struct EncodeSettings {
  int step = 640;         ///< luma quantisation step in 1/16 grey level, 16..16384
  bool lossless = false;  ///< every sample comes back exactly; of the rest only effort, threads,
                          ///< tiles and metadata are used
  int subsample = 1;      ///< 0 = 4:4:4, 1 = 4:2:0
  int effort = 5;         ///< 1..9
  int threads = 1;
  /// log2 of the side of tiles, 8..15; 0 = one tile up to 1.5 megapixels, else 9.
  int tile_log2 = 0;
  bool tune_ssim = true;  ///< else mean squared error
  /// -1..1: the last |tail| of every tile's superblocks are encoded as if a bit had half (< 0) or
  /// double the price.
  float tail = 0;
  Plane<float> importance;   ///< per 8x8 cell, or empty
  Plane<std::uint8_t> mask;  ///< per 8x8 cell: 1 keep, 0 drop; or empty
  /// 1 = comes back exactly; per pixel if exact_pixels, else per 8x8 cell; or empty.
  Plane<std::uint8_t> exact;
  bool exact_pixels = false;
  Bytes icc, exif, xmp, model;  ///< stored unchanged if not empty
};

struct TileAnalysis;

/// What encodes of one picture with similar steps have in common. The first encode fills it, later
/// ones are faster for it; an encode of another size or effort fills it anew.
class Analysis {
 public:
  Analysis();
  ~Analysis();
  Array<int, 5> key{};  ///< width, height, channels, tiles, effort
  Vector<TileAnalysis> tiles;
};

/// Return the stream of an image. It depends on the arguments alone, not on threads.
Bytes encode(const ConstImage& image, const EncodeSettings& settings, Analysis* analysis = nullptr);

/// What a stream says of the pixels of a decoded window, for painting them afterwards.
struct Guide {
  int step = 16;              ///< luma quantisation step of the header, 1/16 grey level
  int subsample = 1;          ///< chroma shift
  Plane<CellShape> cells;     ///< per 8x8 cell
  Plane<std::uint8_t> exact;  ///< per pixel: 1 = it came back exactly; empty if none did
};

struct CodingMap;

struct DecodeSettings {
  int threads = 1;
  /// Damage does not end the decode: what cannot be decoded keeps the best approximation there is.
  bool partial = false;
  /// If given, where the bits went is noted here; the decode then takes one thread.
  CodingMap* map = nullptr;
  /// If given, filled for a lossy stream; the window then begins at multiples of kSuper.
  Guide* guide = nullptr;
};

/// Decode a window of the picture into out, which has its size and the header's channels. lost:
/// what was damaged or missing, in words. Status::corrupt if anything was and settings are not
/// partial.
Status decode(const Parsed& file, const Rect& window, const DecodeSettings& settings,
              const Image& out, std::vector<std::string>& lost);

}  // namespace ablc

#pragma once

// Samples without loss (docs/FORMAT.md, Lossless): alpha, every channel in the lossless mode, and
// the values of exact samples.

#include <functional>
#include <vector>

#include "colour.h"
#include "plane_coder.h"
#include "stream.h"

namespace ablc {

/// Told of the bits that a window of the picture took; may be empty.
using Spent = std::function<void(const Rect& window, float bits)>;

/// Runs work and tells spent, if anybody listens, what it took of coder for the pixels of window.
template <class F>
void watch(const RangeDecoder& coder, const Spent& spent, const Rect& window, F&& work) {
  if (!spent) return work();
  const double before = coder.position();
  work();
  spent(window, static_cast<float>(coder.position() - before));
}

/// Colour channels of a window, reversibly transformed: YCoCg-R, or grey alone.
using LosslessPlanes = Vector<Plane<std::int16_t>>;

LosslessPlanes to_lossless(const ConstImage& image, const Rect& window);
/// The inverse; with coded, of the samples that it marks alone.
void put_lossless(const LosslessPlanes& planes, const Rect& window, const Image& out,
                  const Plane<std::uint8_t>* coded = nullptr);

/// Codes the planes, or only those samples that coded marks; a decoder has to know the others.
void encode_planes(RangeEncoder& coder, LosslessPlanes& planes,
                   const Plane<std::uint8_t>* coded = nullptr);
/// False if the code ended early.
bool decode_planes(RangeDecoder& coder, LosslessPlanes& planes, const Rect& window,
                   const Spent& spent, const Plane<std::uint8_t>* coded = nullptr);

/// Colour channels of a window as one segment.
Bytes encode_lossless(const ConstImage& image, const Rect& window);
/// False if the segment is damaged or cut; the rest of the window then repeats the last row.
bool decode_lossless(ByteView segment, const Rect& window, const Image& out, const Spent& spent);

/// The alpha channel of a window of an RGBA image.
Bytes encode_alpha(const ConstImage& image, const Rect& window);
bool decode_alpha(ByteView segment, const Rect& window, const Image& out, const Spent& spent);

}  // namespace ablc

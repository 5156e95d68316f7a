#include "lossless.h"

#include "plane_coder.h"

namespace ablc {

namespace {

using Planes = std::array<Plane<std::int16_t>, 3>;

PlaneParams params_of(int plane) {
  PlaneParams params;
  if (plane > 0) params = {.step = 1, .lowest = -255, .highest = 255, .start = 0};
  return params;
}

bool finished(const RangeDecoder& coder, bool whole) { return whole && !coder.overrun() && !coder.unused(); }

Plane<std::int16_t> channel(const ConstImage& image, const Rect& window, int c) {
  Plane<std::int16_t> plane(window.width, window.height);
  for (int y = 0; y < window.height; ++y) {
    const std::uint8_t* in = image.row(window.y + y) + static_cast<std::ptrdiff_t>(window.x) * image.channels + c;
    for (int x = 0; x < window.width; ++x) plane.at(x, y) = in[static_cast<std::ptrdiff_t>(x) * image.channels];
  }
  return plane;
}

void put_channel(const Plane<std::int16_t>& plane, const Rect& window, int c, const Image& out) {
  for (int y = 0; y < window.height; ++y) {
    std::uint8_t* to = out.row(window.y + y) + static_cast<std::ptrdiff_t>(window.x) * out.channels + c;
    for (int x = 0; x < window.width; ++x) to[static_cast<std::ptrdiff_t>(x) * out.channels] = static_cast<std::uint8_t>(plane.at(x, y));
  }
}

Bytes encode_plane(Plane<std::int16_t>& plane) {
  RangeEncoder coder;
  PlaneCoder().encode(coder, plane, {0, 0, plane.width, plane.height}, params_of(0), 0, false, 0);
  return coder.finish();
}

bool decode_plane(ByteView segment, const Rect& window, int c, const Image& out) {
  RangeDecoder coder(segment);
  Plane<std::int16_t> plane(window.width, window.height);
  const bool whole = PlaneCoder().decode(coder, plane, {0, 0, plane.width, plane.height}, params_of(0), 0, false);
  put_channel(plane, window, c, out);
  return finished(coder, whole);
}

}  // namespace

Bytes encode_lossless(const ConstImage& image, const Rect& window) {
  if (image.channels == 1) {
    Plane<std::int16_t> grey = channel(image, window, 0);
    return encode_plane(grey);
  }
  // YCoCg-R (Malvar and Sullivan, JVT-I014r3): reversible, Y in 0..255, Co and Cg in -255..255.
  Planes planes;
  for (auto& p : planes) p = Plane<std::int16_t>(window.width, window.height);
  for (int y = 0; y < window.height; ++y) {
    const std::uint8_t* in = image.row(window.y + y) + static_cast<std::ptrdiff_t>(window.x) * image.channels;
    for (int x = 0; x < window.width; ++x, in += image.channels) {
      const int co = in[0] - in[2];
      const int t = in[2] + (co >> 1);
      const int cg = in[1] - t;
      planes[0].at(x, y) = static_cast<std::int16_t>(t + (cg >> 1));
      planes[1].at(x, y) = static_cast<std::int16_t>(co);
      planes[2].at(x, y) = static_cast<std::int16_t>(cg);
    }
  }
  RangeEncoder coder;
  PlaneCoder code;
  for (int p = 0; p < 3; ++p)
    code.encode(coder, planes[static_cast<std::size_t>(p)], {0, 0, window.width, window.height}, params_of(p), p, p > 0, 0);
  return coder.finish();
}

bool decode_lossless(ByteView segment, const Rect& window, const Image& out) {
  if (out.channels == 1) return decode_plane(segment, window, 0, out);
  RangeDecoder coder(segment);
  PlaneCoder code;
  Planes planes;
  bool whole = true;
  for (int p = 0; p < 3; ++p) {
    auto& plane = planes[static_cast<std::size_t>(p)];
    plane = Plane<std::int16_t>(window.width, window.height);
    whole = code.decode(coder, plane, {0, 0, window.width, window.height}, params_of(p), p, p > 0) && whole;
  }
  for (int y = 0; y < window.height; ++y) {
    std::uint8_t* to = out.row(window.y + y) + static_cast<std::ptrdiff_t>(window.x) * out.channels;
    for (int x = 0; x < window.width; ++x, to += out.channels) {
      const int cg = planes[2].at(x, y);
      const int co = planes[1].at(x, y);
      const int t = planes[0].at(x, y) - (cg >> 1);
      const int b = t - (co >> 1);
      // Damaged planes may leave the range; sound ones never do.
      to[0] = static_cast<std::uint8_t>(clip_pixel(b + co));
      to[1] = static_cast<std::uint8_t>(clip_pixel(cg + t));
      to[2] = static_cast<std::uint8_t>(clip_pixel(b));
    }
  }
  return finished(coder, whole);
}

Bytes encode_alpha(const ConstImage& image, const Rect& window) {
  Plane<std::int16_t> alpha = channel(image, window, 3);
  return encode_plane(alpha);
}

bool decode_alpha(ByteView segment, const Rect& window, const Image& out) { return decode_plane(segment, window, 3, out); }

}  // namespace ablc

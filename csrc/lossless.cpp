#include "lossless.h"

namespace ablc {

namespace {

PlaneParams params_of(std::size_t plane, const Plane<std::uint8_t>* coded) {
  PlaneParams params;
  if (plane > 0) params = {.lowest = -255, .highest = 255, .start = 0};
  params.coded = coded;
  return params;
}

bool finished(const RangeDecoder& coder, bool whole) {
  return whole && !coder.overrun() && !coder.unused();
}

Plane<std::int16_t> channel(const ConstImage& image, const Rect& window, int c) {
  Plane<std::int16_t> plane(window.width, window.height);
  for (int y = 0; y < window.height; ++y) {
    const std::uint8_t* in =
        image.row(window.y + y) + static_cast<std::ptrdiff_t>(window.x) * image.channels + c;
    for (int x = 0; x < window.width; ++x)
      plane.at(x, y) = in[static_cast<std::ptrdiff_t>(x) * image.channels];
  }
  return plane;
}

/// Call put(x, y, pixel) for every sample of the window that coded marks.
template <class F>
void for_pixels(const Rect& window, const Image& out, const Plane<std::uint8_t>* coded, F&& put) {
  for (int y = 0; y < window.height; ++y) {
    std::uint8_t* to = out.row(window.y + y) + static_cast<std::ptrdiff_t>(window.x) * out.channels;
    for (int x = 0; x < window.width; ++x, to += out.channels)
      if (!coded || coded->at(x, y)) put(x, y, to);
  }
}

void put_channel(const Plane<std::int16_t>& plane, const Rect& window, int c, const Image& out,
                 const Plane<std::uint8_t>* coded) {
  for_pixels(window, out, coded, [&](int x, int y, std::uint8_t* to) {
    to[c] = static_cast<std::uint8_t>(plane.at(x, y));
  });
}

}  // namespace

LosslessPlanes to_lossless(const ConstImage& image, const Rect& window) {
  if (image.channels == 1) return {channel(image, window, 0)};
  // YCoCg-R (Malvar and Sullivan, JVT-I014r3): reversible, Y in 0..255, Co and Cg in -255..255.
  LosslessPlanes planes(3, Plane<std::int16_t>(window.width, window.height));
  for (int y = 0; y < window.height; ++y) {
    const std::uint8_t* in =
        image.row(window.y + y) + static_cast<std::ptrdiff_t>(window.x) * image.channels;
    for (int x = 0; x < window.width; ++x, in += image.channels) {
      const int co = in[0] - in[2];
      const int t = in[2] + (co >> 1);
      const int cg = in[1] - t;
      planes[0].at(x, y) = static_cast<std::int16_t>(t + (cg >> 1));
      planes[1].at(x, y) = static_cast<std::int16_t>(co);
      planes[2].at(x, y) = static_cast<std::int16_t>(cg);
    }
  }
  return planes;
}

void put_lossless(const LosslessPlanes& planes, const Rect& window, const Image& out,
                  const Plane<std::uint8_t>* coded) {
  if (planes.size() == 1) return put_channel(planes[0], window, 0, out, coded);
  for_pixels(window, out, coded, [&](int x, int y, std::uint8_t* to) {
    const int cg = planes[2].at(x, y);
    const int co = planes[1].at(x, y);
    const int t = planes[0].at(x, y) - (cg >> 1);
    const int b = t - (co >> 1);
    // Damaged planes may leave the range; sound ones never do.
    to[0] = static_cast<std::uint8_t>(clip_pixel(b + co));
    to[1] = static_cast<std::uint8_t>(clip_pixel(cg + t));
    to[2] = static_cast<std::uint8_t>(clip_pixel(b));
  });
}

void encode_planes(RangeEncoder& coder, LosslessPlanes& planes, const Plane<std::uint8_t>* coded) {
  PlaneCoder code;
  for (std::size_t p = 0; p < planes.size(); ++p)
    code.encode(coder, planes[p], {0, 0, planes[p].width, planes[p].height}, params_of(p, coded),
                static_cast<int>(p), p > 0);
}

bool decode_planes(RangeDecoder& coder, LosslessPlanes& planes, const Rect& window,
                   const Spent& spent, const Plane<std::uint8_t>* coded) {
  PlaneCoder code;
  bool whole = true;
  SpentOnSample on_sample;
  if (spent)
    on_sample = [&](int x, int y, float bits) { spent({window.x + x, window.y + y, 1, 1}, bits); };
  for (std::size_t p = 0; p < planes.size(); ++p) {
    PlaneParams params = params_of(p, coded);
    params.spent = &on_sample;
    whole = code.decode(coder, planes[p], {0, 0, window.width, window.height}, params,
                        static_cast<int>(p), p > 0) &&
            whole;
  }
  return whole;
}

Bytes encode_lossless(const ConstImage& image, const Rect& window) {
  RangeEncoder coder;
  LosslessPlanes planes = to_lossless(image, window);
  encode_planes(coder, planes);
  return coder.finish();
}

bool decode_lossless(ByteView segment, const Rect& window, const Image& out, const Spent& spent) {
  RangeDecoder coder(segment);
  LosslessPlanes planes(out.channels == 1 ? 1 : 3,
                        Plane<std::int16_t>(window.width, window.height));
  const bool whole = decode_planes(coder, planes, window, spent);
  put_lossless(planes, window, out);
  return finished(coder, whole);
}

Bytes encode_alpha(const ConstImage& image, const Rect& window) {
  RangeEncoder coder;
  LosslessPlanes alpha = {channel(image, window, 3)};
  encode_planes(coder, alpha);
  return coder.finish();
}

bool decode_alpha(ByteView segment, const Rect& window, const Image& out, const Spent& spent) {
  RangeDecoder coder(segment);
  LosslessPlanes alpha = {Plane<std::int16_t>(window.width, window.height)};
  const bool whole = decode_planes(coder, alpha, window, spent);
  put_channel(alpha[0], window, 3, out, nullptr);
  return finished(coder, whole);
}

}  // namespace ablc

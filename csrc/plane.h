#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>

#include "array.h"

namespace ablc {

/// Return the number of samples of a picture. Throws std::bad_alloc if they cannot be addressed, as
/// may be on machines of 32 bits; a sample takes at most 8 bytes.
constexpr std::size_t sample_count(int width, int height, int channels = 1) {
  const std::uint64_t count = static_cast<std::uint64_t>(width) *
                              static_cast<std::uint64_t>(height) *
                              static_cast<std::uint64_t>(channels);
  if (count > PTRDIFF_MAX / 8) throw std::bad_alloc{};
  return static_cast<std::size_t>(count);
}

/// A rectangle of samples, rows one after another.
template <class T>
struct Plane {
  int width = 0;
  int height = 0;
  Vector<T> samples;

  Plane() = default;
  Plane(int w, int h, T value = T{}) : width(w), height(h), samples(sample_count(w, h), value) {}

  T* row(int y) { return samples.data() + static_cast<std::ptrdiff_t>(y) * width; }
  const T* row(int y) const { return samples.data() + static_cast<std::ptrdiff_t>(y) * width; }
  T& at(int x, int y) { return row(y)[x]; }
  const T& at(int x, int y) const { return row(y)[x]; }

  /// Return the sample at the nearest position inside the plane.
  const T& clamped(int x, int y) const {
    return at(std::clamp(x, 0, width - 1), std::clamp(y, 0, height - 1));
  }
};

/// The planes of a picture: luma, then chroma, which are empty for grey.
using Planes = Array<Plane<std::uint8_t>, 3>;

/// A window of a plane; x, y, width and height in samples of that plane.
struct Rect {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;
};

/// Return a window of a plane as a plane of its own.
template <class T>
Plane<T> cut(const Plane<T>& plane, const Rect& window) {
  Plane<T> part(window.width, window.height);
  for (int y = 0; y < window.height; ++y)
    std::copy_n(plane.row(window.y + y) + window.x, window.width, part.row(y));
  return part;
}

/// Return the upper left part of a plane, in the same memory.
template <class T>
Plane<T> cropped(Plane<T> plane, int width, int height) {
  if (width != plane.width)
    for (int y = 1; y < height; ++y)
      std::copy_n(plane.row(y), width,
                  plane.samples.begin() + static_cast<std::ptrdiff_t>(y) * width);
  plane.width = width;
  plane.height = height;
  plane.samples.resize(sample_count(width, height));
  return plane;
}

inline int div_up(int a, int b) {
  return (a + b - 1) / b;
}
inline int round_up(int a, int b) {
  return div_up(a, b) * b;
}
inline int clip_pixel(int v) {
  return v < 0 ? 0 : v > 255 ? 255 : v;
}

}  // namespace ablc

#pragma once

// std::array and std::vector, indexed by any integer type. Coordinates and classes are signed, so
// that differences and clamping are plain arithmetic; the conversion to an index stands here alone.

#include <array>
#include <concepts>
#include <cstddef>
#include <vector>

namespace ablc {

template <class T, int N>
struct Array : std::array<T, static_cast<std::size_t>(N)> {
  using Base = std::array<T, static_cast<std::size_t>(N)>;
  constexpr T& operator[](std::integral auto i) {
    return Base::operator[](static_cast<std::size_t>(i));
  }
  constexpr const T& operator[](std::integral auto i) const {
    return Base::operator[](static_cast<std::size_t>(i));
  }
};

template <class T>
class Vector : public std::vector<T> {
 public:
  using Base = std::vector<T>;
  using Base::Base;
  /// count elements; not negative.
  explicit Vector(std::signed_integral auto count, const T& value = T{})
      : Base(static_cast<std::size_t>(count), value) {}

  T& operator[](std::integral auto i) { return Base::operator[](static_cast<std::size_t>(i)); }
  const T& operator[](std::integral auto i) const {
    return Base::operator[](static_cast<std::size_t>(i));
  }
};

}  // namespace ablc

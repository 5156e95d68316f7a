#pragma once

// What the parts of the Python binding share: conversions of arrays and bytes, and exceptions. The
// bindings are the only files that include Python; they check arguments, convert and release the
// GIL.

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>

#include "cancel.h"
#include "image.h"
#include "plane.h"
#include "stream.h"

namespace ablc::bindings {

namespace py = pybind11;
using namespace pybind11::literals;

using Pixels = py::array_t<std::uint8_t, py::array::c_style>;
using Flags = py::array_t<bool, py::array::c_style>;
using Floats = py::array_t<float, py::array::c_style>;

void bind_errors(py::module_& m);
void bind_cancel(py::module_& m);
void bind_ending(py::module_& m);
void bind_encode(py::module_& m);
void bind_stream(py::module_& m);
void bind_guide(py::module_& m);
void bind_codes(py::module_& m);

// --- exceptions ---

[[noreturn]] void raise_stream_error(const std::string& message);
[[noreturn]] void raise_limit_error(const std::string& message);
/// Raise ValueError: an argument is wrong.
[[noreturn]] void refuse(const std::string& message);

template <class T>
void require_range(const char* name, T value, T low, T high) {
  const auto text = [](T v) { return py::str(py::cast(v)).template cast<std::string>(); };
  if (!(value >= low && value <= high))
    refuse(std::string(name) + " is " + text(value) + ", expected " + text(low) + ".." +
           text(high));
}

inline void require_threads(int threads) {
  require_range("threads", threads, 1, 256);
}

// --- work without the GIL ---

/// Return the poll of a call from this thread: on the main thread it handles signals, on others it
/// follows cancel_running().
std::function<bool()> cancel_poll();

/// Raise the exception of the signal handler that cancelled a call; KeyboardInterrupt if
/// cancel_running() did.
[[noreturn]] void raise_cancelled();

/// Call work() without the GIL and return what it returns. If the call is cancelled, for example by
/// Ctrl-C, the work ends early and the exception is raised.
template <class Work>
auto without_gil(Work&& work) {
  Cancellation cancellation(cancel_poll());
  try {
    const py::gil_scoped_release unlocked;
    const CancelScope scope(&cancellation);
    return work();
  } catch (const Cancelled&) {
    raise_cancelled();
  }
}

// --- bytes ---

inline ByteView view(const py::bytes& data) {
  const std::string_view text(data);
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline py::bytes bytes_of(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline Bytes copy_of(const py::bytes& data) {
  const ByteView v = view(data);
  return {v.begin(), v.end()};
}

// --- arrays ---

template <class T, class Source>
Plane<T> plane_of(const Source& array) {
  Plane<T> plane(static_cast<int>(array.shape(1)), static_cast<int>(array.shape(0)));
  std::copy_n(array.data(), plane.samples.size(), plane.samples.begin());
  return plane;
}

template <class T, class Sample>
py::array_t<T> array_of(const Plane<Sample>& plane) {
  py::array_t<T> array({plane.height, plane.width});
  std::copy(plane.samples.begin(), plane.samples.end(), array.mutable_data());
  return array;
}

/// pixels: (H, W, C).
inline Image image_of(Pixels& pixels) {
  return {static_cast<int>(pixels.shape(1)),
          static_cast<int>(pixels.shape(0)),
          static_cast<int>(pixels.shape(2)),
          {pixels.mutable_data(), static_cast<std::size_t>(pixels.size())}};
}
inline ConstImage const_image_of(const Pixels& pixels) {
  return {static_cast<int>(pixels.shape(1)),
          static_cast<int>(pixels.shape(0)),
          static_cast<int>(pixels.shape(2)),
          {pixels.data(), static_cast<std::size_t>(pixels.size())}};
}

}  // namespace ablc::bindings

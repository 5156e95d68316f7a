#include "bindings.h"

namespace ablc::bindings {

namespace {

py::object stream_error;  // NOLINT: both are owned by the module for the life of the process
py::object limit_error;

[[noreturn]] void raise(const py::object& type, const std::string& message) {
  PyErr_SetString(type.ptr(), message.c_str());
  throw py::error_already_set();
}

}  // namespace

void raise_stream_error(const std::string& message) {
  raise(stream_error, message);
}

void raise_limit_error(const std::string& message) {
  raise(limit_error, message);
}

void refuse(const std::string& message) {
  throw py::value_error(message);
}

void bind_errors(py::module_& m) {
  stream_error = py::exception<std::runtime_error>(m, "StreamError", PyExc_ValueError);
  limit_error = py::exception<std::runtime_error>(m, "LimitError", stream_error);
  stream_error.attr("__doc__") = "The bytes are damaged, or not an ablc stream.";
  limit_error.attr("__doc__") = "The stream holds more pixels than the caller allows.";
}

}  // namespace ablc::bindings

PYBIND11_MODULE(_core, m) {
  m.doc() = "Integer codec of ablc (csrc/).";
  ablc::bindings::bind_errors(m);
  ablc::bindings::bind_cancel(m);
  ablc::bindings::bind_ending(m);
  ablc::bindings::bind_encode(m);
  ablc::bindings::bind_guide(m);
  ablc::bindings::bind_stream(m);
  ablc::bindings::bind_codes(m);
}

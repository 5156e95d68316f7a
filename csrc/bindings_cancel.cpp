// Cancellation as Python has it: Ctrl-C on the main thread, cancel_running() for the others.

#include <atomic>

#include "bindings.h"

namespace ablc::bindings {

namespace {

std::atomic<unsigned> cancellations{0};  // calls of cancel_running()

/// True on the thread where Python handles signals.
bool on_main_thread() {
  const auto main = py::module_::import("threading").attr("main_thread")().attr("ident");
  return main.cast<unsigned long>() == PyThread_get_thread_ident();
}

}  // namespace

std::function<bool()> cancel_poll() {
  if (on_main_thread())
    return [] {
      const py::gil_scoped_acquire locked;
      return PyErr_CheckSignals() != 0;
    };
  return [before = cancellations.load()] { return cancellations != before; };
}

void raise_cancelled() {
  if (!PyErr_Occurred()) PyErr_SetString(PyExc_KeyboardInterrupt, "the call was cancelled");
  throw py::error_already_set();
}

void bind_cancel(py::module_& m) {
  m.def(
      "cancel_running", [] { ++cancellations; },
      "Cancel the calls of this module that other threads than the main one run now: each raises "
      "KeyboardInterrupt within about 0.1 s. (Signals cancel those of the main thread.)");
}

}  // namespace ablc::bindings

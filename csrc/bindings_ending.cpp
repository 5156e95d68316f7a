// The end of a process that cannot wait for Python, whose lock a library may hold for a minute: a
// thread without Python removes the temporary files and exits.

#include <atomic>
#include <filesystem>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "bindings.h"

#ifndef _WIN32
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>
#endif

namespace ablc::bindings {

namespace {

struct Ending {
  std::mutex lock;
  std::set<std::string> temporaries;  // names as the system has them; in UTF-8 on Windows
  std::atomic<double> patience{0};    // seconds between Ctrl-C and the end
  std::atomic<bool> said{false};
};

Ending& ending() {
  static Ending* shared = new Ending;  // never destroyed: its threads may outlive main()
  return *shared;
}

/// Remove the temporary files. The caller holds the lock, and no further ones are noted meanwhile.
void remove_temporaries() {
  for (const std::string& name : ending().temporaries) {
    std::error_code ignored;
#ifdef _WIN32
    std::filesystem::remove(std::u8string(name.begin(), name.end()), ignored);
#else
    std::filesystem::remove(name, ignored);
#endif
  }
}

#ifndef _WIN32

[[noreturn]] void end(int code, const std::string& message) {
  ending().lock.lock();  // until the process has ended
  remove_temporaries();
  if (!message.empty() && !ending().said.exchange(true)) [[maybe_unused]]
    const auto written = ::write(STDERR_FILENO, message.data(), message.size());
  ::_exit(code);
}

/// Run work on a thread that handles no signals, so that the main thread gets them all.
template <class Work>
void start(Work&& work) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread(std::forward<Work>(work)).detach();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

/// Wait as long as the patience lasts, which may become shorter meanwhile.
void wait_patiently() {
  const auto begin = std::chrono::steady_clock::now();
  const auto over = [&] {
    const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - begin;
    return waited.count() >= ending().patience;
  };
  while (!over()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

/// Wait for the byte that stands for a signal, and then end the process; return at the pipe's end.
void end_after_signal(int pipe, int number, int code, const std::string& message) {
  for (unsigned char byte = 0;;) {
    const auto count = ::read(pipe, &byte, 1);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    if (byte != number) continue;
    wait_patiently();
    end(code, message);
  }
  ::close(pipe);
}

void end_when_closed(std::vector<pollfd> others, int code) {
  while (::poll(others.data(), static_cast<nfds_t>(others.size()), -1) < 0 && errno == EINTR) {
  }
  end(code, "");
}

#endif

}  // namespace

void bind_ending(py::module_& m) {
  m.def(
      "note_temporary",
      [](const std::string& name) {
        const std::lock_guard locked(ending().lock);
        ending().temporaries.insert(name);
      },
      "name"_a.noconvert(), "Note a file, by its encoded name, that must not outlive the process.");
  m.def(
      "forget_temporary",
      [](const std::string& name) {
        const std::lock_guard locked(ending().lock);
        ending().temporaries.erase(name);
      },
      "name"_a.noconvert(), "Undo note_temporary().");
  m.def(
      "remove_temporaries",
      [] {
        const std::lock_guard locked(ending().lock);
        remove_temporaries();
      },
      "Remove the noted files of all threads.");
  m.def(
      "may_say_end", [] { return !ending().said.exchange(true); },
      "Return True once in the life of a process: whoever gets it says how the process ends.");
  m.def(
      "set_patience", [](double seconds) { return ending().patience.exchange(seconds); },
      "seconds"_a, "Set the time for which end_after_signal() waits; return the one before.");
#ifndef _WIN32
  m.def(
      "end_after_signal",
      [](int pipe, int number, int code, const std::string& message) {
        start([=] { end_after_signal(pipe, number, code, message); });
      },
      "pipe"_a, "number"_a, "code"_a, "message"_a,
      "End the process some time after the byte `number` has come through a pipe, which is "
      "closed.");
  m.def(
      "end_when_closed",
      [](const std::vector<int>& descriptors, int code) {
        std::vector<pollfd> others;
        for (const int descriptor : descriptors) others.push_back({descriptor, POLLIN, 0});
        start([=] { end_when_closed(others, code); });
      },
      "descriptors"_a, "code"_a,
      "End the process at once when one of the descriptors has something to read, or ends.");
#endif
}

}  // namespace ablc::bindings

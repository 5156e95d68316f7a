#pragma once

// Cancellation of work that takes long. A caller opens a CancelScope around its work; the work
// calls stop_if_cancelled() between rows. Threads of parallel_for share the scope of the thread
// that started them.

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

namespace ablc {

/// Thrown by work that has been cancelled; what it was filling is incomplete.
struct Cancelled {};

/// What the threads of one cancellable call share.
class Cancellation {
 public:
  /// poll returns true to cancel the work. Only the thread that constructs this calls it, about
  /// every kPollInterval.
  explicit Cancellation(std::function<bool()> poll)
      : poll_(std::move(poll)),
        owner_(std::this_thread::get_id()),
        next_poll_(Clock::now() + kPollInterval) {}

  /// Poll if this thread is the owner and the time has come; return true if the work is cancelled.
  bool cancelled();

  static constexpr std::chrono::milliseconds kPollInterval{100};

 private:
  using Clock = std::chrono::steady_clock;
  std::atomic<bool> cancelled_{false};
  std::function<bool()> poll_;
  std::thread::id owner_;
  Clock::time_point next_poll_;  // only the owner looks at it
};

/// Makes a cancellation that of this thread until the scope ends; null: the work cannot be
/// cancelled.
class CancelScope {
 public:
  explicit CancelScope(Cancellation* cancellation);
  CancelScope(const CancelScope&) = delete;
  CancelScope& operator=(const CancelScope&) = delete;
  ~CancelScope();

 private:
  Cancellation* outer_;
};

/// Return this thread's cancellation, null if it has none.
Cancellation* current_cancellation();

/// Throw Cancelled if this thread's work has been cancelled.
inline void stop_if_cancelled() {
  Cancellation* cancellation = current_cancellation();
  if (cancellation && cancellation->cancelled()) throw Cancelled{};
}

}  // namespace ablc

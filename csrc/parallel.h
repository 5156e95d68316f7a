#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "cancel.h"

namespace ablc {

/// Threads that are joined when it goes out of scope. (Not every standard library has
/// std::jthread.)
struct JoinedThreads {
  std::vector<std::thread> threads;
  ~JoinedThreads() {
    for (std::thread& thread : threads) thread.join();
  }
};

/// Counts the threads of a pool that have ended.
class EndedThreads {
 public:
  void add() {
    const std::lock_guard lock(mutex_);
    ++count_;
    changed_.notify_one();
  }

  /// Wait until `count` threads have ended, and poll for a cancellation meanwhile.
  void wait_for(int count) {
    Cancellation* cancellation = current_cancellation();
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, Cancellation::kPollInterval, [&] { return count_ >= count; })) {
      lock.unlock();
      if (cancellation) cancellation->cancelled();
      lock.lock();
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

/// Call work(i) for every i in [0, count), on up to `threads` threads. Rethrows the first
/// exception; throws Cancelled if the work is cancelled.
template <class F>
void parallel_for(int count, int threads, F&& work) {
  threads = std::min(threads, count);
  if (threads <= 1) {
    for (int i = 0; i < count; ++i) {
      stop_if_cancelled();
      work(i);
    }
    return;
  }
  std::atomic<int> next{0};
  std::atomic<bool> failed{false};
  std::exception_ptr error;
  const auto run = [&] {
    for (int i = next++; i < count && !failed; i = next++) {
      try {
        stop_if_cancelled();
        work(i);
      } catch (...) {
        if (!failed.exchange(true)) error = std::current_exception();
      }
    }
  };
  {
    EndedThreads ended;
    JoinedThreads pool;
    Cancellation* cancellation = current_cancellation();
    for (int t = 1; t < threads; ++t)
      pool.threads.emplace_back([&, cancellation] {
        const CancelScope scope(cancellation);
        run();
        ended.add();
      });
    run();
    ended.wait_for(threads - 1);
  }
  if (error) std::rethrow_exception(error);
}

}  // namespace ablc

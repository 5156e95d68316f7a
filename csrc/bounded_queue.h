#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>

#include "array.h"

namespace ablc {

/// Bounded queue of items between two threads, one that writes and one that reads. The N items stay
/// where they are and are used again, so that what they own is allocated once.
template <class T, int N>
class BoundedQueue {
 public:
  /// Return an item to fill, once there is room; null if the reader has ended.
  T* wait_for_room() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ended_ || pushed_ - popped_ < N; });
    return ended_ ? nullptr : &items_[pushed_ % N];
  }
  /// Hand over the item that wait_for_room() returned.
  void push() {
    change([&] { ++pushed_; });
  }

  /// Return the oldest item, once there is one; null if the writer has ended and all are popped.
  T* wait_for_item() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ended_ || popped_ < pushed_; });
    return popped_ < pushed_ ? &items_[popped_ % N] : nullptr;
  }
  /// Give back the item that wait_for_item() returned.
  void pop() {
    change([&] { ++popped_; });
  }

  /// Held by writer and reader: when one of them ends, in whatever way, the other stops waiting.
  class End {
   public:
    explicit End(BoundedQueue& queue) : queue_(queue) {}
    End(const End&) = delete;
    End& operator=(const End&) = delete;
    ~End() {
      queue_.change([&] { queue_.ended_ = true; });
    }

   private:
    BoundedQueue& queue_;
  };

 private:
  template <class F>
  void change(F&& how) {
    {
      const std::lock_guard lock(mutex_);
      how();
    }
    changed_.notify_one();
  }

  Array<T, N> items_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t pushed_ = 0, popped_ = 0;
  bool ended_ = false;
};

}  // namespace ablc

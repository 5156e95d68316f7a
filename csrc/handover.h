#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>

#include "array.h"

namespace ablc {

/// Passes items in order from one thread to another, which may be up to N behind. Items are used
/// again.
template <class T, std::size_t N>
class Handover {
 public:
  Array<T, N> items;

  /// The item to be filled next; null once closed.
  T* wait_for_room() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || sent_ - taken_ < N; });
    return closed_ ? nullptr : &items[sent_ % N];
  }
  void send() {
    change([&] { ++sent_; });
  }

  /// The item sent next, to be given back; null once closed and all are taken.
  T* wait_for_item() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || taken_ < sent_; });
    return taken_ < sent_ ? &items[taken_ % N] : nullptr;
  }
  void give_back() {
    change([&] { ++taken_; });
  }

  /// Held by both sides: when one of them ends, in whatever way, the other does not wait for it.
  class Side {
   public:
    explicit Side(Handover& handover) : handover_(handover) {}
    Side(const Side&) = delete;
    Side& operator=(const Side&) = delete;
    ~Side() {
      handover_.change([&] { handover_.closed_ = true; });
    }

   private:
    Handover& handover_;
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

  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t sent_ = 0, taken_ = 0;
  bool closed_ = false;
};

}  // namespace ablc

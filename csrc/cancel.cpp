#include "cancel.h"

namespace ablc {

namespace {

thread_local Cancellation* current = nullptr;

}  // namespace

bool Cancellation::cancelled() {
  if (cancelled_.load(std::memory_order_relaxed)) return true;
  if (std::this_thread::get_id() != owner_) return false;
  if (const auto now = Clock::now(); now >= next_poll_) {
    next_poll_ = now + kPollInterval;
    if (poll_()) cancelled_ = true;
  }
  return cancelled_;
}

CancelScope::CancelScope(Cancellation* cancellation) : outer_(current) {
  current = cancellation;
}

CancelScope::~CancelScope() {
  current = outer_;
}

Cancellation* current_cancellation() {
  return current;
}

}  // namespace ablc

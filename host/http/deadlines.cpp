#include "http/deadlines.h"

#include <algorithm>
#include <sys/socket.h>

#include "core/thread_name.h"

namespace aev::http {

Deadlines::Deadlines(const Clock& clock, Duration tick, Counter timeouts)
    : clock_(clock), tick_(tick), timeouts_(timeouts), reaper_([this] { watch(); }) {}

Deadlines::~Deadlines() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
}

void Deadlines::add(DeadlineSlot& slot) {
  const MutexLock lock(mutex_);
  slots_.push_back(&slot);
  if (slots_.size() == 1) {
    changed_.notify_all();
  }
}

void Deadlines::remove(DeadlineSlot& slot) {
  const MutexLock lock(mutex_);
  const auto found = std::find(slots_.begin(), slots_.end(), &slot);
  if (found != slots_.end()) {
    *found = slots_.back();
    slots_.pop_back();
  }
}

void Deadlines::expire(DeadlineSlot& slot) const {
  if (!slot.expired_.exchange(true)) {
    timeouts_.add();
  }
}

void Deadlines::cut_idle() {
  const MutexLock lock(mutex_);
  for (DeadlineSlot* slot : slots_) {
    if (static_cast<Waiting>(slot->state_.load() & 3) == Waiting::kIdle) {
      ::shutdown(slot->descriptor_, SHUT_RD);
    }
  }
}

void Deadlines::cut_all() {
  const MutexLock lock(mutex_);
  for (DeadlineSlot* slot : slots_) {
    slot->expired_.store(true);
    ::shutdown(slot->descriptor_, SHUT_RDWR);
  }
}

void Deadlines::watch() {
  name_this_thread("http-reaper");
  const MutexLock lock(mutex_);
  while (!stopping_) {
    if (slots_.empty()) {
      changed_.wait(mutex_);
    } else {
      sweep();
      changed_.wait_until(mutex_, std::chrono::steady_clock::now() + tick_.load());
    }
  }
}

// shutdown(2) does not wait for the peer, so it may be called with the lock held; the lock keeps
// the descriptor from being closed, and its number from being used again, meanwhile.
void Deadlines::sweep() {
  const std::int64_t now = clock_.mono_now().time_since_epoch().count();
  for (DeadlineSlot* slot : slots_) {
    std::int64_t seen = slot->state_.load();
    const auto what = static_cast<Waiting>(seen & 3);
    if (what == Waiting::kNothing || (seen & ~std::int64_t{3}) > now) {
      continue;
    }
    // Only if the connection has not moved on meanwhile: then the deadline is no longer this one.
    if (!slot->state_.compare_exchange_strong(seen, 0)) {
      continue;
    }
    slot->expired_.store(true);
    if (what != Waiting::kIdle) {
      timeouts_.add();
    }
    ::shutdown(slot->descriptor_, what == Waiting::kRequest ? SHUT_RD : SHUT_RDWR);
  }
}

}  // namespace aev::http

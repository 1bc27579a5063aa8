#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "core/metrics.h"
#include "core/mutex.h"

namespace aev::http {

/// What a connection waits for while a deadline runs.
enum class Waiting : std::uint8_t {
  kNothing = 0,  ///< the handler runs: no deadline
  kIdle = 1,     ///< for the next request; at the deadline the connection is cut
  kRequest =
      2,        ///< for the rest of a request; at the deadline reading ends, an answer may still go
  kAnswer = 3,  ///< for the peer to take its answer; at the deadline the connection is cut
};

/// One connection's running deadline. The connection's thread sets it without a lock; the reaper
/// watches. Lives at least as long as it is registered.
class DeadlineSlot {
 public:
  explicit DeadlineSlot(int descriptor) : descriptor_(descriptor) {}

  void arm(Waiting what, MonoTime deadline) {
    // seq_cst: pairs with Deadlines::cut_idle, so that a connection that turns idle either sees the
    // server's stop flag afterwards or is seen as idle.
    state_.store(pack(what, deadline));
  }

  void disarm() { state_.store(0); }

  /// True once the reaper has ended reading: the connection cannot be used for another request.
  [[nodiscard]] bool expired() const { return expired_.load(); }

 private:
  friend class Deadlines;

  static std::int64_t pack(Waiting what, MonoTime deadline) {
    // The two low bits of the nanoseconds carry what is waited for.
    return (deadline.time_since_epoch().count() & ~std::int64_t{3}) |
           static_cast<std::int64_t>(what);
  }

  const int descriptor_;
  std::atomic<std::int64_t> state_{0};
  std::atomic<bool> expired_{false};
};

/// Cuts connections whose deadline has passed, on one thread. Thread-safe.
class Deadlines {
 public:
  /// Looks every `tick` (of real time) at `clock`, which outlives this object. Requests and answers
  /// that are cut are counted in `timeouts`.
  Deadlines(const Clock& clock, Duration tick, Counter timeouts);
  ~Deadlines();
  Deadlines(const Deadlines&) = delete;
  Deadlines& operator=(const Deadlines&) = delete;

  /// Looks that often from the next look on.
  void set_tick(Duration tick) { tick_ = tick; }

  /// `slot` is watched until remove(), which must come before its descriptor is closed.
  void add(DeadlineSlot& slot) AEV_EXCLUDES(mutex_);
  void remove(DeadlineSlot& slot) AEV_EXCLUDES(mutex_);

  /// For a connection that sees by itself that its request is late: marks it and counts it.
  void expire(DeadlineSlot& slot) const;

  /// Cuts every connection that waits for a request; those that turn idle later are not seen.
  void cut_idle() AEV_EXCLUDES(mutex_);
  /// Cuts every connection in both directions.
  void cut_all() AEV_EXCLUDES(mutex_);

 private:
  void watch() AEV_EXCLUDES(mutex_);
  void sweep() AEV_REQUIRES(mutex_);

  const Clock& clock_;
  std::atomic<Duration> tick_;
  const Counter timeouts_;
  Mutex mutex_;
  CondVar changed_;
  std::vector<DeadlineSlot*> slots_ AEV_GUARDED_BY(mutex_);
  bool stopping_ AEV_GUARDED_BY(mutex_) = false;
  std::jthread reaper_;  // last: starts when all else is there
};

}  // namespace aev::http

#pragma once

#include <cstdint>
#include <functional>

#include "app/reload_report.h"
#include "core/mutex.h"

namespace aev::app {

/// Lets one reload run at a time. Whoever asks while one runs waits for the next, and all who wait
/// share that one: it reads the files after each of them had asked. Thread-safe.
class ReloadTurns {
 public:
  using Body = std::function<ReloadReport()>;

  /// What `body` says, run on this thread or on that of another who asked with it. kConflict once
  /// close() was called.
  [[nodiscard]] ReloadReport run(const Body& body) AEV_EXCLUDES(mutex_);

  /// Runs `body` while no reload does; not at all once close() was called, then it is false.
  bool alone(const std::function<void()>& body) AEV_EXCLUDES(mutex_);

  /// Waits for what runs; nothing runs after that.
  void close() AEV_EXCLUDES(mutex_);

 private:
  void end_turn() AEV_EXCLUDES(mutex_);

  Mutex mutex_;
  CondVar changed_;
  bool busy_ AEV_GUARDED_BY(mutex_) = false;
  bool closed_ AEV_GUARDED_BY(mutex_) = false;
  std::uint64_t begun_ AEV_GUARDED_BY(mutex_) = 0;  // reloads so far
  std::uint64_t done_ AEV_GUARDED_BY(mutex_) = 0;
  ReloadReport last_ AEV_GUARDED_BY(mutex_);  // of the reload `done_`
};

}  // namespace aev::app

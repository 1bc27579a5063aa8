#pragma once

#include <functional>
#include <thread>
#include <vector>

#include "core/mutex.h"

namespace aev {

/// A thread that runs what may wait for the disk or a plugin's end, one job after the other, so
/// that whoever submits it never waits. Thread-safe.
class WorkerThread {
 public:
  /// `name` shows in tools; at most 15 bytes, and lives for ever.
  explicit WorkerThread(const char* name);
  /// Runs what is queued, then ends.
  ~WorkerThread();
  WorkerThread(const WorkerThread&) = delete;
  WorkerThread& operator=(const WorkerThread&) = delete;

  void submit(std::function<void()> job);

 private:
  void run();

  Mutex mutex_;
  CondVar changed_;
  std::vector<std::function<void()>> jobs_ AEV_GUARDED_BY(mutex_);
  bool ended_ AEV_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace aev

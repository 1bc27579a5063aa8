#pragma once

#include <functional>
#include <thread>
#include <vector>

#include "core/mutex.h"

namespace aev::delivery {

/// A thread that runs what may wait for the disk or a plugin's end, one job after the other, so
/// that the dispatcher never waits. Thread-safe.
class LogReader {
 public:
  LogReader();
  /// Runs what is queued, then ends.
  ~LogReader();
  LogReader(const LogReader&) = delete;
  LogReader& operator=(const LogReader&) = delete;

  void submit(std::function<void()> job);

 private:
  void run();

  Mutex mutex_;
  CondVar changed_;
  std::vector<std::function<void()>> jobs_ AEV_GUARDED_BY(mutex_);
  bool ended_ AEV_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace aev::delivery

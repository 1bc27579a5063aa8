#pragma once

#include <functional>
#include <thread>

#include "core/mutex.h"
#include "store/sqlite.h"
#include "store/writer.h"

namespace aev::store {

/// A thread for what must not delay commits: passive checkpoints on a connection of its own while
/// the WAL is large, and `retention` once a minute, or at once when the store has become full.
class Maintenance {
 public:
  Maintenance(Connection connection, const WriterState& state, std::function<void()> retention);
  ~Maintenance();
  Maintenance(const Maintenance&) = delete;
  Maintenance& operator=(const Maintenance&) = delete;

 private:
  void run();

  Connection connection_;
  const WriterState& state_;
  const std::function<void()> retention_;
  Mutex mutex_;
  CondVar changed_;
  bool ended_ AEV_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace aev::store

#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <aev/plugin.hpp>

#include "group_size.h"
#include "log_identity.h"
#include "options.h"
#include "rebuild.h"
#include "rollup.h"

namespace aev::analytics {

/// Counts what is delivered, on a thread of its own: everything that has gathered in one
/// transaction, which is synced before the host hears that the events are delivered.
class Worker {
 public:
  /// Opens the file; throws std::runtime_error if it cannot be used. `limits` are the host's.
  Worker(const Options& options, sdk::Host host, const aev_limits& limits);
  /// Joins the thread; what is open is left to the host.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Takes a batch over. Thread-safe; never blocks.
  void deliver(const sdk::Batch& batch);

  /// Counts what is there, then calls host.stopped(). Thread-safe; returns at once.
  void stop();

  /// Begins a rebuild; the answer comes once the host has shown its log. Thread-safe.
  [[nodiscard]] std::future<RebuildProgress> rebuild(RebuildOptions options);

  /// Thread-safe.
  [[nodiscard]] RebuildProgress rebuild_progress() const { return rebuild_.progress(); }

 private:
  using Clock = std::chrono::steady_clock;

  struct Metrics {
    explicit Metrics(const sdk::Host& host);

    sdk::Metric applied;
    sdk::Metric duplicates;
    sdk::Metric late;
    sdk::Metric unreadable;
    sdk::Metric ignored;
    sdk::Metric failures;
    sdk::Metric commit_seconds;
  };

  void run();
  void post(std::function<void()> call);
  void run_call(const std::function<void()>& call);
  [[nodiscard]] bool group_is_due(Clock::time_point now) const;
  void count_group();
  void give_back(std::string_view reason);
  void complain(const DatabaseError& fault);
  void do_chores(Clock::time_point now);
  void ask_for_floor();

  const Options options_;
  const sdk::Host host_;
  const GroupSize full_group_;
  const Metrics metrics_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<sdk::Batch> waiting_;           // guarded by mutex_
  std::size_t waiting_events_ = 0;            // guarded by mutex_
  Clock::time_point waiting_since_{};         // guarded by mutex_
  std::vector<std::function<void()>> calls_;  // guarded by mutex_
  bool stopping_ = false;                     // guarded by mutex_
  bool abandoned_ = false;                    // guarded by mutex_

  // The thread's own.
  Rollup rollup_;
  LogIdentity identity_;
  Rebuild rebuild_;
  std::vector<sdk::Batch> group_;
  std::vector<sdk::Event> events_;
  std::vector<aev_result> results_;
  Clock::time_point next_chores_{};
  Clock::time_point next_floor_{};
  bool failing_ = false;  // the last transaction did
  std::thread thread_;
};

}  // namespace aev::analytics

#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <aev/plugin.hpp>

#include "recorder.h"
#include "settings.h"

namespace aev::security {

/// What a running subscriber says of itself.
struct WorkerStatus {
  std::uint64_t events = 0;      ///< applied since the start
  std::uint64_t duplicates = 0;  ///< delivered again, so that nothing changed
  std::uint64_t alerts = 0;
  std::uint64_t entries = 0;  ///< of the audit trail
  std::uint64_t keys = 0;     ///< that have a window
  std::uint64_t window_events = 0;
  std::uint64_t evicted = 0;
  std::uint64_t late = 0;
  std::uint64_t suppressed = 0;
  std::uint64_t debates_refused = 0;
  std::uint64_t open_debates = 0;
  std::uint64_t outbox = 0;
};

/// The subscriber's thread: takes all batches that wait, applies them in one transaction, completes
/// them once that is durable, and publishes what the rules emit. Thread-safe.
class Worker {
 public:
  /// Opens the file; throws std::runtime_error with what is wrong. `settings` outlives this object.
  Worker(const Settings& settings, sdk::Host host);
  /// Joins the thread, without a word to the host.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Never blocks.
  void deliver(sdk::Batch batch);

  /// Applies what is there, then calls host.stopped(). Returns at once.
  void stop(sdk::MonoTime deadline);

  [[nodiscard]] WorkerStatus status() const;

 private:
  /// How an emission ended.
  struct Answer {
    std::int64_t number = 0;
    sdk::Status status;
  };

  struct Metrics;

  void run();
  void apply(const std::vector<sdk::Batch>& batches, const std::vector<Answer>& answers);
  void fail(const std::vector<sdk::Batch>& batches, const std::exception& fault);
  void settle(const Answer& answer);
  void publish();
  void publish_one(const OutboxItem& item);
  void report(double seconds);
  void end();
  [[nodiscard]] sdk::MonoTime next_wake() const;

  const Settings& settings_;
  const sdk::Host host_;
  Recorder recorder_;
  std::unique_ptr<Metrics> metrics_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<sdk::Batch> waiting_;  // guarded by mutex_
  std::vector<Answer> answered_;     // guarded by mutex_
  bool stopping_ = false;            // guarded by mutex_
  bool abandoned_ = false;           // guarded by mutex_
  sdk::MonoTime stop_deadline_{};    // guarded by mutex_
  WorkerStatus status_;              // guarded by mutex_

  // The thread's own.
  std::deque<OutboxItem> to_publish_;
  std::map<std::int64_t, OutboxItem> in_flight_;
  std::vector<Answer> held_;  // whose transaction failed; tried again after publish_after_
  sdk::MonoTime publish_after_{};
  sdk::MonoTime checkpoint_at_{};
  WorkerStatus mine_;
  std::vector<std::vector<bool>> applied_;  // by batch and event; reused
  std::thread thread_;
};

}  // namespace aev::security

#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>

#include <aev/plugin.hpp>

#include "kept_events.h"
#include "log_identity.h"
#include "rollup.h"

namespace aev::analytics {

struct RebuildOptions {
  bool all = false;      ///< also events that were not routed to this subscriber
  bool partial = false;  ///< even if figures are lost whose events the log no longer has
};

enum class RebuildState : std::uint8_t { kNone, kRunning, kDone, kRefused, kFailed };

/// How far a rebuild is.
struct RebuildProgress {
  RebuildState state = RebuildState::kNone;
  RebuildOptions options;
  std::uint64_t first_seq = 0;    ///< the oldest event of the log
  std::uint64_t scanned_seq = 0;  ///< everything up to here has been read
  std::uint64_t last_seq = 0;     ///< the newest event of the log
  std::uint64_t events = 0;       ///< that were counted
  std::int64_t started_ns = 0;
  std::int64_t ended_ns = 0;
  std::string reason;  ///< of a refusal or failure
};

/// Counts the host's log again into a new rollup, page by page, and then puts that in the place of
/// the old one, in one transaction. Live events go on being counted into the old one meanwhile;
/// only for the last pages they wait, until the new one has everything that the old one counted.
/// Confined to the worker's thread, but for progress().
class Rebuild {
 public:
  using Clock = std::int64_t (*)();

  Rebuild(sdk::Host host, Rollup& live, Retention retention, Post post, Clock unix_now_ns);

  /// Begins; `started` hears how that went once the first page has come. While one is running:
  /// that one's progress.
  void begin(RebuildOptions options, std::shared_ptr<std::promise<RebuildProgress>> started);

  /// Asks again after the host had no time.
  void retry();

  /// True while live events have to wait.
  [[nodiscard]] bool holds_live() const { return holding_; }

  [[nodiscard]] bool wants_retry() const { return wants_retry_; }

  /// The instance ends: whoever waits is told.
  void abandon();

  /// Thread-safe.
  [[nodiscard]] RebuildProgress progress() const;

 private:
  struct Page {
    sdk::Status status;
    std::unique_ptr<KeptEvents> events;
    std::uint64_t scanned_seq = 0;
    std::uint64_t first_seq = 0;
    std::uint64_t last_seq = 0;
    bool at_end = false;
  };

  void request();
  void take(const Page& page);
  void switch_over(const Page& page);
  void end(RebuildState state, const std::string& reason);
  void answer();

  const sdk::Host host_;
  Rollup& live_;
  const Retention retention_;
  const Post post_;
  const Clock unix_now_ns_;
  std::unique_ptr<Rollup> scratch_;
  std::shared_ptr<std::promise<RebuildProgress>> started_;
  bool holding_ = false;
  bool wants_retry_ = false;

  mutable std::mutex mutex_;
  RebuildProgress progress_;  // guarded by mutex_
};

}  // namespace aev::analytics

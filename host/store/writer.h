#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <thread>

#include "core/log.h"
#include "core/metrics.h"
#include "store/commit_queue.h"
#include "store/dedup_index.h"
#include "store/delivery_rows.h"
#include "store/event_rows.h"
#include "store/sqlite.h"
#include "store/store.h"

namespace aev::store {

/// What others may know of the writer's progress. Thread-safe.
struct WriterState {
  std::atomic<Seq> last_seq{0};  ///< committed and synced
  std::atomic<Seq> indexed_upto{0};
  std::atomic<std::uint64_t> database_bytes{0};
  std::atomic<std::uint64_t> wal_bytes{0};
  std::atomic<bool> full{false};
};

/// The one thread that writes: takes groups from the queue and commits each in one transaction.
class Writer {
 public:
  Writer(const StoreOptions& options,
         std::filesystem::path file,
         Connection connection,
         DedupIndex dedup,
         EventWriter events,
         DeliveryWriter deliveries,
         Seq last_seq,
         CommitQueue& queue,
         WriterState& state,
         const Clock& clock,
         Metrics& metrics,
         Logger logger);
  /// Commits what is queued, then ends.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// Before the first append.
  void set_listener(CommitListener listener) { listener_ = std::move(listener); }

  /// On the writer's own thread, from a WriterTask.
  void set_limits(std::uint64_t max_bytes, Duration dedup_window) {
    max_bytes_ = max_bytes;
    dedup_.set_window(dedup_window);
  }

 private:
  void run();
  void process(CommitGroup& group);
  [[nodiscard]] Result<void> commit(const CommitGroup& group, bool with_events);
  [[nodiscard]] Result<void> append(PendingAppend& append, std::int64_t now_unix_ns);
  void refuse_events(const CommitGroup& group, const Error& error);
  void settle(CommitGroup& group);
  void wake_producers(const CommitGroup& group);
  [[nodiscard]] bool has_room();
  void note_sizes();

  std::uint64_t max_bytes_;
  const std::filesystem::path file_;
  Connection connection_;
  DedupIndex dedup_;
  EventWriter events_;
  DeliveryWriter deliveries_;
  CommitQueue& queue_;
  WriterState& state_;
  const Clock& clock_;
  const Logger log_;
  CommitListener listener_;
  Seq next_seq_;
  std::vector<RoutedEvent> stored_;        // of the transaction that is open
  std::vector<PendingChanges> unapplied_;  // wait for room on the disk
  Statement page_count_;
  Statement free_pages_;
  std::int64_t page_bytes_ = 8192;
  Counter commits_;
  Counter event_count_;
  Counter errors_;
  Histogram commit_seconds_;
  Gauge bytes_;
  Gauge full_;
  std::thread thread_;
};

}  // namespace aev::store

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/log.h"
#include "core/metrics.h"
#include "core/result.h"
#include "events/event.h"
#include "events/targets.h"
#include "store/delivery_records.h"

namespace aev::store {

using events::EventRef;
using events::RoutedEvent;
using events::Seq;
using events::SubscriberId;

/// What a 202 is worth. kFull survives power loss; kNormal survives kill -9, and may lose the last
/// moments at power loss.
enum class SyncMode : std::uint8_t { kFull, kNormal };

struct StoreOptions {
  std::filesystem::path directory;  ///< created with mode 0700 if absent; holds events.db
  SyncMode sync = SyncMode::kFull;
  std::uint64_t max_bytes =
      20ull << 30;  ///< database and WAL together; beyond it append answers kFull
  Duration events_retention = std::chrono::hours(24 * 7);
  Duration attempts_retention = std::chrono::hours(72);
  Duration dedup_window = std::chrono::hours(24);  ///< at most events_retention
  std::size_t queue_bytes = 64u << 20;  ///< waiting to be committed; beyond it append answers kBusy
};

/// What became of each event of one append, in order.
struct AppendOutcome {
  struct Item {
    Seq seq = 0;             ///< of the stored event; of the earlier one if duplicate
    bool duplicate = false;  ///< the id was there already: nothing was stored
  };

  std::vector<Item> items;
};

/// Called on the writer's thread after every commit that is synced, with the new events in seq
/// order. Must not block and must not call back into the store.
using CommitListener = std::function<void(std::span<const RoutedEvent>)>;

/// Filter of event listings; empty fields match all.
struct EventFilter {
  std::string event_type;
  std::string debate_id;
  std::optional<std::int64_t> since_unix_ns;  ///< received at or after
  std::optional<std::int64_t> until_unix_ns;  ///< received before
  Seq after_seq = 0;                          ///< only seqs above this
  std::size_t limit = 100;
  bool newest_first = false;
  Seq before_seq = 0;  ///< only seqs below this, if not 0
};

struct StoreStats {
  Seq first_seq = 0;  ///< 0 when empty
  Seq last_seq = 0;
  std::uint64_t events = 0;
  std::uint64_t database_bytes = 0;
  std::uint64_t wal_bytes = 0;
  std::uint64_t queued_events = 0;
  std::uint64_t queued_bytes = 0;
  bool full = false;
};

/// The durable log of events and the state of their deliveries, on SQLite (WAL, one writer thread,
/// group commit). Thread-safe. Every call that says "blocks" may wait for the disk.
class Store {
 public:
  /// Opens or creates the database, migrates it forward, and starts the writer and the
  /// checkpointer. kCorrupt with what to do if the file is damaged; kConflict if another process
  /// has it open.
  [[nodiscard]] static Result<std::unique_ptr<Store>> open(StoreOptions options,
                                                           const Clock& clock,
                                                           Metrics& metrics,
                                                           Logger logger);
  /// Commits what is queued, then closes.
  virtual ~Store() = default;

  // --- ingest ---------------------------------------------------------------------------------

  /// Must be called before the first append, and once.
  virtual void set_commit_listener(CommitListener listener) = 0;

  /// Stores all events in one transaction, together with everything else that waits, and returns
  /// when it is synced. All or none are stored (a duplicate counts as stored). Blocks. kBusy if the
  /// queue is full, kFull if disk or max_bytes is reached; nothing is stored then.
  [[nodiscard]] virtual Result<AppendOutcome> append(std::span<const RoutedEvent> batch) = 0;

  /// The same without blocking: `done` is called once, on the writer's thread or this one.
  using AppendDone = std::function<void(Result<AppendOutcome>)>;
  virtual void append_async(std::vector<RoutedEvent> batch, AppendDone done) = 0;

  // --- delivery -------------------------------------------------------------------------------

  /// The subscriber's number, registering the name (cursor at the end of the log) if new. Blocks.
  [[nodiscard]] virtual Result<SubscriberRecord> register_subscriber(std::string_view name) = 0;
  /// All that were ever registered, configured today or not. Blocks.
  [[nodiscard]] virtual Result<std::vector<SubscriberRecord>> subscribers() = 0;
  /// Forgets a subscriber with its retries, dead letters and cursor. Blocks. kNotFound.
  [[nodiscard]] virtual Result<void> forget_subscriber(std::string_view name) = 0;

  /// Queues changes for the next group commit, in the order of calls; never blocks, never refused
  /// (bounded by what delivery has in flight). `done`, if given, is called on the writer's thread
  /// once they are synced. If the disk is full they are kept and tried again until they fit.
  virtual void apply(DeliveryChanges changes, std::function<void()> done = {}) = 0;

  /// Rows due for delivery again, earliest next_at first. Blocks.
  [[nodiscard]] virtual Result<std::vector<RetryRecord>> retries(SubscriberId subscriber,
                                                                 std::size_t limit) = 0;

  /// Moves dead letters that match back into retries (attempts 0; next_at spread by `per_second` if
  /// not 0), in one transaction per step of at most 1000, and returns the rows made. Blocks.
  [[nodiscard]] virtual Result<std::vector<RetryRecord>> redrive(const DeadLetterFilter& filter,
                                                                 double per_second) = 0;

  // --- reading (each blocks on a read connection, never on the writer) -------------------------

  struct ScanPage {
    std::vector<RoutedEvent> events;
    /// Everything up to here has been looked at (events that the filter passed over included).
    Seq scanned_to = 0;
    bool at_end = false;  ///< scanned_to was the last committed seq when the page was read
  };

  /// Events with seq > after that are owed to at least one of `subscribers` (empty: all events), at
  /// most `max_events` and about `max_bytes`, looking at no more than 16 × max_events rows.
  [[nodiscard]] virtual Result<ScanPage> scan(Seq after,
                                              std::span<const SubscriberId> subscribers,
                                              std::size_t max_events,
                                              std::size_t max_bytes) = 0;
  /// The events with these seqs, ascending; those that no longer exist are left out.
  [[nodiscard]] virtual Result<std::vector<RoutedEvent>> read(std::span<const Seq> seqs) = 0;
  /// The newest event with this id; kNotFound.
  [[nodiscard]] virtual Result<RoutedEvent> find(std::string_view id) = 0;
  [[nodiscard]] virtual Result<std::vector<RoutedEvent>> list(const EventFilter& filter) = 0;

  [[nodiscard]] virtual Result<std::vector<DeadLetterRecord>> dead_letters(
      const DeadLetterFilter& filter) = 0;
  [[nodiscard]] virtual Result<DeadLetterRecord> dead_letter(std::int64_t id) = 0;
  [[nodiscard]] virtual Result<std::uint64_t> count_dead_letters(
      const DeadLetterFilter& filter) = 0;
  /// Deletes those that match; the number deleted. Blocks.
  [[nodiscard]] virtual Result<std::uint64_t> discard(const DeadLetterFilter& filter) = 0;
  /// Newest first.
  [[nodiscard]] virtual Result<std::vector<AttemptRecord>> attempts(
      const AttemptFilter& filter) = 0;

  [[nodiscard]] virtual Result<std::vector<ReplayRecord>> replays() = 0;

  /// What the subscriber's plugin keeps (see StateChange). Blocks.
  [[nodiscard]] virtual Result<std::map<std::string, std::string>> state(
      SubscriberId subscriber) = 0;

  // --- upkeep ---------------------------------------------------------------------------------

  /// Removes what nobody owes anything to any more, in small steps between group commits; also
  /// expired dead letters (by their own expires_at) and attempts. Runs by itself every minute;
  /// tests and the admin API call it. Returns rows deleted. Blocks.
  [[nodiscard]] virtual Result<std::uint64_t> run_retention() = 0;

  /// Takes over all options but the folder and `queue_bytes`, for what is written and removed from
  /// now on. Blocks until the writer has them.
  virtual void set_options(const StoreOptions& options) = 0;

  [[nodiscard]] virtual StoreStats stats() const = 0;
};

}  // namespace aev::store

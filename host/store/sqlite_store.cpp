#include <algorithm>
#include <atomic>
#include <future>

#include "store/directory_lock.h"
#include "store/event_queries.h"
#include "store/maintenance.h"
#include "store/read_pool.h"
#include "store/retention.h"
#include "store/schema.h"
#include "store/store.h"
#include "store/writer.h"

namespace aev::store {
namespace {

constexpr std::size_t kReaders = 3;
constexpr std::size_t kRedriveStep = 1000;
/// What a queued event takes beside its own block.
constexpr std::size_t kEventOverhead = 64;

std::size_t bytes_of(std::span<const RoutedEvent> events) {
  std::size_t bytes = 0;
  for (const RoutedEvent& routed : events) {
    bytes += routed.event->memory_bytes() + kEventOverhead;
  }
  return bytes;
}

Error busy_error() {
  return Error{ErrorCode::kBusy, "the queue of events that wait for the disk is full", {}};
}

class SqliteStore final : public Store {
 public:
  SqliteStore(StoreOptions options, const Clock& clock, DirectoryLock lock)
      : options_(std::move(options)),
        clock_(clock),
        lock_(std::move(lock)),
        queue_(options_.queue_bytes),
        events_retention_(options_.events_retention),
        attempts_retention_(options_.attempts_retention) {}

  ~SqliteStore() override {
    maintenance_.reset();  // it uses the writer
    readers_.reset();      // a reader that closed last would leave the WAL behind
    writer_.reset();
  }

  Result<void> open(Metrics& metrics, Logger logger) {
    const auto file = options_.directory / "events.db";
    AEV_ASSIGN(Connection connection, open_for_writing(file, options_.sync));
    AEV_ASSIGN(const std::int64_t newest, connection.query_integer("SELECT max(seq) FROM events"));
    // The log's numbers go on even when retention has emptied it.
    AEV_ASSIGN(const std::int64_t cursor,
               connection.query_integer("SELECT max(cursor) FROM subscribers"));
    AEV_ASSIGN(const std::int64_t indexed,
               connection.query_integer("SELECT value FROM meta WHERE name = 'indexed_upto'"));
    const auto last_seq = static_cast<Seq>(std::max({newest, cursor, indexed}));
    AEV_ASSIGN(DedupIndex dedup, DedupIndex::open(connection, options_.dedup_window));
    AEV_ASSIGN(EventWriter events, EventWriter::create(connection));
    AEV_ASSIGN(DeliveryWriter deliveries, DeliveryWriter::create(connection));
    AEV_ASSIGN(Connection checkpoints, Connection::open(file, OpenMode::kReadWrite));
    AEV_ASSIGN(readers_, ReadPool::open(file, kReaders));
    state_.indexed_upto = static_cast<Seq>(indexed);
    writer_ = std::make_unique<Writer>(options_, file, std::move(connection), std::move(dedup),
                                       std::move(events), std::move(deliveries), last_seq, queue_,
                                       state_, clock_, metrics, logger);
    maintenance_ = std::make_unique<Maintenance>(std::move(checkpoints), state_, [this, logger] {
      if (const auto done = run_retention(); !done) {
        logger.error("retention failed", {{"reason", done.error().message}});
      }
    });
    return {};
  }

  void set_commit_listener(CommitListener listener) override {
    writer_->set_listener(std::move(listener));
  }

  Result<AppendOutcome> append(std::span<const RoutedEvent> batch) override {
    PendingAppend pending;
    pending.events = batch;
    pending.bytes = bytes_of(batch);
    if (!queue_.add_and_wait(pending)) {
      return busy_error();
    }
    return std::move(*pending.result);
  }

  void append_async(std::vector<RoutedEvent> batch, AppendDone done) override {
    auto pending = std::make_unique<PendingAppend>();
    pending->owned = std::move(batch);
    pending->events = pending->owned;
    pending->bytes = bytes_of(pending->events);
    pending->done = std::move(done);
    if (!queue_.add(pending)) {
      pending->done(busy_error());
    }
  }

  Result<SubscriberRecord> register_subscriber(std::string_view name) override {
    return write<SubscriberRecord>([&](Connection& connection) -> Result<SubscriberRecord> {
      AEV_ASSIGN(const auto known, read_subscribers(connection));
      for (const SubscriberRecord& record : known) {
        if (record.name == name) {
          return record;
        }
      }
      return insert_subscriber(connection, name, state_.last_seq.load());
    });
  }

  Result<std::vector<SubscriberRecord>> subscribers() override {
    return read_subscribers(readers_->lease()->connection);
  }

  Result<void> forget_subscriber(std::string_view name) override {
    return write<void>([&](Connection& connection) { return delete_subscriber(connection, name); });
  }

  Result<std::map<std::string, std::string>> state(SubscriberId subscriber) override {
    return read_state(readers_->lease()->connection, subscriber);
  }

  void apply(DeliveryChanges changes, std::function<void()> done) override {
    queue_.add(PendingChanges{std::move(changes), std::move(done)});
  }

  Result<std::vector<RetryRecord>> retries(SubscriberId subscriber, std::size_t limit) override {
    return read_retries(readers_->lease()->connection, subscriber, limit);
  }

  Result<std::vector<RetryRecord>> redrive(const DeadLetterFilter& filter,
                                           double per_second) override {
    std::vector<RetryRecord> all;
    DeadLetterFilter rest = filter;
    while (true) {
      rest.limit =
          filter.limit == 0 ? kRedriveStep : std::min(kRedriveStep, filter.limit - all.size());
      AEV_ASSIGN(auto some, redrive_step(rest, per_second, all.size()));
      const std::size_t taken = some.size();
      std::move(some.begin(), some.end(), std::back_inserter(all));
      if (taken < rest.limit || (filter.limit != 0 && all.size() >= filter.limit)) {
        return all;
      }
    }
  }

  Result<ScanPage> scan(Seq after,
                        std::span<const SubscriberId> subscribers,
                        std::size_t max_events,
                        std::size_t max_bytes) override {
    const Seq last = state_.last_seq.load();
    const auto reader = readers_->lease();
    return scan_events(*reader.operator->(), last, after, subscribers, max_events, max_bytes);
  }

  Result<std::vector<RoutedEvent>> read(std::span<const Seq> seqs) override {
    const auto reader = readers_->lease();
    return read_events(*reader.operator->(), seqs);
  }

  Result<RoutedEvent> find(std::string_view id) override {
    const Seq indexed = state_.indexed_upto.load();
    const auto reader = readers_->lease();
    return find_event(*reader.operator->(), indexed, id);
  }

  Result<std::vector<RoutedEvent>> list(const EventFilter& filter) override {
    const Seq indexed = state_.indexed_upto.load();
    const auto reader = readers_->lease();
    return list_events(*reader.operator->(), indexed, filter);
  }

  Result<std::vector<DeadLetterRecord>> dead_letters(const DeadLetterFilter& filter) override {
    return read_dead_letters(readers_->lease()->connection, filter);
  }

  Result<DeadLetterRecord> dead_letter(std::int64_t id) override {
    DeadLetterFilter filter;
    filter.id = id;
    AEV_ASSIGN(auto found, dead_letters(filter));
    if (found.empty()) {
      return Error{ErrorCode::kNotFound, "there is no dead letter " + std::to_string(id), {}};
    }
    return std::move(found.front());
  }

  Result<std::uint64_t> count_dead_letters(const DeadLetterFilter& filter) override {
    return count_dead_letter_rows(readers_->lease()->connection, filter);
  }

  Result<std::uint64_t> discard(const DeadLetterFilter& filter) override {
    std::uint64_t discarded = 0;
    DeadLetterFilter step = filter;
    while (true) {
      step.limit = filter.limit == 0
                       ? kRedriveStep
                       : std::min<std::uint64_t>(kRedriveStep, filter.limit - discarded);
      AEV_ASSIGN(const std::uint64_t some,
                 write<std::uint64_t>([&](Connection& connection) -> Result<std::uint64_t> {
                   AEV_ASSIGN(const auto records, read_dead_letters(connection, step));
                   for (const DeadLetterRecord& record : records) {
                     AEV_RETURN_IF_ERROR(delete_dead_letter(connection, record.id));
                   }
                   return records.size();
                 }));
      discarded += some;
      if (some < step.limit || (filter.limit != 0 && discarded >= filter.limit)) {
        return discarded;
      }
    }
  }

  Result<std::vector<AttemptRecord>> attempts(const AttemptFilter& filter) override {
    return read_attempts(readers_->lease()->connection, filter);
  }

  Result<std::vector<ReplayRecord>> replays() override {
    return read_replays(readers_->lease()->connection);
  }

  Result<std::uint64_t> run_retention() override {
    RetentionPass pass;
    pass.now_unix_ns = clock_.unix_now_ns();
    pass.events = events_retention_.load();
    pass.attempts = attempts_retention_.load();
    pass.indexed_upto = state_.indexed_upto.load();
    std::uint64_t deleted = 0;
    while (true) {
      AEV_ASSIGN(const std::uint64_t some, on_writer<std::uint64_t>([&](Connection& connection) {
                   return retention_step(connection, pass);
                 }));
      deleted += some;
      if (pass.finished) {
        return deleted;
      }
    }
  }

  void set_options(const StoreOptions& options) override {
    events_retention_ = options.events_retention;
    attempts_retention_ = options.attempts_retention;
    // Setting the sync mode fails only inside a transaction, and between groups there is none.
    static_cast<void>(on_writer<void>([&](Connection& connection) -> Result<void> {
      writer_->set_limits(options.max_bytes, options.dedup_window);
      return set_sync(connection, options.sync);
    }));
  }

  StoreStats stats() const override {
    StoreStats stats;
    stats.last_seq = state_.last_seq.load();
    {
      const auto reader = readers_->lease();
      const auto first = reader->connection.query_integer("SELECT min(seq) FROM events");
      stats.first_seq = first ? static_cast<Seq>(*first) : 0;
    }
    // Rows that retention left between others make this a little less than the numbers say.
    stats.events = stats.first_seq == 0 ? 0 : stats.last_seq - stats.first_seq + 1;
    stats.database_bytes = state_.database_bytes.load();
    stats.wal_bytes = state_.wal_bytes.load();
    stats.queued_events = queue_.queued_events();
    stats.queued_bytes = queue_.queued_bytes();
    stats.full = state_.full.load();
    return stats;
  }

 private:
  /// Runs `body` on the writer's thread between groups and waits for it.
  template <typename T, typename Body>
  Result<T> on_writer(const Body& body) {
    std::promise<Result<T>> promise;
    auto future = promise.get_future();
    queue_.add(WriterTask([&](Connection& connection) { promise.set_value(body(connection)); }));
    return future.get();
  }

  /// The same inside a transaction.
  template <typename T, typename Body>
  Result<T> write(const Body& body) {
    return on_writer<T>([&](Connection& connection) -> Result<T> {
      AEV_ASSIGN(Transaction transaction, Transaction::begin(connection));
      auto result = body(connection);
      if (result) {
        AEV_RETURN_IF_ERROR(transaction.commit());
      }
      return result;
    });
  }

  Result<std::vector<RetryRecord>> redrive_step(const DeadLetterFilter& filter,
                                                double per_second,
                                                std::size_t already) {
    using Records = std::vector<RetryRecord>;
    return write<Records>([&](Connection& connection) -> Result<Records> {
      AEV_ASSIGN(const auto dead, read_dead_letters(connection, filter));
      AEV_ASSIGN(DeliveryWriter writer, DeliveryWriter::create(connection));
      const std::int64_t now = clock_.unix_now_ns();
      DeliveryChanges changes;
      for (const DeadLetterRecord& record : dead) {
        RetryRecord retry;
        retry.subscriber = record.subscriber;
        retry.seq = record.seq;
        retry.replay = record.replay;
        retry.next_at_unix_ns = now;
        if (per_second > 0) {
          const auto place = static_cast<double>(already + changes.upsert_retries.size());
          retry.next_at_unix_ns += static_cast<std::int64_t>(place / per_second * 1e9);
        }
        changes.upsert_retries.push_back(std::move(retry));
        AEV_RETURN_IF_ERROR(delete_dead_letter(connection, record.id));
      }
      AEV_RETURN_IF_ERROR(writer.apply(changes));
      return std::move(changes.upsert_retries);
    });
  }

  const StoreOptions options_;
  const Clock& clock_;
  DirectoryLock lock_;
  CommitQueue queue_;
  WriterState state_;
  std::atomic<Duration> events_retention_;
  std::atomic<Duration> attempts_retention_;
  std::unique_ptr<ReadPool> readers_;
  std::unique_ptr<Writer> writer_;
  std::unique_ptr<Maintenance> maintenance_;
};

}  // namespace

Result<std::unique_ptr<Store>> Store::open(StoreOptions options,
                                           const Clock& clock,
                                           Metrics& metrics,
                                           Logger logger) {
  std::error_code error;
  std::filesystem::create_directories(options.directory, error);
  if (error) {
    return Error{
        ErrorCode::kIo,
        options.directory.string() + ": cannot be created: " + error.message() + " (data_dir)",
        {}};
  }
  std::filesystem::permissions(options.directory, std::filesystem::perms::owner_all, error);
  AEV_ASSIGN(DirectoryLock lock, DirectoryLock::acquire(options.directory));
  auto store = std::make_unique<SqliteStore>(std::move(options), clock, std::move(lock));
  AEV_RETURN_IF_ERROR(store->open(metrics, std::move(logger)));
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace aev::store

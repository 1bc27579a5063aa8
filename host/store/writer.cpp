#include "store/writer.h"

#include <algorithm>

#include "core/thread_name.h"

namespace aev::store {
namespace {

/// Rows of the id index that are written with each commit at least.
constexpr std::size_t kSliceRows = 2048;
constexpr auto kIdle = std::chrono::milliseconds(200);
/// Beyond it the checkpointer has fallen behind, and the writer waits for a whole checkpoint.
constexpr std::uint64_t kMaxWalBytes = 64u << 20;

std::uint64_t file_bytes(const std::filesystem::path& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  return error ? 0 : size;
}

Error full_error(const std::filesystem::path& file, std::uint64_t most) {
  return Error{
      ErrorCode::kFull,
      file.string() + " has reached store.max_size (" + std::to_string(most) +
          " bytes); events are refused until retention has made room or the limit is raised",
      {}};
}

}  // namespace

Writer::Writer(const StoreOptions& options,
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
               Logger logger)
    : max_bytes_(options.max_bytes),
      file_(std::move(file)),
      connection_(std::move(connection)),
      dedup_(std::move(dedup)),
      events_(std::move(events)),
      deliveries_(std::move(deliveries)),
      queue_(queue),
      state_(state),
      clock_(clock),
      log_(std::move(logger)),
      next_seq_(last_seq + 1) {
  commits_ = metrics.counter("aragora_store_commits_total", "Transactions committed and synced");
  event_count_ = metrics.counter("aragora_store_events_total", "Events stored");
  errors_ = metrics.counter("aragora_store_errors_total", "Transactions that failed");
  commit_seconds_ =
      metrics.histogram("aragora_store_commit_seconds", "Time of a transaction with its sync", {},
                        {.0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 5});
  bytes_ = metrics.gauge("aragora_store_bytes", "Size of the database and its WAL");
  full_ = metrics.gauge("aragora_store_full", "1 while events are refused for want of room");
  if (auto pages = connection_.query_integer("PRAGMA page_size")) {
    page_bytes_ = *pages;
  }
  if (auto statement = connection_.prepare("PRAGMA page_count")) {
    page_count_ = std::move(*statement);
  }
  if (auto statement = connection_.prepare("PRAGMA freelist_count")) {
    free_pages_ = std::move(*statement);
  }
  state_.last_seq = last_seq;
  note_sizes();
  thread_ = std::thread([this] { run(); });
}

Writer::~Writer() {
  queue_.stop();
  thread_.join();
}

void Writer::run() {
  name_this_thread("aev-store");
  while (true) {
    CommitGroup group = queue_.take(std::chrono::steady_clock::now() + kIdle);
    // What found no room before goes first, so that changes keep their order.
    group.changes.insert(group.changes.begin(), std::make_move_iterator(unapplied_.begin()),
                         std::make_move_iterator(unapplied_.end()));
    unapplied_.clear();
    process(group);
    for (const WriterTask& task : group.tasks) {
      task(connection_);
    }
    if (group.stopping && group.appends.empty() && group.tasks.empty()) {
      return;
    }
  }
}

void Writer::process(CommitGroup& group) {
  const bool idle = group.appends.empty();
  if (idle && group.changes.empty() && dedup_.pending() == 0) {
    return;
  }
  const MonoTime begin = clock_.mono_now();
  bool with_events = !idle;
  if (with_events && !has_room()) {
    refuse_events(group, full_error(file_, max_bytes_));
    with_events = false;
  }
  auto committed = commit(group, with_events);
  if (!committed && with_events) {
    // The events may be what does not fit: deliveries must go on without them.
    errors_.add();
    log_.error("events are refused", {{"reason", committed.error().message}});
    refuse_events(group, committed.error());
    with_events = false;
    committed = commit(group, false);
  }
  if (committed) {
    commits_.add();
    commit_seconds_.observe(std::chrono::duration<double>(clock_.mono_now() - begin).count());
    settle(group);
  } else {
    errors_.add();
    log_.error("cannot write; deliveries are kept in memory and written later",
               {{"reason", committed.error().message}});
    unapplied_ = std::move(group.changes);
    stored_.clear();
    wake_producers(group);
  }
  note_sizes();
}

Result<void> Writer::commit(const CommitGroup& group, bool with_events) {
  const Seq before = next_seq_ - 1;
  stored_.clear();
  const auto attempt = [&]() -> Result<void> {
    AEV_ASSIGN(Transaction transaction, Transaction::begin(connection_));
    if (with_events) {
      const std::int64_t now = clock_.unix_now_ns();
      for (PendingAppend* append : group.appends) {
        AEV_RETURN_IF_ERROR(this->append(*append, now));
      }
    }
    for (const PendingChanges& changes : group.changes) {
      AEV_RETURN_IF_ERROR(deliveries_.apply(changes.changes));
    }
    AEV_RETURN_IF_ERROR(
        dedup_.write_slice(std::max(kSliceRows, stored_.size() * 5 / 4), group.appends.empty()));
    return transaction.commit();
  };
  auto done = attempt();
  if (done) {
    dedup_.slice_committed();
  } else {
    next_seq_ = before + 1;
    dedup_.roll_back_to(before);
    stored_.clear();
  }
  return done;
}

Result<void> Writer::append(PendingAppend& append, std::int64_t now_unix_ns) {
  AppendOutcome outcome;
  outcome.items.reserve(append.events.size());
  for (const RoutedEvent& routed : append.events) {
    AEV_ASSIGN(const Seq earlier, dedup_.find(routed.event->id(), now_unix_ns));
    if (earlier != 0) {
      outcome.items.push_back({earlier, true});
      continue;
    }
    routed.event.mutable_event().set_seq(next_seq_);
    AEV_RETURN_IF_ERROR(events_.insert(routed));
    dedup_.add(routed.event->id(), routed.event->debate_id(), next_seq_);
    outcome.items.push_back({next_seq_, false});
    stored_.push_back(routed);
    ++next_seq_;
  }
  append.result = std::move(outcome);
  return {};
}

void Writer::refuse_events(const CommitGroup& group, const Error& error) {
  for (PendingAppend* append : group.appends) {
    append->result = error;
  }
}

void Writer::settle(CommitGroup& group) {
  state_.last_seq.store(next_seq_ - 1);
  state_.indexed_upto.store(dedup_.indexed_upto());
  event_count_.add(static_cast<double>(stored_.size()));
  if (listener_ && !stored_.empty()) {
    listener_(stored_);
  }
  wake_producers(group);
  for (PendingChanges& changes : group.changes) {
    if (changes.done) {
      changes.done();
    }
  }
  stored_.clear();
}

void Writer::wake_producers(const CommitGroup& group) {
  if (group.appends.empty()) {
    return;
  }
  // Looked at before the others are woken, because then their appends are gone.
  std::vector<std::unique_ptr<PendingAppend>> owned;
  for (PendingAppend* append : group.appends) {
    if (append->done) {
      owned.emplace_back(append);
    }
  }
  queue_.finish_group();
  for (const auto& append : owned) {
    append->done(std::move(*append->result));
  }
}

bool Writer::has_room() {
  const auto used = [this] { return state_.database_bytes.load() + state_.wal_bytes.load(); };
  if (used() >= max_bytes_ && state_.wal_bytes.load() > 0) {
    connection_.checkpoint(true);  // the WAL repeats what the database will hold
    note_sizes();
  }
  const bool room = used() < max_bytes_;
  if (state_.full.exchange(!room) == room) {
    full_.set(room ? 0 : 1);
    room ? log_.info("there is room again") : log_.warning("the store is full, events are refused");
  }
  return room;
}

void Writer::note_sizes() {
  const auto read = [](Statement& statement) {
    const auto row = statement.step();
    const std::int64_t value = row && *row ? statement.integer(0) : 0;
    statement.reset();
    return value;
  };
  const std::int64_t pages = read(page_count_) - read(free_pages_);
  state_.database_bytes =
      static_cast<std::uint64_t>(std::max<std::int64_t>(pages, 0) * page_bytes_);
  state_.wal_bytes = file_bytes(file_.string() + "-wal");
  bytes_.set(static_cast<double>(state_.database_bytes.load() + state_.wal_bytes.load()));
  if (state_.wal_bytes.load() > kMaxWalBytes) {
    connection_.checkpoint(true);
    state_.wal_bytes = file_bytes(file_.string() + "-wal");
  }
}

}  // namespace aev::store

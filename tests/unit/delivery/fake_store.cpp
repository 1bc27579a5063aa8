#include "fake_store.h"

#include <algorithm>

#include "made_events.h"

namespace aev::delivery::testing {

using events::RoutedEvent;
using events::Seq;
using events::SubscriberId;

Seq FakeStore::commit(const std::vector<SubscriberId>& targets,
                      const std::string& event_type,
                      const std::string& debate_id) {
  EventPlan plan;
  plan.targets = targets;
  plan.event_type = event_type;
  plan.debate_id = debate_id;
  const RoutedEvent routed = made(plan);
  return append({&routed, 1}).value().items.front().seq;
}

void FakeStore::commit_many(std::size_t count) {
  std::vector<RoutedEvent> group;
  for (std::size_t i = 0; i < count; ++i) {
    group.push_back(made(EventPlan{}));
  }
  append_async(std::move(group), [](const auto&) {});
}

void FakeStore::cut_power() {
  const MutexLock lock(mutex_);
  powered_ = false;
}

void FakeStore::restore_power() {
  const MutexLock lock(mutex_);
  powered_ = true;
}

void FakeStore::fail_scans(bool fail) {
  const MutexLock lock(mutex_);
  scans_fail_ = fail;
}

void FakeStore::hold_scans(bool hold) {
  {
    const MutexLock lock(mutex_);
    scans_held_ = hold;
  }
  changed_.notify_all();
}

bool FakeStore::wait(const std::function<bool(const FakeStoreState&)>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + kLimit;
  const MutexLock lock(mutex_);
  while (!condition(state_)) {
    if (!changed_.wait_until(mutex_, deadline)) {
      return condition(state_);
    }
  }
  return true;
}

FakeStoreState FakeStore::state() {
  const MutexLock lock(mutex_);
  return state_;
}

void FakeStore::set_commit_listener(store::CommitListener listener) {
  const MutexLock lock(committing_);
  listener_ = std::move(listener);
}

Result<store::AppendOutcome> FakeStore::append(std::span<const RoutedEvent> batch) {
  const MutexLock order(committing_);
  store::AppendOutcome outcome;
  {
    const MutexLock lock(mutex_);
    for (const RoutedEvent& routed : batch) {
      const Seq seq = state_.log.size() + 1;
      routed.event.mutable_event().set_seq(seq);
      state_.log.push_back(routed);
      outcome.items.push_back({seq, false});
    }
  }
  changed_.notify_all();
  if (listener_) {
    listener_(batch);
  }
  return outcome;
}

void FakeStore::append_async(std::vector<RoutedEvent> batch, AppendDone done) {
  done(append(batch));
}

Result<store::SubscriberRecord> FakeStore::register_subscriber(std::string_view name) {
  const MutexLock lock(mutex_);
  for (const auto& [id, record] : state_.subscribers) {
    if (record.name == name) {
      return record;
    }
  }
  store::SubscriberRecord record;
  record.id = static_cast<SubscriberId>(state_.subscribers.size() + 1);
  record.name = name;
  record.cursor = state_.log.size();
  state_.subscribers[record.id] = record;
  return record;
}

Result<std::vector<store::SubscriberRecord>> FakeStore::subscribers() {
  const MutexLock lock(mutex_);
  std::vector<store::SubscriberRecord> all;
  for (const auto& [id, record] : state_.subscribers) {
    all.push_back(record);
  }
  return all;
}

Result<void> FakeStore::forget_subscriber(std::string_view) {
  return Error{ErrorCode::kUnsupported, "this store forgets nobody", {}};
}

void FakeStore::apply(store::DeliveryChanges changes, std::function<void()> done) {
  {
    const MutexLock lock(mutex_);
    if (powered_) {
      for (auto& row : changes.upsert_retries) {
        state_.rows[{row.subscriber, row.seq, row.replay}] = row;
      }
      for (const auto& key : changes.delete_retries) {
        state_.rows.erase({key.subscriber, key.seq, key.replay});
      }
      for (auto& dead : changes.add_dead_letters) {
        dead.id = static_cast<std::int64_t>(state_.dead.size() + 1);
        state_.dead.push_back(dead);
      }
      for (auto& cursor : changes.cursors) {
        store::SubscriberRecord& record = state_.subscribers[cursor.subscriber];
        record.cursor = cursor.cursor;
        record.settled = std::move(cursor.settled);
      }
      for (auto& status : changes.statuses) {
        store::SubscriberRecord& record = state_.subscribers[status.subscriber];
        record.status = status.status;
        record.status_reason = status.reason;
      }
      for (auto& replay : changes.upsert_replays) {
        state_.replays[replay.id] = replay;
      }
    }
  }
  changed_.notify_all();
  if (done) {
    done();
  }
}

Result<std::vector<store::RetryRecord>> FakeStore::retries(SubscriberId subscriber,
                                                           std::size_t limit) {
  const MutexLock lock(mutex_);
  std::vector<store::RetryRecord> rows;
  for (const auto& [key, row] : state_.rows) {
    if (row.subscriber == subscriber) {
      rows.push_back(row);
    }
  }
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    return a.next_at_unix_ns < b.next_at_unix_ns;
  });
  rows.resize(std::min(rows.size(), limit));
  return rows;
}

Result<std::vector<store::RetryRecord>> FakeStore::redrive(const store::DeadLetterFilter& filter,
                                                           double) {
  std::vector<store::RetryRecord> rows;
  {
    const MutexLock lock(mutex_);
    std::vector<store::DeadLetterRecord> kept;
    for (const store::DeadLetterRecord& dead : state_.dead) {
      if (state_.subscribers[dead.subscriber].name != filter.subscriber ||
          rows.size() == filter.limit) {
        kept.push_back(dead);
        continue;
      }
      store::RetryRecord row;
      row.subscriber = dead.subscriber;
      row.seq = dead.seq;
      row.replay = dead.replay;
      state_.rows[{row.subscriber, row.seq, row.replay}] = row;
      rows.push_back(std::move(row));
    }
    state_.dead = std::move(kept);
  }
  changed_.notify_all();
  return rows;
}

Result<store::Store::ScanPage> FakeStore::scan(Seq after,
                                               std::span<const SubscriberId> subscribers,
                                               std::size_t max_events,
                                               std::size_t max_bytes) {
  const MutexLock lock(mutex_);
  while (scans_held_) {
    changed_.wait(mutex_);
  }
  ++state_.scans;
  if (scans_fail_) {
    ++state_.failed_scans;
    changed_.notify_all();
    return Error{ErrorCode::kIo, "the disk does not answer", {}};
  }
  ScanPage page;
  page.scanned_to = after;
  std::size_t bytes = 0;
  while (page.scanned_to < state_.log.size() && page.events.size() < max_events &&
         bytes < max_bytes) {
    const RoutedEvent& routed = state_.log[page.scanned_to++];
    const bool owed =
        subscribers.empty() || std::any_of(subscribers.begin(), subscribers.end(),
                                           [&](auto id) { return routed.targets->contains(id); });
    if (owed) {
      bytes += routed.event->memory_bytes();
      page.events.push_back(routed);
    }
  }
  page.at_end = page.scanned_to >= state_.log.size();
  return page;
}

Result<std::vector<RoutedEvent>> FakeStore::read(std::span<const Seq> seqs) {
  const MutexLock lock(mutex_);
  std::vector<RoutedEvent> found;
  for (const Seq seq : seqs) {
    found.push_back(state_.log.at(seq - 1));
  }
  return found;
}

Result<RoutedEvent> FakeStore::find(std::string_view) {
  return Error{ErrorCode::kNotFound, "this store has no index", {}};
}

Result<std::vector<RoutedEvent>> FakeStore::list(const store::EventFilter&) {
  return std::vector<RoutedEvent>{};
}

Result<std::vector<store::DeadLetterRecord>> FakeStore::dead_letters(
    const store::DeadLetterFilter&) {
  return state().dead;
}

Result<store::DeadLetterRecord> FakeStore::dead_letter(std::int64_t) {
  return Error{ErrorCode::kNotFound, "this store has no index", {}};
}

Result<std::uint64_t> FakeStore::count_dead_letters(const store::DeadLetterFilter&) {
  return std::uint64_t{state().dead.size()};
}

Result<std::uint64_t> FakeStore::discard(const store::DeadLetterFilter&) {
  return std::uint64_t{0};
}

Result<std::vector<store::AttemptRecord>> FakeStore::attempts(const store::AttemptFilter&) {
  return std::vector<store::AttemptRecord>{};
}

Result<std::vector<store::ReplayRecord>> FakeStore::replays() {
  const MutexLock lock(mutex_);
  std::vector<store::ReplayRecord> all;
  for (const auto& [id, replay] : state_.replays) {
    all.push_back(replay);
  }
  return all;
}

Result<std::map<std::string, std::string>> FakeStore::state(events::SubscriberId /*subscriber*/) {
  return std::map<std::string, std::string>();
}

Result<std::uint64_t> FakeStore::run_retention() {
  return std::uint64_t{0};
}

store::StoreStats FakeStore::stats() const {
  const MutexLock lock(mutex_);
  store::StoreStats stats;
  stats.first_seq = state_.log.empty() ? 0 : 1;
  stats.last_seq = stats.events = state_.log.size();
  return stats;
}

}  // namespace aev::delivery::testing

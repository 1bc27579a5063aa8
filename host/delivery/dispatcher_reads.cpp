#include <algorithm>

#include "delivery/dispatcher_impl.h"

namespace aev::delivery {
namespace {

constexpr std::size_t kScanEvents = 512;
constexpr std::size_t kScanBytes = 1u << 20;
/// Lanes that lag within so many seqs of each other share a scan.
constexpr events::Seq kSharedScanSpan = 4096;
constexpr std::size_t kRowsAtOnce = 10'000;
constexpr std::size_t kReplayStep = 256;
/// A replay adds no rows while its subscriber has so many to send.
constexpr std::size_t kReplayAhead = 1'000;

}  // namespace

bool DispatcherImpl::request_reads(MonoTime now) {
  bool blocked = false;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = slots_[i];
    if (!slot.lane) {
      continue;
    }
    if (slot.no_read_before > now) {
      blocked = true;
      continue;
    }
    if (slot.lane->wants_rows()) {
      request_rows(i);
    }
    if (slot.lane->wants_scan() && !slot.scanning) {
      request_scan(i, now);
    }
  }
  for (auto& [id, replay] : replays_) {
    if (!replay.slot || replay.reading || replay.record.done) {
      continue;
    }
    const Slot& slot = slots_[*replay.slot];
    if (!slot.lane->wants_more_rows(kReplayAhead)) {
      continue;
    }
    if (slot.no_read_before > now) {
      blocked = true;
      continue;
    }
    request_replay(replay);
  }
  return blocked;
}

void DispatcherImpl::request_scan(std::size_t first, MonoTime now) {
  std::vector<std::size_t> group;
  std::vector<events::SubscriberId> ids;
  const events::Seq at = slots_[first].lane->scan_after();
  events::Seq after = at;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = slots_[i];
    if (!slot.lane) {
      continue;
    }
    const events::Seq own = slot.lane->scan_after();
    const bool near = own <= at + kSharedScanSpan && at <= own + kSharedScanSpan;
    if (near && !slot.scanning && slot.lane->wants_scan() && slot.no_read_before <= now) {
      slot.scanning = true;
      group.push_back(i);
      ids.push_back(slot.lane->id());
      after = std::min(after, own);
    }
  }
  reader_->submit([this, group = std::move(group), ids = std::move(ids), after] {
    auto page = store_.scan(after, ids, kScanEvents, kScanBytes);
    inbox_.call([this, group, page = std::move(page)] {
      for (const std::size_t index : group) {
        slots_[index].scanning = false;
        if (!slots_[index].lane) {
          continue;
        }
        if (page) {
          slots_[index].lane->take_scan(*page, live_seq_);
        } else {
          read_failed(slots_[index], page.error());
        }
      }
    });
  });
}

void DispatcherImpl::request_rows(std::size_t index) {
  slots_[index].lane->rows_requested();
  const events::SubscriberId id = slots_[index].lane->id();
  reader_->submit([this, index, id] {
    // Rows that were deleted before this moment must be gone from what is read.
    std::promise<void> applied;
    store_.apply({}, [&] { applied.set_value(); });
    applied.get_future().wait();
    auto rows = store_.retries(id, kRowsAtOnce);
    Result<std::vector<events::RoutedEvent>> events = std::vector<events::RoutedEvent>();
    if (rows) {
      std::vector<events::Seq> seqs;
      for (const store::RetryRecord& row : *rows) {
        seqs.push_back(row.seq);
      }
      std::sort(seqs.begin(), seqs.end());
      seqs.erase(std::unique(seqs.begin(), seqs.end()), seqs.end());
      events = store_.read(seqs);
    }
    inbox_.call([this, index, rows = std::move(rows), events = std::move(events)] {
      if (!slots_[index].lane) {
        return;
      }
      Lane& lane = *slots_[index].lane;
      if (rows && events) {
        lane.take_rows(*rows, *events, rows->size() < kRowsAtOnce);
      } else {
        lane.take_rows({}, {}, false);
        read_failed(slots_[index], rows ? events.error() : rows.error());
      }
    });
  });
}

void DispatcherImpl::read_failed(Slot& slot, const Error& error) {
  slot.no_read_before = clock_.mono_now() + kAfterReadError;
  log_.error("cannot read the store",
             {{"subscriber", slot.lane->name()}, {"reason", error.message}});
}

Result<void> DispatcherImpl::load_replays() {
  AEV_ASSIGN(const auto records, store_.replays());
  for (const store::ReplayRecord& record : records) {
    next_replay_id_ = std::max(next_replay_id_, record.id + 1);
    if (record.done) {
      continue;
    }
    const auto slot = by_id_.find(record.subscriber);
    auto filter = decode_replay_filter(record.filter_json, pattern_check_);
    if (!filter) {
      log_.error("a replay cannot go on", {{"id", record.id}, {"reason", filter.error().message}});
      continue;
    }
    ActiveReplay replay{record, std::move(*filter), std::nullopt, 0, false};
    if (slot != by_id_.end()) {
      replay.slot = slot->second;  // else it waits for its subscriber to be configured again
    }
    replays_.emplace(record.id, std::move(replay));
  }
  return {};
}

void DispatcherImpl::request_replay(ActiveReplay& replay) {
  replay.reading = true;
  const std::uint64_t id = replay.record.id;
  const events::Seq after = replay.record.next_seq - 1;
  reader_->submit([this, id, after] {
    auto page = store_.scan(after, {}, kReplayStep, kScanBytes);
    inbox_.call([this, id, page = std::move(page)] {
      const auto found = replays_.find(id);
      if (found == replays_.end()) {
        return;
      }
      ActiveReplay& active = found->second;
      active.reading = false;
      if (!active.slot) {
        return;  // its subscriber was removed: the page is read again when it is back
      }
      if (page) {
        take_replay_page(active, *page);
      } else {
        read_failed(slots_[*active.slot], page.error());
      }
    });
  });
}

void DispatcherImpl::take_replay_page(ActiveReplay& replay, const store::Store::ScanPage& page) {
  store::ReplayRecord& record = replay.record;
  const std::int64_t now = clock_.unix_now_ns();
  const auto limit_reached = [&] {
    return replay.filter.limit != 0 && record.scheduled >= replay.filter.limit;
  };
  for (const events::RoutedEvent& routed : page.events) {
    if (routed.event->seq() > record.last_seq || limit_reached()) {
      break;
    }
    if (!replay.filter.matches(*routed.event)) {
      continue;
    }
    store::RetryRecord row;
    row.subscriber = record.subscriber;
    row.seq = routed.event->seq();
    row.replay = record.id;
    row.next_at_unix_ns = replay.next_at_unix_ns = std::max(now, replay.next_at_unix_ns);
    if (record.per_second > 0) {
      replay.next_at_unix_ns += static_cast<std::int64_t>(1e9 / record.per_second);
    }
    changes_.upsert_retries.push_back(std::move(row));
    ++record.scheduled;
  }
  record.next_seq = page.scanned_to + 1;
  record.done = page.at_end || record.next_seq > record.last_seq || limit_reached();
  changes_.upsert_replays.push_back(record);
  slots_[*replay.slot].lane->rows_added();
  if (record.done) {
    log_.info("replay scheduled", {{"id", record.id}, {"events", record.scheduled}});
    replays_.erase(record.id);
  }
}

}  // namespace aev::delivery

#include "loader/lease_table.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "core/check.h"
#include "loader/event_view.h"
#include "loader/plugin_text.h"

namespace aev::loader {
namespace {

constexpr std::size_t kRememberedBatches = 256;
constexpr std::size_t kMaxReasonBytes = 1024;

Outcome to_outcome(aev_outcome outcome) {
  return outcome <= AEV_NOT_CONNECTED ? static_cast<Outcome>(outcome) : Outcome::kRetry;
}

}  // namespace

struct LeaseTable::Record {
  Lease lease;
  std::vector<aev_attr> attributes;  // of all events, one after the other
  std::vector<aev_event> events;
  aev_batch batch{};
  std::vector<bool> settled;
  std::uint32_t open = 0;      // events that are leased and not settled
  std::uint32_t accepted = 0;  // all until deliver() has returned
  bool delivering = true;
  std::vector<Settlement> held_back;  // while delivering

  explicit Record(Lease from) : lease(std::move(from)) {
    const auto count = static_cast<std::uint32_t>(lease.events.size());
    open = accepted = count;
    settled.resize(count);
    fill_events();
    batch.struct_size = sizeof batch;
    batch.event_stride = sizeof(aev_event);
    batch.batch_id = lease.batch_id;
    batch.deadline_mono_ns =
        std::chrono::duration_cast<std::chrono::nanoseconds>(lease.deadline.time_since_epoch())
            .count();
    batch.events = events.data();
    batch.count = count;
  }

  void fill_events() {
    fill_event_views(
        lease.events.size(),
        [this](std::size_t i) -> const auto& { return *lease.events[i].event; }, attributes,
        events);
    for (std::size_t i = 0; i < events.size(); ++i) {
      const LeasedEvent& leased = lease.events[i];
      events[i].key = to_aev_str(leased.key);
      events[i].attempt = leased.attempt;
      events[i].flags = leased.replay ? std::uint32_t{AEV_EVENT_REPLAY} : 0u;
    }
  }
};

LeaseTable::~LeaseTable() = default;

std::shared_ptr<const aev_batch> LeaseTable::add(Lease lease) {
  const std::uint64_t id = lease.batch_id;
  auto record = std::make_shared<Record>(std::move(lease));
  const aev_batch* const batch = &record->batch;
  MutexLock lock(mutex_);
  AEV_CHECK(records_.emplace(id, record).second);
  return {std::move(record), batch};
}

void LeaseTable::settle(const aev_result* results,
                        std::uint32_t count,
                        std::uint32_t stride,
                        Verdict& verdict) {
  const auto* at = reinterpret_cast<const char*>(results);
  MutexLock lock(mutex_);
  for (std::uint32_t i = 0; i < count; ++i, at += stride) {
    aev_result result{};
    std::memcpy(&result, at, sizeof result);  // the stride may not keep the alignment
    settle_one(result, verdict);
  }
}

void LeaseTable::settle_one(const aev_result& result, Verdict& verdict) {
  const auto violate = [&](Violation kind) {
    verdict.violations.emplace_back(kind, result.batch_id);
  };
  const auto found = records_.find(result.batch_id);
  if (found == records_.end()) {
    const bool known = std::find(done_.begin(), done_.end(), result.batch_id) != done_.end();
    violate(known ? Violation::kCompletedTwice : Violation::kForeignBatch);
    return;
  }
  Record& record = *found->second;
  const std::uint64_t size = record.settled.size();
  const std::uint64_t end = std::uint64_t{result.first} + result.count;
  if (result.count == 0 || end > size) {
    violate(Violation::kOutOfRange);
  } else if (end > record.accepted) {
    violate(Violation::kNotAccepted);
  }
  const auto stop = static_cast<std::uint32_t>(std::min<std::uint64_t>(end, record.accepted));

  Settlement settlement;
  settlement.batch_id = result.batch_id;
  settlement.outcome = to_outcome(result.outcome);
  settlement.throttle = (result.flags & AEV_RESULT_THROTTLE) != 0;
  settlement.disable = (result.flags & AEV_RESULT_DISABLE) != 0;
  settlement.retry_after = std::chrono::milliseconds(result.retry_after_ms);
  settlement.code = result.code;
  settlement.reason = plugin_text(result.reason, kMaxReasonBytes);

  std::vector<Settlement>& out = record.delivering ? record.held_back : verdict.settlements;
  bool twice = false;
  const auto flush = [&] {
    if (settlement.count != 0) {
      out.push_back(settlement);
      settlement.count = 0;
    }
  };
  for (std::uint32_t i = result.first; i < stop; ++i) {
    if (record.settled[i]) {
      twice = true;
      flush();
      continue;
    }
    record.settled[i] = true;
    --record.open;
    if (settlement.count++ == 0) {
      settlement.first = i;
    }
  }
  flush();
  if (twice) {
    violate(Violation::kCompletedTwice);
  }
  forget_if_done(found);
}

void LeaseTable::forget_if_done(Records::iterator at) {
  if (at->second->open != 0 || at->second->delivering) {
    return;
  }
  done_.push_back(at->first);
  if (done_.size() > kRememberedBatches) {
    done_.pop_front();
  }
  records_.erase(at);
}

void LeaseTable::accept(std::uint64_t batch_id, std::uint32_t accepted, Verdict& verdict) {
  MutexLock lock(mutex_);
  const auto found = records_.find(batch_id);
  AEV_CHECK(found != records_.end() && accepted <= found->second->accepted);
  Record& record = *found->second;
  bool completed = false;
  for (std::uint32_t i = accepted; i < record.accepted; ++i) {
    if (record.settled[i]) {
      completed = true;
    } else {
      record.settled[i] = true;
      --record.open;
    }
  }
  record.accepted = accepted;
  std::erase_if(record.held_back, [&](Settlement& settlement) {
    if (settlement.first >= accepted) {
      return true;
    }
    settlement.count = std::min(settlement.count, accepted - settlement.first);
    return false;
  });
  if (completed) {
    verdict.violations.emplace_back(Violation::kNotAccepted, batch_id);
  }
}

std::vector<Settlement> LeaseTable::end_deliver(std::uint64_t batch_id) {
  MutexLock lock(mutex_);
  const auto found = records_.find(batch_id);
  AEV_CHECK(found != records_.end());
  std::vector<Settlement> held_back = std::move(found->second->held_back);
  found->second->delivering = false;
  forget_if_done(found);
  return held_back;
}

std::vector<Settlement> LeaseTable::end_all(std::string_view reason,
                                            bool plugin_fault,
                                            bool pin_forever) {
  std::vector<Settlement> out;
  Records ended;
  {
    MutexLock lock(mutex_);
    ended.swap(records_);
    if (pin_forever) {
      for (const auto& [id, record] : ended) {
        pinned_.push_back(record);
      }
    }
  }
  for (auto& [id, record] : ended) {
    std::move(record->held_back.begin(), record->held_back.end(), std::back_inserter(out));
    bool in_run = false;
    for (std::uint32_t i = 0; i < record->accepted; ++i) {
      if (record->settled[i]) {
        in_run = false;
        continue;
      }
      if (!in_run) {
        Settlement made_up;
        made_up.batch_id = id;
        made_up.first = i;
        made_up.outcome = Outcome::kRetry;
        made_up.plugin_fault = plugin_fault;
        made_up.reason = reason;
        out.push_back(std::move(made_up));
        in_run = true;
      }
      ++out.back().count;
    }
  }
  return out;
}

}  // namespace aev::loader

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "events/event.h"
#include "events/targets.h"

namespace aev::store {

using events::Seq;
using events::SubscriberId;

/// Seqs first..last, both included.
struct SeqRange {
  Seq first = 0;
  Seq last = 0;
};

/// running: delivers. paused: an operator said so. disabled: the subscriber's endpoint said so
/// (HTTP 410) or its plugin did; both last across restarts until resumed.
enum class SubscriberStatus : std::uint8_t { kRunning = 0, kPaused = 1, kDisabled = 2 };

/// What survives a restart about a subscriber. Everything up to `cursor`, and every seq in
/// `settled`, is delivered, skipped, in retries or in dead_letters: delivery owes nothing more from
/// the log.
struct SubscriberRecord {
  SubscriberId id = 0;
  std::string name;
  Seq cursor = 0;
  std::vector<SeqRange> settled;  ///< above cursor, ascending, disjoint, not adjacent
  SubscriberStatus status = SubscriberStatus::kRunning;
  std::string status_reason;
};

/// A delivery that waits for its next attempt. Unique by (subscriber, seq, replay).
struct RetryRecord {
  SubscriberId subscriber = 0;
  Seq seq = 0;
  std::uint64_t replay = 0;  ///< id of the replay that asked for it; 0 for an ordinary delivery
  std::uint32_t attempts = 0;
  std::int64_t first_attempt_unix_ns = 0;  ///< 0: never tried
  std::int64_t next_at_unix_ns = 0;
  std::int32_t last_code = 0;
  std::string last_error;
};

enum class DeadReason : std::uint8_t {
  kRejected = 0,     ///< the receiver will never take it
  kExhausted = 1,    ///< max_attempts used up
  kExpired = 2,      ///< max_elapsed passed
  kDisabled = 3,     ///< the endpoint is gone (HTTP 410)
  kPluginFault = 4,  ///< the plugin broke its contract each time
};

/// A delivery given up.
struct DeadLetterRecord {
  std::int64_t id = 0;  ///< given by the store when inserted
  SubscriberId subscriber = 0;
  std::string subscriber_name;  ///< filled when read
  Seq seq = 0;
  std::string event_id;  ///< filled when read, as the next two
  std::string event_type;
  std::string debate_id;
  std::uint64_t replay = 0;
  DeadReason reason = DeadReason::kRejected;
  std::uint32_t attempts = 0;
  std::int32_t last_code = 0;
  std::string last_error;
  std::int64_t first_attempt_unix_ns = 0;
  std::int64_t last_attempt_unix_ns = 0;
  std::int64_t dead_unix_ns = 0;
  std::int64_t expires_unix_ns = 0;  ///< 0: never
};

/// Which dead letters; empty fields match all.
struct DeadLetterFilter {
  std::optional<std::int64_t> id;
  std::string subscriber;
  std::string event_type;
  std::string debate_id;
  std::optional<std::int64_t> since_unix_ns;  ///< dead at or after
  std::optional<std::int64_t> until_unix_ns;  ///< dead before
  std::size_t limit = 100;                    ///< 0: no limit
  std::int64_t after_id = 0;                  ///< cursor: only ids above this
};

/// One try, for the attempt log.
struct AttemptRecord {
  SubscriberId subscriber = 0;
  Seq seq = 0;
  std::string event_id;  ///< filled when read
  std::uint32_t attempt = 0;
  std::uint64_t replay = 0;
  std::int64_t started_unix_ns = 0;
  std::int64_t duration_ns = 0;
  std::uint8_t outcome = 0;  ///< loader::Outcome
  std::int32_t code = 0;
  std::string error;
};

struct AttemptFilter {
  std::string subscriber;
  std::optional<Seq> seq;
  std::optional<std::uint8_t> outcome;
  std::size_t limit = 100;
  std::int64_t before_row = 0;  ///< cursor for paging, 0: from the newest
};

/// A request to send past events again, and how far it has come.
struct ReplayRecord {
  std::uint64_t id = 0;
  SubscriberId subscriber = 0;
  Seq next_seq = 0;         ///< everything below has been scheduled
  Seq last_seq = 0;         ///< ends after this one
  std::string filter_json;  ///< {"event_type":…,"debate_id":…,"since":…,"until":…,"match":{…}}
  double per_second = 0;  ///< 0: no limit
  std::uint64_t scheduled = 0;
  std::int64_t created_unix_ns = 0;
  bool done = false;
};

/// Where a subscriber's delivery stands, for the next checkpoint.
struct CursorChange {
  SubscriberId subscriber = 0;
  Seq cursor = 0;
  std::vector<SeqRange> settled;
};

struct RetryKey {
  SubscriberId subscriber = 0;
  Seq seq = 0;
  std::uint64_t replay = 0;
};

/// A value that a subscriber's plugin keeps; nothing removes the key.
struct StateChange {
  SubscriberId subscriber = 0;
  std::string key;
  std::optional<std::string> value;
};

struct StatusChange {
  SubscriberId subscriber = 0;
  SubscriberStatus status = SubscriberStatus::kRunning;
  std::string reason;
};

/// A set of changes that become durable together, applied in the order of the members below.
struct DeliveryChanges {
  std::vector<RetryRecord> upsert_retries;
  std::vector<RetryKey> delete_retries;
  std::vector<DeadLetterRecord> add_dead_letters;  ///< trims the oldest beyond max_dead_letters
  std::vector<std::pair<SubscriberId, std::uint64_t>> max_dead_letters;
  std::vector<CursorChange> cursors;
  std::vector<AttemptRecord> attempts;
  std::vector<StatusChange> statuses;
  std::vector<ReplayRecord> upsert_replays;
  std::vector<StateChange> states;

  [[nodiscard]] bool empty() const {
    return upsert_retries.empty() && delete_retries.empty() && add_dead_letters.empty() &&
           max_dead_letters.empty() && cursors.empty() && attempts.empty() && statuses.empty() &&
           upsert_replays.empty() && states.empty();
  }
};

}  // namespace aev::store

#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/log.h"
#include "core/metrics.h"
#include "delivery/lane.h"
#include "made_events.h"

namespace aev::delivery::testing {

/// Retries after 1 s, 2 s, 4 s … up to 60 s, four attempts, no breaker: what most tests start from.
[[nodiscard]] config::DeliveryPolicy plain_policy();

/// A subscriber of this policy with the number 1, whose cursor stands at `cursor`.
[[nodiscard]] SubscriberSpec spec_of(config::DeliveryPolicy policy, events::Seq cursor = 0);

/// A lane with a clock that stands still, a random number that means "no jitter", and no plugin:
/// leases are collected and the test settles them.
class LaneHarness {
 public:
  explicit LaneHarness(config::DeliveryPolicy policy = plain_policy(),
                       std::size_t queue_bytes = 32u << 20);
  explicit LaneHarness(SubscriberSpec spec, std::size_t queue_bytes = 32u << 20);

  /// The plugin has started and accepts what it is offered.
  void start_plugin();
  /// No retry rows in the store, and the log has been read up to `seq`.
  void go_live(events::Seq seq = 0);
  /// Both, which is how most tests begin.
  void run(events::Seq seq = 0);
  /// Events of these seqs, owed to the lane, are committed.
  void commit(events::Seq first, events::Seq last);
  void commit(const std::vector<events::RoutedEvent>& routed);

  /// What one step() leases.
  std::vector<loader::Lease> step();
  /// What one step() leases, when that is exactly one lease.
  loader::Lease step_one();
  /// The seqs of every event that one step() leases, in order.
  std::vector<events::Seq> step_seqs();

  void settle(const loader::Lease& lease, loader::Outcome outcome);

  void settle(loader::Settlement settlement) { lane->settled(settlement); }

  [[nodiscard]] SubscriberStats stats() const { return lane->stats(last_seq); }

  /// What the lane wanted written since the last call.
  store::DeliveryChanges take_changes() { return std::exchange(changes, {}); }

  ManualClock clock;
  Metrics metrics;
  Log log_sink{2, static_cast<LogLevel>(static_cast<int>(LogLevel::kError) + 1)};
  Logger logger{log_sink, "delivery"};
  double random_number = 0.5;
  Dispatcher::Random random = [this] { return random_number; };
  std::uint64_t next_batch_id = 1;
  store::DeliveryChanges changes;
  events::Seq last_seq = 0;
  std::unique_ptr<Lane> lane;
};

/// A settlement of the whole of `lease`.
[[nodiscard]] loader::Settlement whole(const loader::Lease& lease, loader::Outcome outcome);

/// A settlement of events [first, first + count) of `lease`.
[[nodiscard]] loader::Settlement part(const loader::Lease& lease,
                                      std::uint32_t first,
                                      std::uint32_t count,
                                      loader::Outcome outcome);

[[nodiscard]] std::vector<events::Seq> seqs_of(const loader::Lease& lease);

}  // namespace aev::delivery::testing

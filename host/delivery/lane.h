#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/metrics.h"
#include "delivery/breaker.h"
#include "delivery/delivery_item.h"
#include "delivery/dispatcher.h"
#include "delivery/lane_metrics.h"
#include "delivery/latency_window.h"
#include "delivery/progress.h"
#include "delivery/rate_bucket.h"

namespace aev::delivery {

/// What a lane has to do with the world. Outlives the lane.
struct LaneContext {
  const Clock& clock;
  Dispatcher::Random& random;
  std::uint64_t& next_batch_id;
  store::DeliveryChanges& changes;  ///< applied to the store at the end of each turn, as one
  std::size_t queue_bytes;          ///< of events that wait in this lane
  const Logger& log;
};

/// What a subscriber with that policy offers its plugin.
[[nodiscard]] loader::Limits offered_limits(const config::DeliveryPolicy& policy);

/// One subscriber's deliveries: takes events in, leases them to the plugin instance and books what
/// became of them. A state machine without threads, locks or I/O: the dispatcher tells it what
/// happened and calls step(). Confined to the dispatcher's thread.
class Lane {
 public:
  Lane(SubscriberSpec spec, LaneContext context, LaneMetrics metrics);

  [[nodiscard]] const std::string& name() const { return spec_.record.name; }

  [[nodiscard]] events::SubscriberId id() const { return spec_.record.id; }

  [[nodiscard]] const SubscriberSpec& spec() const { return spec_; }

  // --- events in -------------------------------------------------------------------------------

  /// A committed event that is owed to this lane. Ignored while the lane reads from the store.
  void take_live(const events::RoutedEvent& routed);
  /// Every event up to `seq` has been offered by take_live().
  void live_upto(events::Seq seq);
  /// True if the lane has room and needs events from the store after scan_after().
  [[nodiscard]] bool wants_scan() const;

  [[nodiscard]] events::Seq scan_after() const { return progress_.taken_upto(); }

  /// A scan that began at or before scan_after() and reached beyond it. `live_seq` is the newest
  /// event that take_live() was offered: a lane that has read as far goes live.
  void take_scan(const store::Store::ScanPage& page, events::Seq live_seq);

  /// True if retry rows of the store are not in memory and there is room for them.
  [[nodiscard]] bool wants_rows() const;

  void rows_requested() {
    rows_requested_ = true;
    rows_stale_ = false;
  }

  /// The earliest rows with their events; `complete` if those are all that there are.
  void take_rows(const std::vector<store::RetryRecord>& rows,
                 const std::vector<events::RoutedEvent>& events,
                 bool complete);

  /// Rows were added to the store: look at them again.
  void rows_added() {
    rows_complete_ = false;
    rows_stale_ = true;
  }

  // --- the instance ----------------------------------------------------------------------------

  /// The lane's own limits, as they are offered to the plugin.
  [[nodiscard]] loader::Limits offered_limits() const {
    return delivery::offered_limits(spec_.policy);
  }

  void instance_starting();
  void instance_started(const loader::Limits& limits);
  /// What is still leased goes back; step() asks for a new instance after a back-off.
  void instance_failed(const std::string& reason);
  /// True when it is time to create the instance anew.
  [[nodiscard]] bool wants_instance(MonoTime now) const;
  void settled(const loader::Settlement& settlement);
  void accepted(std::uint64_t batch_id, std::uint32_t count, bool busy);
  void ready();

  /// Leases no more to the instance of now; another one follows with instance_started().
  void hand_over() { instance_ = InstanceState::kStarting; }

  /// True if the instance of now can go on under `spec`: the same plugin and configuration, and no
  /// more asked of it than it was offered when it started.
  [[nodiscard]] bool keeps_instance(const SubscriberSpec& spec) const;

  /// Takes over plugin, configuration and policy of an instance that is to follow. What was held
  /// against the receiver of the old one (breaker, throttling) is forgotten.
  void change_spec(SubscriberSpec spec);

  /// Takes over a policy while the instance goes on. A new `order_by` counts once nothing is in
  /// flight any more; until then nothing is leased.
  void change_policy(config::DeliveryPolicy policy);

  /// Of events that wait in this lane.
  void set_queue_bytes(std::size_t bytes) { context_.queue_bytes = bytes; }

  // --- operations ------------------------------------------------------------------------------

  void pause(const std::string& reason);
  void resume();

  void stop() { stopping_ = true; }

  /// The lane is about to go for good: its gauges show nothing any more.
  void clear_gauges() { metrics_.gauges(0, 0); }

  /// Expires leases, makes due retries ready, and leases what may go to `deliver`.
  using Deliver = std::function<void(loader::Lease)>;
  void step(const Deliver& deliver);
  /// When step() should be called next if nothing happens before.
  [[nodiscard]] MonoTime next_step() const;

  /// Adds the cursor to the changes if it moved; one that moved over foreign events only is added
  /// once a second at most, unless `final`. False if such a one is left for later.
  bool checkpoint(bool final);

  [[nodiscard]] std::size_t in_flight() const { return in_flight_events_; }

  /// True if every retry row of the store is in memory and those are fewer than `most`: whoever
  /// adds rows of his own accord waits for this.
  [[nodiscard]] bool wants_more_rows(std::size_t most) const {
    return rows_complete_ && rows_known_.size() < most;
  }

  [[nodiscard]] SubscriberStats stats(events::Seq last_seq) const;

 private:
  struct OpenLease {
    std::vector<DeliveryItem> items;
    std::vector<bool> done;
    std::size_t open = 0;
    std::size_t bytes = 0;
    MonoTime started{};
    std::int64_t started_unix_ns = 0;
    MonoTime expires{};
  };

  void take(const events::RoutedEvent& routed);
  void enqueue(DeliveryItem item, bool front);
  [[nodiscard]] bool over_budget() const;
  [[nodiscard]] bool may_lease(MonoTime now) const;
  void lease_all(MonoTime now, const Deliver& deliver);
  [[nodiscard]] std::size_t lease_size(MonoTime now);
  [[nodiscard]] bool batch_is_due(MonoTime now) const;
  void expire_leases(MonoTime now);
  void give_back(OpenLease& lease, std::size_t index);
  void finish(OpenLease& lease, std::size_t index, const loader::Settlement& settlement);
  void retry(DeliveryItem item, const loader::Settlement& settlement, MonoTime now);
  void bury(DeliveryItem& item, store::DeadReason reason, const loader::Settlement& settlement);
  void close(DeliveryItem& item);
  void apply_limits();
  /// Takes every waiting item anew, with its key under the order of now.
  void renew_keys();
  void release_key(const DeliveryItem& item);
  void set_status(store::SubscriberStatus status, const std::string& reason);
  void log_attempt(const OpenLease& lease,
                   const DeliveryItem& item,
                   const loader::Settlement& settlement,
                   MonoTime now);

  SubscriberSpec spec_;
  LaneContext context_;
  LaneMetrics metrics_;
  Progress progress_;
  RateBucket bucket_;
  Breaker breaker_;
  LatencyWindow latency_;

  std::deque<DeliveryItem> queue_;  // may go now
  std::size_t queue_bytes_ = 0;
  std::multimap<MonoTime, DeliveryItem> retries_;
  /// Events behind an unsettled one of the same key, by key.
  std::unordered_map<std::string, std::deque<DeliveryItem>> keys_;
  std::size_t held_ = 0;
  std::size_t held_bytes_ = 0;
  /// Rows of the store that are in memory, so that a reading of the rows takes none twice.
  std::set<std::pair<events::Seq, std::uint64_t>> rows_known_;
  /// Rows that ended while a reading was under way, which may still show them.
  std::set<std::pair<events::Seq, std::uint64_t>> rows_closed_;
  std::map<std::uint64_t, OpenLease> leases_;
  std::size_t in_flight_events_ = 0;
  std::size_t in_flight_bytes_ = 0;

  bool live_ = false;
  bool rows_complete_ = false;
  bool rows_requested_ = false;
  bool rows_stale_ = false;  // rows were added while a reading was under way
  bool rows_taken_ = false;
  bool stopping_ = false;

  enum class InstanceState : std::uint8_t { kNone, kStarting, kRunning };
  InstanceState instance_ = InstanceState::kNone;
  loader::Limits offered_;  // to the instance of now when it was started
  loader::Limits agreed_;   // what it takes of that
  loader::Limits limits_;   // of both agreed_ and the policy of now
  /// The next `order_by`, while something is in flight under the old one.
  std::optional<std::string> next_order_;
  MonoTime restart_at_{};
  std::uint32_t failures_in_a_row_ = 0;
  std::string failure_;
  MonoTime busy_until_{};
  MonoTime throttled_until_{};
  MonoTime not_connected_until_{};
  std::uint32_t not_connected_in_a_row_ = 0;
  std::string not_connected_reason_;

  events::Seq saved_cursor_;
  bool settled_since_save_ = false;
  MonoTime saved_at_{};
  SubscriberStats counts_;
};

}  // namespace aev::delivery

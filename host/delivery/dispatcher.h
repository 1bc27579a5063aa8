#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/policies.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/metrics.h"
#include "core/result.h"
#include "events/targets.h"
#include "loader/instance.h"
#include "store/store.h"

namespace aev::delivery {

/// A subscriber as delivery sees it.
struct SubscriberSpec {
  store::SubscriberRecord record;  ///< as loaded from the store at start
  std::string plugin;              ///< subscriber type id
  std::string library = {};        ///< file that offers it: another file, another instance
  std::string config_json;
  config::DeliveryPolicy policy;
};

struct DispatcherOptions {
  std::uint64_t memory_bytes = 32u << 20;  ///< of events held in lanes and in flight, all together
  Duration checkpoint_interval = std::chrono::milliseconds(100);
};

struct LatencySummary {
  std::uint64_t samples = 0;
  double p50_ms = 0;
  double p90_ms = 0;
  double p99_ms = 0;
  double max_ms = 0;
};

/// A subscriber's numbers since start, and where it stands.
struct SubscriberStats {
  std::string name;
  std::string plugin;
  std::string state;   ///< starting, running, paused, disabled, throttled, breaker_open, half_open,
                       ///< not_connected, failed, stopped
  std::string reason;  ///< why, when the state is not running
  std::uint64_t processed = 0;  ///< settled for good: delivered + skipped + dead-lettered
  std::uint64_t delivered = 0;
  std::uint64_t skipped = 0;
  std::uint64_t failed = 0;   ///< attempts that failed
  std::uint64_t retried = 0;  ///< attempts beyond the first
  std::uint64_t dead_lettered = 0;
  std::uint64_t in_flight = 0;
  std::uint64_t waiting_retry = 0;
  std::uint64_t lag = 0;    ///< seqs between the cursor and the end of the log
  double oldest_age_s = 0;  ///< age of the oldest event still owed, 0 when none
  events::Seq cursor = 0;
  std::uint64_t plugin_restarts = 0;
  LatencySummary latency;  ///< of attempts that ended, the last thousand
};

/// A request to send past events again to one subscriber.
struct ReplayRequest {
  std::string subscriber;
  std::string event_type;
  std::string debate_id;
  std::optional<std::int64_t> since_unix_ns;
  std::optional<std::int64_t> until_unix_ns;
  std::string match_json;  ///< event pattern, empty: all
  double per_second = 0;
  std::size_t limit = 0;  ///< 0: no limit
};

/// How reconfigure() went beyond what was asked.
struct Reconfigured {
  std::vector<std::string> same_instance;   ///< of `fresh`: took the policy, nothing else happened
  std::vector<std::string> still_draining;  ///< have deliveries in flight that take their time
};

/// Owns the lanes, one per subscriber, on one thread of its own: takes committed events, leases
/// them to plugin instances, and turns outcomes into cursors, retries and dead letters.
/// Thread-safe.
class Dispatcher {
 public:
  /// Decides whether a replayed event matches `ReplayRequest::match_json`; given by the composition
  /// root so that delivery needs no router of its own.
  using PatternCheck =
      std::function<Result<std::function<bool(const events::Event&)>>(const std::string&)>;
  /// A random number in [0, 1), for jitter. Called on the dispatcher's thread only.
  using Random = std::function<double()>;

  [[nodiscard]] static std::unique_ptr<Dispatcher> create(DispatcherOptions options,
                                                          store::Store& store,
                                                          loader::InstanceFactory& plugins,
                                                          const Clock& clock,
                                                          Random random,
                                                          PatternCheck pattern_check,
                                                          Metrics& metrics,
                                                          Logger logger);
  /// Stops at once what stop() has not stopped.
  virtual ~Dispatcher() = default;

  /// Creates the lanes and starts their instances; events flow from each lane's cursor on. Returns
  /// without waiting for plugins to start. An instance that cannot be created is an error here.
  [[nodiscard]] virtual Result<void> start(std::vector<SubscriberSpec> subscribers) = 0;

  /// Takes a new configuration while events flow: `fresh` are subscribers that are new or changed,
  /// `removed` the names of those that go. One whose plugin and configuration are as before, and
  /// whose instance is asked no more than it was offered at its start, only takes the new policy.
  /// For all others an instance is created and started beside the running ones; if one fails, all
  /// of them go and nothing has changed: the error says why, and its pointer begins with the
  /// subscriber's name (`/customer/url`). Then lanes for the new ones are there, `switch_routes` is
  /// called, and the changed and removed finish what is in flight; an attempt has the time that its
  /// policy gives it. A changed one keeps its cursor, its retries and its state; a removed one's
  /// events stay in the store. Blocks until all that is done, but after the switch no longer than
  /// `patience`: the rest follows by itself. One call at a time.
  [[nodiscard]] virtual Result<Reconfigured> reconfigure(std::vector<SubscriberSpec> fresh,
                                                         const std::vector<std::string>& removed,
                                                         const std::function<void()>& switch_routes,
                                                         Duration patience) = 0;

  /// Ends a reconfigure() that waits: kConflict if nothing has been switched yet. Later ones are
  /// refused. For whoever is about to call stop().
  virtual void interrupt() = 0;

  /// Takes other budgets while events flow.
  virtual void set_options(const DispatcherOptions& options) = 0;

  /// True while a subscriber that was removed still has deliveries in flight.
  [[nodiscard]] virtual bool is_leaving(std::string_view subscriber) = 0;

  /// The store's commit listener. Never blocks.
  virtual void on_committed(std::span<const events::RoutedEvent> events) = 0;

  /// Drains: no new leases, waits for what is in flight until `deadline`, stops the instances, and
  /// writes the final cursors. Blocks.
  virtual void stop(MonoTime deadline) = 0;

  // --- operations (block until the dispatcher's thread has done them; kNotFound for a name)
  // -------

  [[nodiscard]] virtual Result<void> pause(std::string_view subscriber,
                                           const std::string& reason) = 0;
  [[nodiscard]] virtual Result<void> resume(std::string_view subscriber) = 0;
  /// Takes matching dead letters back for delivery; the number taken.
  [[nodiscard]] virtual Result<std::uint64_t> retry_dead_letters(
      const store::DeadLetterFilter& filter, double per_second) = 0;
  /// Starts a replay; its id.
  [[nodiscard]] virtual Result<std::uint64_t> replay(const ReplayRequest& request) = 0;
  /// Asks the subscriber's plugin, on this thread; see loader::Instance::query. kConflict while it
  /// waits for a restart.
  [[nodiscard]] virtual Result<loader::QueryAnswer> query(std::string_view subscriber,
                                                          std::string_view name,
                                                          std::string_view parameters_json) = 0;
  /// JSON array of the queries that the subscriber's plugin answers.
  [[nodiscard]] virtual Result<std::string> queries_json(std::string_view subscriber) = 0;
  [[nodiscard]] virtual std::vector<SubscriberStats> stats() = 0;
};

}  // namespace aev::delivery

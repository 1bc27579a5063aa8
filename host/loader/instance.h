#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/log.h"
#include "core/metrics.h"
#include "core/result.h"
#include "events/event.h"

namespace aev::loader {

/// How an attempt ended, as the plugin reports it. Values are those of the ABI.
enum class Outcome : std::uint8_t {
  kDelivered = 0,
  kRetry = 1,
  kReject = 2,
  kSkip = 3,
  kNotConnected = 4
};

/// One event of a lease.
struct LeasedEvent {
  events::EventRef event;
  std::string_view key;       ///< ordering key; a view into the event; empty: none
  std::uint32_t attempt = 1;  ///< 1 for the first
  bool replay = false;
};

/// Events handed to a plugin for one attempt each. `batch_id` is unique for the life of the host.
struct Lease {
  std::uint64_t batch_id = 0;
  MonoTime deadline;
  std::vector<LeasedEvent> events;
};

/// The fate of events [first, first+count) of a lease.
struct Settlement {
  std::uint64_t batch_id = 0;
  std::uint32_t first = 0;
  std::uint32_t count = 0;
  Outcome outcome = Outcome::kRetry;
  bool throttle = false;      ///< pause the whole subscriber for retry_after (or its back-off)
  bool disable = false;       ///< stop the subscriber until an operator resumes it
  bool plugin_fault = false;  ///< the loader made this up because the plugin broke the contract
  Duration retry_after{0};    ///< 0: no hint
  std::int32_t code = 0;
  std::string reason;  ///< cut to 1 KiB, valid UTF-8
};

/// What the plugin accepts; never more than what was offered.
struct Limits {
  std::uint32_t max_batch_events = 1;
  std::uint64_t max_batch_bytes = 1u << 20;
  std::uint32_t max_in_flight_batches = 1;
  std::uint64_t max_in_flight_bytes = 64u << 20;
  bool batched = false;  ///< each lease is one unit (the YAML has `batch:`)
  Duration timeout = std::chrono::seconds(30);
};

/// Hears what an instance has to say. Called from plugin threads, the instance's own thread or the
/// loader's watchdog; must be thread-safe, must not block, must not call back into the instance.
class InstanceListener {
 public:
  virtual ~InstanceListener() = default;
  /// start() has returned; `limits` are the plugin's, or an error (on_failed follows then).
  virtual void on_started(Result<Limits> limits) = 0;
  /// Valid, first-time settlements only: the loader drops doubles and foreign ones.
  virtual void on_settled(std::span<const Settlement> settlements) = 0;
  /// The plugin took only the first `accepted` events; the rest are the host's again. `busy`: wait
  /// for on_ready (or a second) before the next lease.
  virtual void on_accepted(std::uint64_t batch_id, std::uint32_t accepted, bool busy) = 0;
  virtual void on_ready() = 0;
  /// The instance is gone for good: it asked to be restarted, it broke the contract, or it hangs.
  /// Everything it had not settled has been reported by on_settled (kRetry, plugin_fault) before.
  /// After stop() the end is on_stopped instead, even if the plugin breaks the contract then.
  virtual void on_failed(const Error& error) = 0;
  /// stop() is complete: every lease is settled, or given back by on_accepted(id, 0, false) when
  /// the plugin had not seen it yet, and the instance destroyed (or abandoned, if it hangs).
  virtual void on_stopped() = 0;
};

/// What a subscriber answered to a query.
struct QueryAnswer {
  std::string media_type = "application/json";
  std::string body;
};

/// A running subscriber of a plugin. All plugin calls are made on one thread of its own, so nothing
/// here ever blocks on plugin code. Thread-safe.
class Instance {
 public:
  /// Abandons a plugin that does not come back; otherwise stops it first. The listener still hears
  /// of that, from other threads, so hold no lock that it takes. At most a few seconds.
  virtual ~Instance() = default;
  /// Asynchronous; answered by on_started.
  virtual void start(const Limits& offered) = 0;
  /// Asynchronous; the lease's events stay pinned until each is settled or the instance destroyed.
  /// A lease for an instance that is gone comes back by on_accepted(id, 0, false).
  virtual void deliver(Lease lease) = 0;
  /// Asynchronous; answered by on_stopped, at the latest a few seconds (LoaderOptions::stop_grace)
  /// after `deadline` if the plugin does not come back.
  virtual void stop(MonoTime deadline) = 0;

  /// Answers a named query (aev.query/1), also before start() if the plugin calls it offline.
  /// `parameters_json` is an object of strings. Blocks in plugin code. kNotFound: no such query;
  /// kInvalid with the parameter as pointer; kConflict: not now; kTooLarge: over 64 MiB.
  [[nodiscard]] virtual Result<QueryAnswer> query(std::string_view name,
                                                  std::string_view parameters_json);

  /// JSON array that describes the queries; "[]" for a plugin without.
  [[nodiscard]] virtual std::string queries_json();

  /// Tries to reach the receiver (aev.check/1), also before start(). Blocks up to `patience`. Fine
  /// if the plugin knows nothing to check.
  [[nodiscard]] virtual Result<void> check(Duration patience);
};

/// Makes instances; the seam that delivery's tests replace.
class InstanceFactory {
 public:
  virtual ~InstanceFactory() = default;
  /// Creates an instance of subscriber type `type` named `name`. `listener` outlives the instance.
  /// kNotFound when no plugin offers the type; kInvalid with `pointer` when the plugin refuses the
  /// configuration.
  [[nodiscard]] virtual Result<std::unique_ptr<Instance>> create(std::string_view type,
                                                                 const std::string& name,
                                                                 const std::string& config_json,
                                                                 InstanceListener& listener) = 0;
};

}  // namespace aev::loader

/// fake_host.hpp - a host in memory for the unit tests of a plugin: no store, no threads, no files.
///
///     aev::sdk::FakeHost host(aev_plugin_entry);
///     auto subscriber = host.create("printer", R"({"prefix":"> "})");
///     subscriber.start();
///     subscriber.deliver({{.event_type = "consensus", .data = "{}"}});
///     assert(host.wait_settled(1));
///     assert(host.settled()[0].outcome == AEV_DELIVERED);
///
/// It behaves as plugin.h says a host does: answers come on the thread that calls deliver() here,
/// so a test lets them happen with pump() or wait_*(). Misuse by the plugin throws, or is counted
/// in violations(). Needs C++20 and the standard library only.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>

#include <aev/plugin.hpp>

namespace aev::sdk {
inline namespace v1 {

/// An event that owns its texts; as a test writes it down.
struct FakeEvent {
  std::uint64_t seq = 0;  ///< 0: the next one
  std::string id{};       ///< empty: "e" and the seq
  std::string event_type = "test";
  std::string debate_id{};
  std::string data = "{}";
  std::string source{};
  std::string key{};
  std::string content_type = "application/json";
  std::int64_t time_unix_ns = 1'772'366'400'000'000'000;          ///< 2026-03-01T12:00:00Z
  std::vector<std::pair<std::string, std::string>> attributes{};  ///< values are JSON text
  std::uint32_t attempt = 1;
  std::uint32_t flags = 0;
};

/// The fate of one event.
struct FakeSettlement {
  std::uint64_t batch_id = 0;
  std::uint32_t index = 0;
  std::uint64_t seq = 0;
  aev_outcome outcome = AEV_RETRY;
  std::uint32_t flags = 0;
  std::uint32_t retry_after_ms = 0;
  std::int32_t code = 0;
  std::string reason;
};

/// What a plugin published.
struct FakeEmission {
  std::string id, event_type, debate_id, source, content_type, data;
  std::int64_t time_unix_ns = 0;
  std::vector<std::pair<std::string, std::string>> attributes;  ///< of a body: its headers
  bool body = false;  ///< by emit_body(): `data` is the whole body
};

class FakeSubscriber;

/// See above. Thread-safe; outlives the subscribers that it creates.
class FakeHost {
 public:
  using Duration = std::chrono::steady_clock::duration;

  /// How long wait_*() wait before they say false.
  static constexpr Duration kLimit = std::chrono::seconds(30);

  explicit FakeHost(const aev_entry& entry, std::string name = "tester");
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;

  /// The plugin's validate(); throws ConfigError as it says.
  void validate(const std::string& type, const std::string& config_json) const;

  /// A new instance; throws ConfigError if the plugin refuses.
  [[nodiscard]] FakeSubscriber create(const std::string& type, const std::string& config_json);

  /// Past events that read_history() finds, ascending by seq; deliver() adds to them.
  void add_history(FakeEvent event);

  /// The past events up to that seq are gone, as after a retention.
  void remove_history(std::uint64_t upto_seq);

  /// State that an earlier run has left.
  void set_state(std::string key, std::string value);

  /// What the next emissions come to instead of AEV_OK: `now` of the call itself, `later` of the
  /// answer. AEV_OK for both goes back to normal.
  void answer_emissions(aev_status now, aev_status later);

  /// Holds the answers back until release_answers().
  void hold_answers();
  void release_answers();

  /// Makes the answers that are due, on this thread; true if there were any.
  bool pump();

  /// Pumps until so many events have been settled; false after kLimit.
  [[nodiscard]] bool wait_settled(std::size_t count);
  /// Pumps until `condition` holds; false after kLimit. It is looked at whenever the plugin calls
  /// the host, and a hundred times a second besides.
  [[nodiscard]] bool wait(const std::function<bool()>& condition);

  [[nodiscard]] std::vector<FakeSettlement> settled() const;
  [[nodiscard]] std::vector<FakeEmission> emitted() const;
  /// Each line is "level message key=value …".
  [[nodiscard]] std::vector<std::string> log() const;
  [[nodiscard]] std::map<std::string, std::string> state() const;
  /// Value of a counter or gauge, or the number of observations of a histogram, by
  /// `name{label="value",…}`; 0 if there is none.
  [[nodiscard]] double metric(const std::string& series) const;
  [[nodiscard]] std::size_t ready_calls() const;
  [[nodiscard]] bool has_stopped() const;
  /// The reason given to failed(); empty: it was not called.
  [[nodiscard]] std::string failure() const;
  /// Double completions, foreign batches and the like, one text each.
  [[nodiscard]] std::vector<std::string> violations() const;

 private:
  friend class FakeSubscriber;
  friend struct FakeHostFunctions;

  struct Leased {
    std::vector<FakeEvent> events;
    std::vector<std::vector<aev_attr>> attributes;
    std::vector<aev_event> raw;
    aev_batch batch{};
    std::vector<bool> done;
    std::uint32_t accepted = 0;
    std::uint32_t open = 0;
  };

  struct Page {
    std::vector<FakeEvent> events;
    std::vector<std::vector<aev_attr>> attributes;
    std::vector<aev_event> raw;
  };

  struct Series {
    std::uint32_t kind = 0;
    double value = 0;
    FakeHost* host = nullptr;
  };

  static void fill(std::vector<FakeEvent>& events,
                   std::vector<std::vector<aev_attr>>& attributes,
                   std::vector<aev_event>& raw);
  [[nodiscard]] Leased& lease(std::vector<FakeEvent> events);
  void end_instance();

  const aev_entry& entry_;
  const std::string name_;
  aev_host raw_{};

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint64_t, std::unique_ptr<Leased>> leases_;  // kept: a test may look at them
  std::uint64_t next_batch_ = 1;
  std::uint64_t next_seq_ = 1;
  std::vector<FakeSettlement> settled_;
  std::vector<FakeEmission> emitted_;
  std::deque<std::function<void(aev_status)>> answers_;  // AEV_E_STATE: the instance ends
  bool held_ = false;
  aev_status emit_now_ = AEV_OK;
  aev_status emit_later_ = AEV_OK;
  std::map<std::uint64_t, FakeEvent> history_;
  std::map<std::string, std::string> state_;
  std::map<std::string, Series> series_;
  std::vector<std::string> log_;
  std::vector<std::string> violations_;
  std::size_t ready_calls_ = 0;
  bool running_ = false;
  bool stopped_ = false;
  std::string failure_;
};

/// An instance. Its end is the plugin's destroy(). Not thread-safe: as the host, call it from one
/// thread, but for query().
class FakeSubscriber {
 public:
  FakeSubscriber(FakeHost& host, aev_subscriber* raw) : host_(&host), raw_(raw) {}

  FakeSubscriber(FakeSubscriber&& other) noexcept
      : host_(other.host_), raw_(std::exchange(other.raw_, nullptr)) {}

  FakeSubscriber& operator=(FakeSubscriber&&) = delete;

  ~FakeSubscriber() { destroy(); }

  /// Throws ConfigError or std::runtime_error as the plugin says; returns what it takes.
  aev_limits start(aev_limits offered = default_limits());

  /// Hands a batch over and makes the answers that are due. The status; `accepted`, if not null,
  /// is how many were taken. What was not taken is forgotten, as if it had never been leased.
  aev_status deliver(std::vector<FakeEvent> events, std::uint32_t* accepted = nullptr);

  /// stop(), then waits for stopped(); false after FakeHost::kLimit.
  [[nodiscard]] bool stop(FakeHost::Duration patience = std::chrono::seconds(5));

  /// The plugin's destroy(), after AEV_E_STATE for every answer that is still open.
  void destroy();

  /// Throws std::runtime_error with what the plugin finds wrong (aev.check/1).
  void check(FakeHost::Duration patience = std::chrono::seconds(5));

  /// The text of an answer (aev.query/1); throws UnknownQuery, NotNow, ConfigError or
  /// std::runtime_error.
  /// `media_type`, if not null, receives the answer's.
  [[nodiscard]] std::string query(std::string_view name,
                                  std::string_view parameters_json = "{}",
                                  std::string* media_type = nullptr);

  /// A hundred events of 1 MiB a batch, four batches at once.
  [[nodiscard]] static aev_limits default_limits() noexcept;

 private:
  FakeHost* host_;
  aev_subscriber* raw_;
};

}  // namespace v1
}  // namespace aev::sdk

#include <aev/detail/fake_host_functions.hpp>

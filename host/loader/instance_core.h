#pragma once

#include <cstdint>
#include <deque>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <aev/plugin.h>

#include "core/clock.h"
#include "core/mutex.h"
#include "core/result.h"
#include "loader/gate.h"
#include "loader/guarded_call.h"
#include "loader/instance.h"
#include "loader/lease_table.h"
#include "loader/library_use.h"
#include "loader/loader_services.h"
#include "loader/metrics_extension.h"
#include "loader/request_table.h"
#include "loader/violations.h"

namespace aev::loader {

/// The state of one instance, shared by its handle, its thread, the plugin's threads and the
/// watchdog.
///
///   created -> started -> stopping -> destroyed          every plugin call is made by run()'s
///   thread,
///      \           \          \______ or abandoned       but create(), which the creator makes
///       \___________\_______________ by the watchdog
///
/// Exactly one thread concludes: run()'s, or the one that abandons. After that neither the listener
/// nor anything of LoaderServices is touched by the plugin's threads or run()'s. Thread-safe.
class InstanceCore : public std::enable_shared_from_this<InstanceCore> {
 public:
  /// `services` and `listener` are borrowed until the end is concluded and the watchdog done.
  InstanceCore(std::shared_ptr<const LibraryUse> library,
               std::string name,
               LoaderServices& services,
               InstanceListener& listener);
  InstanceCore(const InstanceCore&) = delete;
  InstanceCore& operator=(const InstanceCore&) = delete;

  /// The plugin's create(), on the caller's thread. After an error there is nothing to destroy.
  [[nodiscard]] Result<void> create(const std::string& type, const std::string& config_json);
  /// Undoes create() when run() could not be started.
  void destroy_unused();

  // What the handle passes on; see Instance.
  void start(const Limits& offered) AEV_EXCLUDES(mutex_);
  void deliver(Lease lease) AEV_EXCLUDES(mutex_);
  void stop(MonoTime deadline) AEV_EXCLUDES(mutex_);
  /// Stops and waits; gives up what hangs longer than LoaderOptions allow. True if it was
  /// abandoned: run() may then never return.
  [[nodiscard]] bool drop() AEV_EXCLUDES(mutex_);

  /// The instance's thread.
  void run() noexcept AEV_EXCLUDES(mutex_);

  /// The watchdog's look: warns of a slow call, abandons a hung one, wakes a stop whose deadline
  /// has passed, answers what came after the end.
  void look(MonoTime now) AEV_EXCLUDES(mutex_);

  // What the plugin says through aev_host, from any thread, inside the gate.
  void plugin_completes(const aev_result* results, std::uint32_t count, std::uint32_t stride);

  void plugin_is_ready() { listener_.on_ready(); }

  void plugin_has_stopped() AEV_EXCLUDES(mutex_);
  void plugin_fails(Error error) AEV_EXCLUDES(mutex_);

  // Requests of the plugin, inside the gate.

  /// Null-safe only if has_services().
  [[nodiscard]] HostServices& services() { return *services_.host; }

  [[nodiscard]] bool has_services() const { return services_.host != nullptr; }

  /// As RequestTable::open().
  [[nodiscard]] std::optional<std::uint64_t> open_request(AnswerCall call,
                                                          std::size_t most,
                                                          bool& closed) {
    return requests_.open(std::move(call), most, closed);
  }

  void cancel_request(std::uint64_t number) { requests_.cancel(number); }

  /// What ends the request of that number, from any thread, even after this object's end.
  [[nodiscard]] HostServices::Done done_of(std::uint64_t number);
  [[nodiscard]] HostServices::Read read_of(std::uint64_t number);

  /// As Instance says.
  [[nodiscard]] Result<QueryAnswer> query(std::string_view name, std::string_view parameters_json);
  [[nodiscard]] std::string queries_json() const;
  [[nodiscard]] Result<void> check(Duration patience) AEV_EXCLUDES(mutex_);

  [[nodiscard]] Gate& gate() { return gate_; }

  [[nodiscard]] const std::string& name() const { return name_; }

  [[nodiscard]] const Logger& logger() const { return services_.logger; }

  [[nodiscard]] MetricsExtension& metrics() { return metrics_; }

 private:
  enum class CallEnd : std::uint8_t { kReturned, kThrew, kAbandoned };

  /// A call into the plugin that is under way.
  struct Call {
    const char* function = nullptr;  // none under way
    MonoTime since;
    std::uint64_t number = 0;
    bool warned = false;
  };

  /// A check() that somebody waits for.
  struct CheckRequest {
    MonoTime deadline;
    std::promise<Result<void>> result;
  };

  struct Task {
    enum class Kind : std::uint8_t { kStart, kAnswer, kDeliver, kCheck, kStop, kFail } kind;
    Limits offered = {};
    Lease lease = {};
    Error error = {};
    std::shared_ptr<CheckRequest> check = {};
  };

  [[nodiscard]] Task next_task() AEV_EXCLUDES(mutex_);
  /// Each returns true while the instance goes on.
  [[nodiscard]] bool do_start(const Limits& offered);
  [[nodiscard]] bool do_deliver(Lease lease);
  [[nodiscard]] bool do_check(CheckRequest& request);
  /// Gives the plugin the answers that are due.
  [[nodiscard]] bool do_answers();
  [[nodiscard]] const void* extension(const char* id) const;
  void wake() AEV_EXCLUDES(mutex_);
  void do_stop();
  void fail(Error error);
  /// The plugin's destroy(), then the end.
  void destroy_and_conclude(const std::optional<Error>& error);
  /// Waits for stopped(), failed() or the deadline, giving answers meanwhile; the error when it was
  /// not stopped(). False if the instance was abandoned.
  [[nodiscard]] bool wait_until_stopped(std::optional<Error>& error) AEV_EXCLUDES(mutex_);

  template <typename Function>
  [[nodiscard]] CallEnd call(const char* function, Function&& body, std::string& thrown);
  void begin_call(const char* function) AEV_EXCLUDES(mutex_);
  [[nodiscard]] bool end_call() AEV_EXCLUDES(mutex_);

  /// Gives the instance up if that call is still under way.
  void abandon(const Call& hung) AEV_EXCLUDES(mutex_);
  /// Tells the listener the end; `error` if there was a fault. Only for the one that set ended_.
  void conclude(const std::optional<Error>& error, bool abandoned) AEV_EXCLUDES(mutex_);
  void answer_latecomers() AEV_EXCLUDES(mutex_);
  void report(const std::vector<Settlement>& settlements);
  void report(const Verdict& verdict);

  // Constant after create().
  const std::shared_ptr<const LibraryUse> library_;
  const std::string name_;
  LoaderServices& services_;
  InstanceListener& listener_;
  aev_host host_{};
  aev_subscriber* subscriber_ = nullptr;
  aev_subscriber functions_{};  // its function pointers, as far as its struct_size goes
  const aev_query* query_ = nullptr;
  const aev_check* check_ = nullptr;

  // Self-synchronized.
  Gate gate_;
  Gate query_gate_;  // those who call the plugin's query()
  RequestTable requests_;
  LeaseTable leases_;
  Violations violations_;
  MetricsExtension metrics_;

  // Confined to run()'s thread.
  unsigned deliver_errors_in_row_ = 0;

  Mutex mutex_;
  CondVar changed_;    // for run()
  CondVar concluded_;  // for drop()
  std::optional<Limits> start_request_ AEV_GUARDED_BY(mutex_);
  bool started_ AEV_GUARDED_BY(mutex_) = false;
  std::deque<Lease> inbox_ AEV_GUARDED_BY(mutex_);
  std::deque<std::shared_ptr<CheckRequest>> checks_ AEV_GUARDED_BY(mutex_);
  std::optional<MonoTime> stop_deadline_ AEV_GUARDED_BY(mutex_);
  bool stop_called_ AEV_GUARDED_BY(mutex_) = false;   // of the plugin
  bool stopped_said_ AEV_GUARDED_BY(mutex_) = false;  // by the plugin
  bool hurry_ AEV_GUARDED_BY(mutex_) = false;         // as if the stop's deadline had passed
  std::optional<Error> failure_ AEV_GUARDED_BY(mutex_);
  Call call_ AEV_GUARDED_BY(mutex_);
  bool ended_ AEV_GUARDED_BY(mutex_) = false;  // somebody concludes
  bool abandoned_ AEV_GUARDED_BY(mutex_) = false;
  bool told_ AEV_GUARDED_BY(mutex_) = false;          // the listener knows the end
  bool told_stopped_ AEV_GUARDED_BY(mutex_) = false;  // and that by on_stopped
};

template <typename Function>
InstanceCore::CallEnd InstanceCore::call(const char* function,
                                         Function&& body,
                                         std::string& thrown) {
  begin_call(function);
  std::optional<std::string> escaped = guarded_call(std::forward<Function>(body));
  if (!end_call()) {
    return CallEnd::kAbandoned;
  }
  if (escaped) {
    thrown = std::string(function) + "() " + *escaped;
    return CallEnd::kThrew;
  }
  return CallEnd::kReturned;
}

}  // namespace aev::loader

#pragma once

#include <atomic>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "core/mutex.h"
#include "core/worker_thread.h"
#include "delivery/candidate.h"
#include "delivery/dispatcher.h"
#include "delivery/inbox.h"
#include "delivery/lane.h"
#include "delivery/replay_filter.h"

namespace aev::delivery {

/// Of the memory for waiting events, each lane has at least so much.
inline constexpr std::size_t kMinLaneBytes = 256 * 1024;
/// Beyond a deadline the loader itself takes a moment to give a plugin up.
inline constexpr auto kStopGrace = std::chrono::seconds(8);
inline constexpr auto kAfterReadError = std::chrono::seconds(1);

/// An instance with the listener that must outlive it.
struct Plugged {
  std::unique_ptr<loader::InstanceListener> listener;
  std::unique_ptr<loader::Instance> instance;
};

/// An instance that has been started to take a place.
struct Successor {
  SubscriberSpec spec;
  std::shared_ptr<Plugged> plugged;
  Candidate* candidate = nullptr;  // the listener of `plugged`
  std::uint64_t generation = 0;
  loader::Limits limits;
};

struct Slot {
  std::unique_ptr<Lane> lane;  // null once the subscriber was removed and has drained
  std::shared_ptr<Plugged> plugged;
  std::uint64_t generation = 0;
  bool scanning = false;
  bool stopped = false;
  bool retired = false;  // its subscriber was removed

  /// The instance of now is to go, and gets no more leases.
  [[nodiscard]] bool draining() const { return retired || successor.has_value(); }

  std::optional<Successor> successor;           // takes over when the instance of now has drained
  std::shared_ptr<std::promise<void>> drained;  // whoever waits for that
  MonoTime no_read_before{};
};

struct ActiveReplay {
  store::ReplayRecord record;
  ReplayFilter filter;
  std::optional<std::size_t> slot;  // none while its subscriber is not configured
  std::int64_t next_at_unix_ns = 0;
  bool reading = false;
};

/// The one Dispatcher there is. In four files: what others call and the thread's turns
/// (dispatcher.cpp), instances (dispatcher_instances.cpp), new configurations
/// (dispatcher_reconfigure.cpp), and what is read from the store (dispatcher_reads.cpp).
class DispatcherImpl final : public Dispatcher {
 public:
  DispatcherImpl(DispatcherOptions options,
                 store::Store& store,
                 loader::InstanceFactory& plugins,
                 const Clock& clock,
                 Random random,
                 PatternCheck pattern_check,
                 Metrics& metrics,
                 Logger logger)
      : store_(store),
        plugins_(plugins),
        clock_(clock),
        random_(std::move(random)),
        pattern_check_(std::move(pattern_check)),
        metrics_(metrics),
        log_(std::move(logger)),
        options_(options) {}

  ~DispatcherImpl() override { stop(clock_.mono_now()); }

  Result<void> start(std::vector<SubscriberSpec> subscribers) override;

  Result<Reconfigured> reconfigure(std::vector<SubscriberSpec> fresh,
                                   const std::vector<std::string>& removed,
                                   const std::function<void()>& switch_routes,
                                   Duration patience) override;

  void interrupt() override;

  void set_options(const DispatcherOptions& options) override;

  bool is_leaving(std::string_view subscriber) override;

  void on_committed(std::span<const events::RoutedEvent> events) override;

  void stop(MonoTime deadline) override;

  Result<void> pause(std::string_view subscriber, const std::string& reason) override;

  Result<void> resume(std::string_view subscriber) override;

  Result<std::uint64_t> retry_dead_letters(const store::DeadLetterFilter& filter,
                                           double per_second) override;

  Result<std::uint64_t> replay(const ReplayRequest& request) override;

  Result<loader::QueryAnswer> query(std::string_view subscriber,
                                    std::string_view name,
                                    std::string_view parameters_json) override;

  Result<std::string> queries_json(std::string_view subscriber) override;

  std::vector<SubscriberStats> stats() override;

 private:
  // --- calls from other threads ------------------------------------------------------------------

  /// Runs `body` on the dispatcher's thread and waits for it; not at all once it has ended.
  void ask(const std::function<void()>& body);

  Result<void> on_lane(std::string_view name, const std::function<void(Lane&)>& body);

  /// The instance of now; whoever holds it keeps it, even when the dispatcher gives it up.
  Result<void> find_instance(std::string_view subscriber, std::shared_ptr<Plugged>& plugged);

  // --- the dispatcher's thread -------------------------------------------------------------------

  void run();

  /// Lets every lane act, sends off what is to be read or written; when to come again.
  MonoTime turn();

  void take_committed(const std::vector<events::RoutedEvent>& committed);

  void take_message(InstanceMessage& message);

  // --- instances ---------------------------------------------------------------------------------

  Result<std::shared_ptr<Plugged>> create_instance(const SubscriberSpec& spec,
                                                   std::size_t slot,
                                                   std::uint64_t generation);

  /// On the reader's thread, because a plugin's create() may take its time.
  void recreate_instance(std::size_t index);

  /// Destroys an instance on the reader's thread: its end may take seconds.
  void discard(std::shared_ptr<Plugged> plugged);

  void begin_stop(MonoTime deadline);

  void note_stopped(Slot& slot, bool stopped);

  void check_all_stopped();

  // --- a new configuration -----------------------------------------------------------------------

  struct Tried {
    Successor made;
    std::size_t slot = 0;
    bool is_new = false;
    bool same_instance = false;  // only the policy changes; nothing was made
  };

  /// Finds out what each needs, and what cannot be now.
  Result<void> plan(std::vector<SubscriberSpec> fresh, std::vector<Tried>& tried);

  /// Creates and starts the instances that are needed, on the caller's thread; all have started in
  /// the end.
  Result<void> try_instances(std::vector<Tried>& tried);

  Result<void> wait_until_started(std::vector<Tried>& tried);

  /// Adds the lanes of new subscribers, all or none.
  Result<void> add_slots(std::vector<Tried>& tried);

  /// Events for it are taken from now on.
  void add_slot(Successor made);

  /// Each lane's share of the memory for waiting events.
  void share_memory();

  /// Lets the instance of now finish what it has; finish_drain() follows.
  std::future<void> drain(Slot& slot);

  void finish_drain(Slot& slot);

  /// The instance takes its place in the slot, or has failed before it could.
  void take_place(Slot& slot, Successor made);

  void retire(std::size_t index);

  // --- reading the store -------------------------------------------------------------------------

  /// Submits what lanes and replays need read; true if something waits after an error.
  bool request_reads(MonoTime now);

  /// One scan for this lane and those that lag near it.
  void request_scan(std::size_t first, MonoTime now);

  void request_rows(std::size_t index);

  void read_failed(Slot& slot, const Error& error);

  // --- replays -----------------------------------------------------------------------------------

  Result<void> load_replays();

  void request_replay(ActiveReplay& replay);

  void take_replay_page(ActiveReplay& replay, const store::Store::ScanPage& page);

  store::Store& store_;
  loader::InstanceFactory& plugins_;
  const Clock& clock_;
  Random random_;
  const PatternCheck pattern_check_;
  Metrics& metrics_;
  const Logger log_;
  Inbox inbox_;
  std::atomic<bool> started_{false};  // once, before anyone else calls

  Mutex trial_mutex_;
  bool interrupted_ AEV_GUARDED_BY(trial_mutex_) = false;
  std::vector<Candidate*> on_trial_ AEV_GUARDED_BY(trial_mutex_);

  // Below: the dispatcher's thread alone, once start() has returned.
  DispatcherOptions options_;
  std::vector<Slot> slots_;
  std::unordered_map<events::SubscriberId, std::size_t> by_id_;
  std::map<std::uint64_t, ActiveReplay> replays_;
  std::uint64_t next_replay_id_ = 1;
  std::uint64_t next_batch_id_ = 1;
  std::uint64_t next_generation_ = 1;
  events::Seq live_seq_ = 0;
  store::DeliveryChanges changes_;
  MonoTime checkpoint_at_ = MonoTime::max();
  std::promise<void>* all_stopped_ = nullptr;
  bool stopping_ = false;
  bool ended_ = false;

  std::unique_ptr<WorkerThread> reader_;
  std::thread thread_;
};

}  // namespace aev::delivery

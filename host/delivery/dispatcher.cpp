#include "delivery/dispatcher.h"

#include <algorithm>
#include <future>
#include <optional>
#include <thread>
#include <unordered_map>

#include "core/thread_name.h"
#include "core/worker_thread.h"
#include "delivery/candidate.h"
#include "delivery/inbox.h"
#include "delivery/lane.h"
#include "delivery/replay_filter.h"

namespace aev::delivery {
namespace {

constexpr std::size_t kMinLaneBytes = 256 * 1024;
constexpr std::size_t kScanEvents = 512;
constexpr std::size_t kScanBytes = 1u << 20;
/// Lanes that lag within so many seqs of each other share a scan.
constexpr events::Seq kSharedScanSpan = 4096;
constexpr std::size_t kRowsAtOnce = 10'000;
constexpr std::size_t kReplayStep = 256;
/// A replay adds no rows while its subscriber has so many to send.
constexpr std::size_t kReplayAhead = 1'000;
constexpr auto kStopGrace = std::chrono::seconds(8);
constexpr auto kStartPatience = std::chrono::seconds(35);
constexpr auto kWriteGrace = std::chrono::seconds(5);
constexpr auto kAfterReadError = std::chrono::seconds(1);
constexpr auto kLazyCheckpoint = std::chrono::seconds(1);

/// An instance with the listener that must outlive it.
struct Plugged {
  std::unique_ptr<loader::InstanceListener> listener;
  std::unique_ptr<loader::Instance> instance;
};

/// An instance that has been started to take a place.
struct Successor {
  SubscriberSpec spec;
  std::shared_ptr<Plugged> plugged;
  std::uint64_t generation = 0;
  loader::Limits limits;
};

struct Slot {
  std::unique_ptr<Lane> lane;  // null once the subscriber was removed and has drained
  std::shared_ptr<Plugged> plugged;
  std::uint64_t generation = 0;
  bool scanning = false;
  bool stopped = false;
  bool retired = false;
  std::optional<Successor> successor;           // takes over when the instance of now has drained
  std::shared_ptr<std::promise<void>> drained;  // whoever waits for that
  MonoTime no_read_before{};
};

struct ActiveReplay {
  store::ReplayRecord record;
  ReplayFilter filter;
  std::size_t slot = 0;
  std::int64_t next_at_unix_ns = 0;
  bool reading = false;
};

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
      : options_(options),
        store_(store),
        plugins_(plugins),
        clock_(clock),
        random_(std::move(random)),
        pattern_check_(std::move(pattern_check)),
        metrics_(metrics),
        log_(std::move(logger)) {}

  ~DispatcherImpl() override { stop(clock_.mono_now()); }

  Result<void> start(std::vector<SubscriberSpec> subscribers) override {
    live_seq_ = store_.stats().last_seq;
    const std::size_t bytes = std::max<std::size_t>(
        kMinLaneBytes, options_.memory_bytes / std::max<std::size_t>(1, subscribers.size()));
    for (SubscriberSpec& spec : subscribers) {
      const LaneContext context{clock_, random_, next_batch_id_, changes_, bytes, log_};
      LaneMetrics metrics(metrics_, spec.record.name);
      slots_.push_back(Slot{});
      by_id_[spec.record.id] = slots_.size() - 1;
      slots_.back().lane = std::make_unique<Lane>(std::move(spec), context, std::move(metrics));
    }
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      auto plugged = create_instance(i, 0);
      if (!plugged) {
        Error error = std::move(plugged.error());
        error.message = "subscriber '" + slots_[i].lane->name() + "': " + error.message;
        return error;
      }
      slots_[i].plugged = std::move(*plugged);
    }
    AEV_RETURN_IF_ERROR(load_replays());
    reader_ = std::make_unique<WorkerThread>("aev-log-reader");
    for (Slot& slot : slots_) {
      slot.lane->instance_starting();
      slot.plugged->instance->start(slot.lane->offered_limits());
    }
    thread_ = std::thread([this] { run(); });
    return {};
  }

  Result<void> reconfigure(std::vector<SubscriberSpec> fresh,
                           const std::vector<std::string>& removed,
                           const std::function<void()>& switch_routes,
                           Duration drain_for) override {
    std::vector<Tried> tried;
    AEV_RETURN_IF_ERROR(try_instances(std::move(fresh), tried));
    ask([&] {
      for (Tried& one : tried) {
        if (one.is_new) {
          add_slot(std::move(one.made));
        }
      }
    });
    switch_routes();
    std::vector<std::future<void>> drained;
    ask([&] {
      const MonoTime deadline = clock_.mono_now() + drain_for;
      for (Tried& one : tried) {
        if (!one.is_new && all_stopped_ == nullptr) {
          slots_[one.slot].successor = std::move(one.made);
          drained.push_back(drain(slots_[one.slot], deadline));
        }
      }
      for (std::size_t i = 0; i < slots_.size() && all_stopped_ == nullptr; ++i) {
        if (!slots_[i].retired &&
            std::find(removed.begin(), removed.end(), slots_[i].lane->name()) != removed.end()) {
          retire(i);
          drained.push_back(drain(slots_[i], deadline));
        }
      }
    });
    const auto limit = std::chrono::steady_clock::now() + drain_for + kStopGrace;
    for (auto& each : drained) {
      each.wait_until(limit);
    }
    return {};
  }

  void on_committed(std::span<const events::RoutedEvent> events) override {
    inbox_.committed(events);
  }

  void stop(MonoTime deadline) override {
    if (!thread_.joinable()) {
      return;
    }
    std::promise<void> all_stopped;
    auto stopped = all_stopped.get_future();
    inbox_.call([&] {
      all_stopped_ = &all_stopped;
      begin_stop(deadline);
    });
    stopped.wait_until(std::chrono::steady_clock::now() +
                       std::max<Duration>(deadline - clock_.mono_now(), Duration(0)) + kStopGrace);
    auto written = std::make_shared<std::promise<void>>();
    auto durable = written->get_future();
    inbox_.call([&, written] {
      all_stopped_ = nullptr;
      for (Slot& slot : slots_) {
        if (slot.lane) {
          slot.lane->checkpoint(true);
        }
      }
      store_.apply(std::exchange(changes_, {}), [written] { written->set_value(); });
      ended_ = true;
    });
    thread_.join();
    // What a full disk keeps from being written is worked out anew from the log at the next start.
    durable.wait_for(kWriteGrace);
    reader_.reset();
    slots_.clear();
  }

  Result<void> pause(std::string_view subscriber, const std::string& reason) override {
    return on_lane(subscriber, [&](Lane& lane) { lane.pause(reason); });
  }

  Result<void> resume(std::string_view subscriber) override {
    return on_lane(subscriber, [](Lane& lane) { lane.resume(); });
  }

  Result<std::uint64_t> retry_dead_letters(const store::DeadLetterFilter& filter,
                                           double per_second) override {
    AEV_ASSIGN(const auto rows, store_.redrive(filter, per_second));
    ask([&] {
      for (const store::RetryRecord& row : rows) {
        if (const auto found = by_id_.find(row.subscriber); found != by_id_.end()) {
          slots_[found->second].lane->rows_added();
        }
      }
    });
    return rows.size();
  }

  Result<std::uint64_t> replay(const ReplayRequest& request) override {
    AEV_ASSIGN(ReplayFilter filter,
               decode_replay_filter(encode_replay_filter(request), pattern_check_));
    const store::StoreStats log = store_.stats();
    std::uint64_t id = 0;
    AEV_RETURN_IF_ERROR(on_lane(request.subscriber, [&](Lane& lane) {
      ActiveReplay replay;
      replay.slot = by_id_.at(lane.id());
      replay.filter = std::move(filter);
      replay.record.id = id = next_replay_id_++;
      replay.record.subscriber = lane.id();
      replay.record.next_seq = std::max<events::Seq>(log.first_seq, 1);
      replay.record.last_seq = log.last_seq;
      replay.record.filter_json = encode_replay_filter(request);
      replay.record.per_second = request.per_second;
      replay.record.created_unix_ns = clock_.unix_now_ns();
      changes_.upsert_replays.push_back(replay.record);
      replays_.emplace(id, std::move(replay));
    }));
    return id;
  }

  Result<loader::QueryAnswer> query(std::string_view subscriber,
                                    std::string_view name,
                                    std::string_view parameters_json) override {
    std::shared_ptr<Plugged> plugged;
    AEV_RETURN_IF_ERROR(find_instance(subscriber, plugged));
    return plugged->instance->query(name, parameters_json);
  }

  Result<std::string> queries_json(std::string_view subscriber) override {
    std::shared_ptr<Plugged> plugged;
    AEV_RETURN_IF_ERROR(find_instance(subscriber, plugged));
    return plugged->instance->queries_json();
  }

  std::vector<SubscriberStats> stats() override {
    std::vector<SubscriberStats> all;
    const events::Seq last = store_.stats().last_seq;
    ask([&] {
      for (const Slot& slot : slots_) {
        if (!slot.retired) {
          all.push_back(slot.lane->stats(last));
        }
      }
    });
    return all;
  }

 private:
  // --- calls from other threads ------------------------------------------------------------------

  /// Runs `body` on the dispatcher's thread and waits for it; not at all once it has ended.
  void ask(const std::function<void()>& body) {
    if (!thread_.joinable()) {
      return;
    }
    auto done = std::make_shared<std::promise<void>>();
    auto waiting = done->get_future();
    // If the thread ends first, the promise breaks and the wait ends.
    inbox_.call([&body, done = std::move(done)] {
      body();
      done->set_value();
    });
    waiting.wait();
  }

  Result<void> on_lane(std::string_view name, const std::function<void(Lane&)>& body) {
    bool found = false;
    ask([&] {
      for (const Slot& slot : slots_) {
        if (!slot.retired && slot.lane->name() == name) {
          body(*slot.lane);
          found = true;
        }
      }
    });
    if (!found) {
      return Error{
          ErrorCode::kNotFound, "there is no subscriber named '" + std::string(name) + "'", {}};
    }
    return {};
  }

  /// The instance of now; whoever holds it keeps it, even when the dispatcher gives it up.
  Result<void> find_instance(std::string_view subscriber, std::shared_ptr<Plugged>& plugged) {
    AEV_RETURN_IF_ERROR(
        on_lane(subscriber, [&](Lane& lane) { plugged = slots_[by_id_.at(lane.id())].plugged; }));
    if (!plugged) {
      return Error{
          ErrorCode::kConflict,
          "subscriber '" + std::string(subscriber) + "' has failed and waits for its restart",
          {}};
    }
    return {};
  }

  // --- the dispatcher's thread -------------------------------------------------------------------

  void run() {
    name_this_thread("aev-dispatch");
    MonoTime next = clock_.mono_now();
    while (!ended_) {
      const Duration wait = next == MonoTime::max() ? Duration::max() : next - clock_.mono_now();
      Mail mail = inbox_.take(wait == Duration::max() ? MonoTime::max()
                                                      : std::chrono::steady_clock::now() + wait);
      if (!mail.empty() && checkpoint_at_ == MonoTime::max()) {
        checkpoint_at_ = clock_.mono_now() + options_.checkpoint_interval;
      }
      take_committed(mail.committed);
      for (InstanceMessage& message : mail.messages) {
        take_message(message);
      }
      for (const auto& call : mail.calls) {
        call();
      }
      next = turn();
    }
  }

  /// Lets every lane act, sends off what is to be read or written; when to come again.
  MonoTime turn() {
    MonoTime next = MonoTime::max();
    const MonoTime now = clock_.mono_now();
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      Slot& slot = slots_[i];
      if (!slot.lane) {
        continue;
      }
      // Without an instance nothing is leased, but time goes on: what is due must not stay due.
      slot.lane->step(
          [&](loader::Lease lease) { slot.plugged->instance->deliver(std::move(lease)); });
      if (slot.lane->wants_instance(now)) {
        recreate_instance(i);
      }
      next = std::min(next, slot.lane->next_step());
    }
    if (!changes_.empty() && checkpoint_at_ == MonoTime::max()) {
      checkpoint_at_ = now + options_.checkpoint_interval;  // time alone moved something
    }
    if (now >= checkpoint_at_) {
      bool all = true;
      for (Slot& slot : slots_) {
        all = (!slot.lane || slot.lane->checkpoint(false)) && all;
      }
      checkpoint_at_ = all ? MonoTime::max() : now + kLazyCheckpoint;
    }
    if (!changes_.empty()) {
      store_.apply(std::exchange(changes_, {}), {});
    }
    const bool blocked = request_reads(now);
    if (blocked) {
      next = std::min(next, now + kAfterReadError);
    }
    return std::min(next, checkpoint_at_);
  }

  void take_committed(const std::vector<events::RoutedEvent>& committed) {
    if (committed.empty()) {
      return;
    }
    for (const events::RoutedEvent& routed : committed) {
      for (const events::SubscriberId id : routed.targets->ids()) {
        if (const auto found = by_id_.find(id); found != by_id_.end()) {
          slots_[found->second].lane->take_live(routed);
        }
      }
    }
    live_seq_ = committed.back().event->seq();
    for (const Slot& slot : slots_) {
      if (slot.lane) {
        slot.lane->live_upto(live_seq_);
      }
    }
  }

  void take_message(InstanceMessage& message) {
    if (message.lane >= slots_.size()) {
      return;  // of an instance that is being tried and has no lane yet
    }
    Slot& slot = slots_[message.lane];
    if (message.generation != slot.generation || !slot.lane) {
      return;  // the last words of an instance that has been replaced
    }
    Lane& lane = *slot.lane;
    if (auto* settled = std::get_if<SettledMessage>(&message.what)) {
      for (const loader::Settlement& each : settled->settlements) {
        lane.settled(each);
      }
    } else if (auto* accepted = std::get_if<AcceptedMessage>(&message.what)) {
      lane.accepted(accepted->batch_id, accepted->count, accepted->busy);
    } else if (std::holds_alternative<ReadyMessage>(message.what)) {
      lane.ready();
    } else if (auto* started = std::get_if<StartedMessage>(&message.what)) {
      if (started->limits) {  // otherwise on_failed follows
        lane.instance_started(*started->limits);
      }
    } else if (auto* failed = std::get_if<FailedMessage>(&message.what)) {
      log_.error("plugin instance failed, it will be started again",
                 {{"subscriber", lane.name()}, {"reason", failed->error.message}});
      lane.instance_failed(failed->error.message);
      slot.generation = next_generation_++;
      discard(std::move(slot.plugged));
      finish_drain(slot);
      note_stopped(slot, all_stopped_ != nullptr);
    } else {
      finish_drain(slot);
      note_stopped(slot, all_stopped_ != nullptr || slot.retired);
    }
  }

  // --- instances ---------------------------------------------------------------------------------

  Result<std::shared_ptr<Plugged>> create_instance(std::size_t slot, std::uint64_t generation) {
    const SubscriberSpec& spec = slots_[slot].lane->spec();
    auto plugged = std::make_shared<Plugged>();
    plugged->listener = std::make_unique<InboxListener>(inbox_, slot, generation);
    AEV_ASSIGN(plugged->instance, plugins_.create(spec.plugin, spec.record.name, spec.config_json,
                                                  *plugged->listener));
    return plugged;
  }

  /// On the reader's thread, because a plugin's create() may take its time.
  void recreate_instance(std::size_t index) {
    slots_[index].lane->instance_starting();
    const std::uint64_t generation = slots_[index].generation;
    reader_->submit([this, index, generation] {
      auto made = create_instance(index, generation);
      inbox_.call([this, index, generation, made = std::move(made)] {
        Slot& slot = slots_[index];
        if (slot.generation != generation || !slot.lane) {
          if (made) {
            discard(made.value());  // another configuration was faster
          }
          return;
        }
        if (!made) {
          log_.error("plugin instance cannot be created",
                     {{"subscriber", slot.lane->name()}, {"reason", made.error().message}});
          slot.lane->instance_failed(made.error().message);
          return;
        }
        if (slot.stopped) {
          discard(made.value());
          return;
        }
        slot.plugged = made.value();
        slot.plugged->instance->start(slot.lane->offered_limits());
      });
    });
  }

  /// Destroys an instance on the reader's thread: its end may take seconds.
  void discard(std::shared_ptr<Plugged> plugged) {
    if (plugged) {
      reader_->submit([plugged = std::move(plugged)]() mutable { plugged.reset(); });
    }
  }

  void begin_stop(MonoTime deadline) {
    for (Slot& slot : slots_) {
      if (!slot.lane) {
        continue;
      }
      slot.lane->stop();
      if (slot.successor) {
        discard(std::move(slot.successor->plugged));
        slot.successor.reset();
      }
      if (slot.plugged) {
        slot.plugged->instance->stop(deadline);
      } else {
        slot.stopped = true;
      }
    }
    check_all_stopped();
  }

  void note_stopped(Slot& slot, bool stopped) {
    slot.stopped = slot.stopped || stopped;
    check_all_stopped();
  }

  void check_all_stopped() {
    const bool all =
        std::all_of(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.stopped; });
    if (all && all_stopped_ != nullptr) {
      std::exchange(all_stopped_, nullptr)->set_value();
    }
  }

  // --- a new configuration -----------------------------------------------------------------------

  struct Tried {
    Successor made;
    Candidate* candidate = nullptr;  // the listener of made.plugged
    std::size_t slot = 0;
    bool is_new = false;
  };

  /// Creates and starts an instance for each, on the caller's thread; all have started in the end.
  Result<void> try_instances(std::vector<SubscriberSpec> fresh, std::vector<Tried>& tried) {
    bool running = false;
    ask([&] {
      running = all_stopped_ == nullptr && !ended_;
      std::size_t next = slots_.size();
      for (SubscriberSpec& spec : fresh) {
        Tried one;
        const auto known = by_id_.find(spec.record.id);
        one.is_new = known == by_id_.end();
        one.slot = one.is_new ? next++ : known->second;
        one.made.generation = next_generation_++;
        one.made.spec = std::move(spec);
        tried.push_back(std::move(one));
      }
    });
    if (!running) {
      return Error{ErrorCode::kConflict, "the host is stopping", {}};
    }
    const auto named = [](const Tried& one, Error error) {
      error.message = "subscriber '" + one.made.spec.record.name + "': " + error.message;
      return error;
    };
    for (Tried& one : tried) {
      const SubscriberSpec& spec = one.made.spec;
      one.made.plugged = std::make_shared<Plugged>();
      auto listener = std::make_unique<Candidate>(inbox_, one.slot, one.made.generation);
      one.candidate = listener.get();
      one.made.plugged->listener = std::move(listener);
      auto created =
          plugins_.create(spec.plugin, spec.record.name, spec.config_json, *one.candidate);
      if (!created) {
        return named(one, std::move(created.error()));
      }
      one.made.plugged->instance = std::move(*created);
      one.made.plugged->instance->start(offered_limits(spec.policy));
    }
    const auto patience = std::chrono::steady_clock::now() + kStartPatience;
    for (Tried& one : tried) {
      auto limits = one.candidate->wait_started(patience);
      if (!limits) {
        return named(one, std::move(limits.error()));
      }
      one.made.limits = *limits;
    }
    Result<void> adopted;
    ask([&] {
      for (const Tried& one : tried) {
        if (auto still = one.candidate->adopt(); !still) {
          adopted = named(one, std::move(still.error()));
          return;
        }
      }
    });
    return adopted;
  }

  /// Events for it are taken from now on.
  void add_slot(Successor made) {
    const std::size_t bytes =
        std::max<std::size_t>(kMinLaneBytes, options_.memory_bytes / (slots_.size() + 1));
    const LaneContext context{clock_, random_, next_batch_id_, changes_, bytes, log_};
    LaneMetrics metrics(metrics_, made.spec.record.name);
    Slot& slot = slots_.emplace_back();
    by_id_[made.spec.record.id] = slots_.size() - 1;
    slot.lane = std::make_unique<Lane>(std::move(made.spec), context, std::move(metrics));
    slot.plugged = std::move(made.plugged);
    slot.generation = made.generation;
    slot.lane->instance_starting();
    slot.lane->instance_started(made.limits);
  }

  /// Lets the instance of now finish what it has; finish_drain() follows.
  std::future<void> drain(Slot& slot, MonoTime deadline) {
    slot.drained = std::make_shared<std::promise<void>>();
    auto drained = slot.drained->get_future();
    if (slot.plugged) {
      slot.lane->hand_over();
      slot.plugged->instance->stop(deadline);
    } else {
      slot.generation = next_generation_++;  // whatever is being created comes too late
      finish_drain(slot);
    }
    return drained;
  }

  void finish_drain(Slot& slot) {
    if (slot.successor) {
      Successor next = std::move(*slot.successor);
      slot.successor.reset();
      discard(std::exchange(slot.plugged, std::move(next.plugged)));
      slot.generation = next.generation;
      slot.lane->change_spec(std::move(next.spec));
      slot.lane->instance_started(next.limits);
    } else if (slot.retired && slot.lane) {
      slot.lane->checkpoint(true);
      // Before anyone is told: a configuration that names it again begins at this cursor.
      store_.apply(std::exchange(changes_, {}), {});
      discard(std::exchange(slot.plugged, nullptr));
      slot.lane.reset();
      slot.stopped = true;
    }
    if (slot.drained) {
      std::exchange(slot.drained, nullptr)->set_value();
    }
  }

  void retire(std::size_t index) {
    Slot& slot = slots_[index];
    by_id_.erase(slot.lane->id());
    slot.retired = true;
    slot.lane->stop();
    std::erase_if(replays_, [&](const auto& entry) { return entry.second.slot == index; });
  }

  // --- reading the store -------------------------------------------------------------------------

  /// Submits what lanes and replays need read; true if something waits after an error.
  bool request_reads(MonoTime now) {
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
      const Slot& slot = slots_[replay.slot];
      if (replay.reading || replay.record.done || slot.retired ||
          !slot.lane->wants_more_rows(kReplayAhead)) {
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

  /// One scan for this lane and those that lag near it.
  void request_scan(std::size_t first, MonoTime now) {
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

  void request_rows(std::size_t index) {
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

  void read_failed(Slot& slot, const Error& error) {
    slot.no_read_before = clock_.mono_now() + kAfterReadError;
    log_.error("cannot read the store",
               {{"subscriber", slot.lane->name()}, {"reason", error.message}});
  }

  // --- replays -----------------------------------------------------------------------------------

  Result<void> load_replays() {
    AEV_ASSIGN(const auto records, store_.replays());
    for (const store::ReplayRecord& record : records) {
      next_replay_id_ = std::max(next_replay_id_, record.id + 1);
      const auto slot = by_id_.find(record.subscriber);
      if (record.done || slot == by_id_.end()) {
        continue;
      }
      auto filter = decode_replay_filter(record.filter_json, pattern_check_);
      if (!filter) {
        log_.error("a replay cannot go on",
                   {{"id", record.id}, {"reason", filter.error().message}});
        continue;
      }
      replays_.emplace(record.id, ActiveReplay{record, std::move(*filter), slot->second, 0, false});
    }
    return {};
  }

  void request_replay(ActiveReplay& replay) {
    replay.reading = true;
    const std::uint64_t id = replay.record.id;
    const events::Seq after = replay.record.next_seq - 1;
    reader_->submit([this, id, after] {
      auto page = store_.scan(after, {}, kReplayStep, kScanBytes);
      inbox_.call([this, id, page = std::move(page)] {
        const auto found = replays_.find(id);
        if (found == replays_.end()) {
          return;  // its subscriber was removed
        }
        if (page) {
          take_replay_page(found->second, *page);
        } else {
          found->second.reading = false;
          read_failed(slots_[found->second.slot], page.error());
        }
      });
    });
  }

  void take_replay_page(ActiveReplay& replay, const store::Store::ScanPage& page) {
    replay.reading = false;
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
    slots_[replay.slot].lane->rows_added();
    if (record.done) {
      log_.info("replay scheduled", {{"id", record.id}, {"events", record.scheduled}});
      replays_.erase(record.id);
    }
  }

  const DispatcherOptions options_;
  store::Store& store_;
  loader::InstanceFactory& plugins_;
  const Clock& clock_;
  Random random_;
  const PatternCheck pattern_check_;
  Metrics& metrics_;
  const Logger log_;
  Inbox inbox_;

  // Below: the dispatcher's thread alone, once start() has returned.
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
  bool ended_ = false;

  std::unique_ptr<WorkerThread> reader_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<Dispatcher> Dispatcher::create(DispatcherOptions options,
                                               store::Store& store,
                                               loader::InstanceFactory& plugins,
                                               const Clock& clock,
                                               Random random,
                                               PatternCheck pattern_check,
                                               Metrics& metrics,
                                               Logger logger) {
  return std::make_unique<DispatcherImpl>(options, store, plugins, clock, std::move(random),
                                          std::move(pattern_check), metrics, std::move(logger));
}

}  // namespace aev::delivery

#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/mutex.h"
#include "store/store.h"

namespace aev::delivery::testing {

/// Nothing in these tests should take as long as this.
inline constexpr auto kLimit = std::chrono::seconds(30);

/// What a FakeStore holds.
struct FakeStoreState {
  std::vector<events::RoutedEvent> log;  ///< seq n at n - 1
  std::map<events::SubscriberId, store::SubscriberRecord> subscribers;
  std::map<std::tuple<events::SubscriberId, events::Seq, std::uint64_t>, store::RetryRecord> rows;
  std::vector<store::DeadLetterRecord> dead;
  std::map<std::uint64_t, store::ReplayRecord> replays;
  std::size_t scans = 0;
  std::size_t failed_scans = 0;
};

/// A Store in memory that keeps what delivery writes, in the order of apply(). Everything is
/// "durable" at once until cut_power(). What delivery does not ask for answers emptily.
/// Thread-safe.
class FakeStore final : public store::Store {
 public:
  /// Commits an event owed to `targets`; the listener hears of it. Its seq.
  events::Seq commit(const std::vector<events::SubscriberId>& targets,
                     const std::string& event_type = "vote",
                     const std::string& debate_id = "");
  /// Commits so many events owed to subscriber 1, in one group.
  void commit_many(std::size_t count);
  /// Loses all changes from now on, as a crash does: what is stored stays as it is.
  void cut_power();
  /// Keeps changes again; the next dispatcher starts from what had been stored.
  void restore_power();
  /// From now on scans fail, or do not.
  void fail_scans(bool fail);

  /// From now on scans wait, or do not.
  void hold_scans(bool hold);

  /// Waits until `condition` holds of the state; false after kLimit.
  [[nodiscard]] bool wait(const std::function<bool(const FakeStoreState&)>& condition);
  [[nodiscard]] FakeStoreState state();

  void set_commit_listener(store::CommitListener listener) override;
  Result<store::AppendOutcome> append(std::span<const events::RoutedEvent> batch) override;
  void append_async(std::vector<events::RoutedEvent> batch, AppendDone done) override;
  /// Numbers are 1, 2, 3 … in the order of registration.
  Result<store::SubscriberRecord> register_subscriber(std::string_view name) override;
  Result<std::vector<store::SubscriberRecord>> subscribers() override;
  Result<void> forget_subscriber(std::string_view name) override;
  void apply(store::DeliveryChanges changes, std::function<void()> done) override;
  Result<std::vector<store::RetryRecord>> retries(events::SubscriberId subscriber,
                                                  std::size_t limit) override;
  /// By subscriber and limit; the rest of the filter is not looked at.
  Result<std::vector<store::RetryRecord>> redrive(const store::DeadLetterFilter& filter,
                                                  double per_second) override;
  Result<ScanPage> scan(events::Seq after,
                        std::span<const events::SubscriberId> subscribers,
                        std::size_t max_events,
                        std::size_t max_bytes) override;
  Result<std::vector<events::RoutedEvent>> read(std::span<const events::Seq> seqs) override;
  Result<events::RoutedEvent> find(std::string_view id) override;
  Result<std::vector<events::RoutedEvent>> list(const store::EventFilter& filter) override;
  Result<std::vector<store::DeadLetterRecord>> dead_letters(
      const store::DeadLetterFilter& filter) override;
  Result<store::DeadLetterRecord> dead_letter(std::int64_t id) override;
  Result<std::uint64_t> count_dead_letters(const store::DeadLetterFilter& filter) override;
  Result<std::uint64_t> discard(const store::DeadLetterFilter& filter) override;
  Result<std::vector<store::AttemptRecord>> attempts(const store::AttemptFilter& filter) override;
  Result<std::vector<store::ReplayRecord>> replays() override;
  /// Always empty: no delivery keeps any.
  Result<std::map<std::string, std::string>> state(events::SubscriberId subscriber) override;
  Result<std::uint64_t> run_retention() override;

  void set_options(const store::StoreOptions&) override {}

  store::StoreStats stats() const override;

 private:
  mutable Mutex mutex_;
  CondVar changed_;
  FakeStoreState state_ AEV_GUARDED_BY(mutex_);
  bool powered_ AEV_GUARDED_BY(mutex_) = true;
  bool scans_fail_ AEV_GUARDED_BY(mutex_) = false;
  bool scans_held_ AEV_GUARDED_BY(mutex_) = false;
  /// Held while the listener is called, so that it hears of commits in their order.
  Mutex committing_;
  store::CommitListener listener_ AEV_GUARDED_BY(committing_);
};

}  // namespace aev::delivery::testing

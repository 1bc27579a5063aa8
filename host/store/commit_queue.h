#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/clock.h"
#include "core/mutex.h"
#include "store/sqlite.h"
#include "store/store.h"

namespace aev::store {

/// One append that waits for its commit.
struct PendingAppend {
  std::span<const RoutedEvent> events;
  std::vector<RoutedEvent> owned;  ///< what `events` shows, when nobody waits
  std::size_t bytes = 0;
  std::optional<Result<AppendOutcome>> result;
  Store::AppendDone done;  ///< empty: somebody waits
};

struct PendingChanges {
  DeliveryChanges changes;
  std::function<void()> done;
};

/// Work for the writer's thread that makes its own transactions.
using WriterTask = std::function<void(Connection&)>;

/// What the writer takes at once.
struct CommitGroup {
  std::vector<PendingAppend*> appends;
  std::vector<PendingChanges> changes;
  std::vector<WriterTask> tasks;
  bool stopping = false;
};

/// Where producers and delivery leave work for the writer. A producer that waits is woken once per
/// group, with everyone else of its group, through one futex word; two words alternate, so that
/// those who join the next group are left asleep. Thread-safe.
class CommitQueue {
 public:
  explicit CommitQueue(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  /// Adds and waits until the writer has finished the group. False if there is no room (the append
  /// was not added).
  [[nodiscard]] bool add_and_wait(PendingAppend& append);
  /// Adds an append with `done`; takes ownership. False, and `append` stays, if there is no room.
  [[nodiscard]] bool add(std::unique_ptr<PendingAppend>& append);
  void add(PendingChanges changes);
  void add(WriterTask task);

  /// Waits for work until `deadline` and takes it. After stop() it returns at once.
  [[nodiscard]] CommitGroup take(std::chrono::steady_clock::time_point deadline);
  /// Wakes the producers of the group that take() gave out last.
  void finish_group();

  void stop();

  [[nodiscard]] std::uint64_t queued_events() const { return queued_events_.load(); }

  [[nodiscard]] std::uint64_t queued_bytes() const { return queued_bytes_.load(); }

 private:
  [[nodiscard]] bool admit(const PendingAppend& append) AEV_REQUIRES(mutex_);

  const std::size_t most_bytes_;
  Mutex mutex_;
  CondVar work_;
  bool writer_waits_ AEV_GUARDED_BY(mutex_) = false;
  bool stopping_ AEV_GUARDED_BY(mutex_) = false;
  std::vector<PendingAppend*> appends_ AEV_GUARDED_BY(mutex_);
  std::vector<PendingChanges> changes_ AEV_GUARDED_BY(mutex_);
  std::vector<WriterTask> tasks_ AEV_GUARDED_BY(mutex_);
  unsigned filling_ AEV_GUARDED_BY(mutex_) = 0;  // which word the next group waits on
  std::atomic<std::uint32_t> finished_[2] = {};
  std::atomic<std::uint64_t> queued_events_{0};
  std::atomic<std::uint64_t> queued_bytes_{0};
};

}  // namespace aev::store

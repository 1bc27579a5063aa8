#pragma once

#include <optional>

#include "core/mutex.h"
#include "delivery/inbox.h"

namespace aev::delivery {

/// The listener of an instance that is started beside the running ones, before it is known whether
/// it will be used: keeps its start and its failure to itself until adopt(), then forwards to the
/// inbox like any other. Thread-safe.
class Candidate final : public loader::InstanceListener {
 public:
  Candidate(Inbox& inbox, std::size_t lane, std::uint64_t generation)
      : forward_(inbox, lane, generation) {}

  /// What the plugin takes, or why it does not start; waits for that until `deadline` (of
  /// std::chrono::steady_clock).
  [[nodiscard]] Result<loader::Limits> wait_started(MonoTime deadline) AEV_EXCLUDES(mutex_);

  /// The error if the instance has failed, or was given up.
  [[nodiscard]] Result<void> check() AEV_EXCLUDES(mutex_);

  /// Nobody wants the instance any more: whoever waits in wait_started() gets this error.
  void give_up(Error error) AEV_EXCLUDES(mutex_);

  /// The instance takes its place: from now on everything is forwarded. The error if it has failed
  /// already; nothing comes from it then.
  [[nodiscard]] Result<void> adopt() AEV_EXCLUDES(mutex_);

  void on_started(Result<loader::Limits> limits) override;

  void on_settled(std::span<const loader::Settlement> settlements) override {
    forward_.on_settled(settlements);
  }

  void on_accepted(std::uint64_t batch_id, std::uint32_t accepted, bool busy) override {
    forward_.on_accepted(batch_id, accepted, busy);
  }

  void on_ready() override { forward_.on_ready(); }

  void on_failed(const Error& error) override;

  void on_stopped() override { forward_.on_stopped(); }

 private:
  InboxListener forward_;
  Mutex mutex_;
  CondVar changed_;
  std::optional<loader::Limits> limits_ AEV_GUARDED_BY(mutex_);
  std::optional<Error> failure_ AEV_GUARDED_BY(mutex_);
  bool adopted_ AEV_GUARDED_BY(mutex_) = false;
};

}  // namespace aev::delivery

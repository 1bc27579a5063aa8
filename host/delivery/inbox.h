#pragma once

#include <functional>
#include <span>
#include <variant>
#include <vector>

#include "core/mutex.h"
#include "events/targets.h"
#include "loader/instance.h"

namespace aev::delivery {

struct StartedMessage {
  Result<loader::Limits> limits;
};

struct SettledMessage {
  std::vector<loader::Settlement> settlements;
};

struct AcceptedMessage {
  std::uint64_t batch_id = 0;
  std::uint32_t count = 0;
  bool busy = false;
};

struct ReadyMessage {};

struct FailedMessage {
  Error error;
};

struct StoppedMessage {};

/// What an instance had to say, and which one.
struct InstanceMessage {
  std::size_t lane = 0;
  std::uint64_t generation = 0;
  std::variant<StartedMessage,
               SettledMessage,
               AcceptedMessage,
               ReadyMessage,
               FailedMessage,
               StoppedMessage>
      what;
};

/// Everything that has come for the dispatcher's thread, each kind in the order of arrival.
struct Mail {
  std::vector<events::RoutedEvent> committed;
  std::vector<InstanceMessage> messages;
  std::vector<std::function<void()>> calls;

  [[nodiscard]] bool empty() const {
    return committed.empty() && messages.empty() && calls.empty();
  }
};

/// Where other threads leave mail for the dispatcher: never blocks them for longer than a copy.
/// Thread-safe.
class Inbox {
 public:
  void committed(std::span<const events::RoutedEvent> events);
  void message(InstanceMessage message);
  void call(std::function<void()> call);

  /// Drops what there is and whatever comes from now on; called when nobody takes any more.
  void close();

  /// Takes what there is; waits for it until `deadline` (of std::chrono::steady_clock).
  [[nodiscard]] Mail take(MonoTime deadline);

 private:
  void wake() AEV_REQUIRES(mutex_);

  Mutex mutex_;
  CondVar arrived_;
  bool waiting_ AEV_GUARDED_BY(mutex_) = false;
  bool closed_ AEV_GUARDED_BY(mutex_) = false;
  Mail mail_ AEV_GUARDED_BY(mutex_);
};

/// Forwards what one instance says to the inbox. Thread-safe.
class InboxListener final : public loader::InstanceListener {
 public:
  InboxListener(Inbox& inbox, std::size_t lane, std::uint64_t generation)
      : inbox_(inbox), lane_(lane), generation_(generation) {}

  void on_started(Result<loader::Limits> limits) override;
  void on_settled(std::span<const loader::Settlement> settlements) override;
  void on_accepted(std::uint64_t batch_id, std::uint32_t accepted, bool busy) override;
  void on_ready() override;
  void on_failed(const Error& error) override;
  void on_stopped() override;

 private:
  Inbox& inbox_;
  const std::size_t lane_;
  const std::uint64_t generation_;
};

}  // namespace aev::delivery

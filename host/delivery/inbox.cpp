#include "delivery/inbox.h"

#include <utility>

namespace aev::delivery {

void Inbox::wake() {
  if (waiting_) {
    waiting_ = false;
    arrived_.notify_one();
  }
}

void Inbox::committed(std::span<const events::RoutedEvent> events) {
  const MutexLock lock(mutex_);
  if (closed_) {
    return;
  }
  mail_.committed.insert(mail_.committed.end(), events.begin(), events.end());
  wake();
}

void Inbox::message(InstanceMessage message) {
  const MutexLock lock(mutex_);
  if (closed_) {
    return;
  }
  mail_.messages.push_back(std::move(message));
  wake();
}

void Inbox::call(std::function<void()> call) {
  const MutexLock lock(mutex_);
  if (closed_) {
    return;
  }
  mail_.calls.push_back(std::move(call));
  wake();
}

void Inbox::close() {
  Mail dropped;  // its calls may hold what takes locks when it goes
  const MutexLock lock(mutex_);
  closed_ = true;
  std::swap(dropped, mail_);
}

Mail Inbox::take(MonoTime deadline) {
  const MutexLock lock(mutex_);
  while (mail_.empty()) {
    waiting_ = true;
    if (deadline == MonoTime::max()) {
      arrived_.wait(mutex_);
    } else if (!arrived_.wait_until(mutex_, deadline)) {
      break;
    }
  }
  waiting_ = false;
  return std::exchange(mail_, {});
}

void InboxListener::on_started(Result<loader::Limits> limits) {
  inbox_.message({lane_, generation_, StartedMessage{std::move(limits)}});
}

void InboxListener::on_settled(std::span<const loader::Settlement> settlements) {
  inbox_.message({lane_, generation_, SettledMessage{{settlements.begin(), settlements.end()}}});
}

void InboxListener::on_accepted(std::uint64_t batch_id, std::uint32_t accepted, bool busy) {
  inbox_.message({lane_, generation_, AcceptedMessage{batch_id, accepted, busy}});
}

void InboxListener::on_ready() {
  inbox_.message({lane_, generation_, ReadyMessage{}});
}

void InboxListener::on_failed(const Error& error) {
  inbox_.message({lane_, generation_, FailedMessage{error}});
}

void InboxListener::on_stopped() {
  inbox_.message({lane_, generation_, StoppedMessage{}});
}

}  // namespace aev::delivery

#include "delivery/candidate.h"

namespace aev::delivery {

Result<loader::Limits> Candidate::wait_started(MonoTime deadline) {
  const MutexLock lock(mutex_);
  while (!limits_ && !failure_) {
    if (!changed_.wait_until(mutex_, deadline)) {
      return Error{ErrorCode::kInternal, "the plugin did not start in time", {}};
    }
  }
  if (failure_) {
    return *failure_;
  }
  return *limits_;
}

Result<void> Candidate::check() {
  const MutexLock lock(mutex_);
  if (failure_) {
    return *failure_;
  }
  return {};
}

void Candidate::give_up(Error error) {
  const MutexLock lock(mutex_);
  failure_ = failure_.value_or(std::move(error));
  changed_.notify_all();
}

Result<void> Candidate::adopt() {
  const MutexLock lock(mutex_);
  if (failure_) {
    return *failure_;
  }
  adopted_ = true;
  return {};
}

void Candidate::on_started(Result<loader::Limits> limits) {
  const MutexLock lock(mutex_);
  if (limits) {
    limits_ = *limits;
  } else {
    failure_ = limits.error();
  }
  changed_.notify_all();
}

void Candidate::on_failed(const Error& error) {
  {
    const MutexLock lock(mutex_);
    if (!adopted_) {
      failure_ = failure_.value_or(error);
      changed_.notify_all();
      return;
    }
  }
  forward_.on_failed(error);
}

}  // namespace aev::delivery

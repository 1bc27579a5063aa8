#include "store/commit_queue.h"

namespace aev::store {
bool CommitQueue::admit(const PendingAppend& append) {
  // A request larger than the whole queue is let in when it is alone: it must not wait for ever.
  const std::uint64_t queued = queued_bytes_.load(std::memory_order_relaxed);
  if (stopping_ || (queued != 0 && queued + append.bytes > most_bytes_)) {
    return false;
  }
  queued_bytes_.fetch_add(append.bytes, std::memory_order_relaxed);
  queued_events_.fetch_add(append.events.size(), std::memory_order_relaxed);
  return true;
}

bool CommitQueue::add_and_wait(PendingAppend& append) {
  std::atomic<std::uint32_t>* word = nullptr;
  std::uint32_t ticket = 0;
  {
    const MutexLock lock(mutex_);
    if (!admit(append)) {
      return false;
    }
    appends_.push_back(&append);
    word = &finished_[filling_];
    ticket = word->load(std::memory_order_acquire);
    if (writer_waits_) {
      writer_waits_ = false;
      work_.notify_one();
    }
  }
  word->wait(ticket, std::memory_order_acquire);
  return true;
}

bool CommitQueue::add(std::unique_ptr<PendingAppend>& append) {
  const MutexLock lock(mutex_);
  if (!admit(*append)) {
    return false;
  }
  appends_.push_back(append.release());
  if (writer_waits_) {
    writer_waits_ = false;
    work_.notify_one();
  }
  return true;
}

void CommitQueue::add(PendingChanges changes) {
  const MutexLock lock(mutex_);
  changes_.push_back(std::move(changes));
  if (writer_waits_) {
    writer_waits_ = false;
    work_.notify_one();
  }
}

void CommitQueue::add(WriterTask task) {
  const MutexLock lock(mutex_);
  tasks_.push_back(std::move(task));
  if (writer_waits_) {
    writer_waits_ = false;
    work_.notify_one();
  }
}

CommitGroup CommitQueue::take(std::chrono::steady_clock::time_point deadline) {
  CommitGroup group;
  const MutexLock lock(mutex_);
  while (appends_.empty() && changes_.empty() && tasks_.empty() && !stopping_) {
    writer_waits_ = true;
    if (!work_.wait_until(mutex_, deadline)) {
      break;
    }
  }
  writer_waits_ = false;
  group.appends.swap(appends_);
  group.changes.swap(changes_);
  group.tasks.swap(tasks_);
  group.stopping = stopping_;
  queued_events_.store(0, std::memory_order_relaxed);
  queued_bytes_.store(0, std::memory_order_relaxed);
  filling_ ^= 1;
  return group;
}

void CommitQueue::finish_group() {
  unsigned finished = 0;
  {
    const MutexLock lock(mutex_);
    finished = filling_ ^ 1;
  }
  finished_[finished].fetch_add(1, std::memory_order_release);
  finished_[finished].notify_all();
}

void CommitQueue::stop() {
  const MutexLock lock(mutex_);
  stopping_ = true;
  work_.notify_one();
}

}  // namespace aev::store

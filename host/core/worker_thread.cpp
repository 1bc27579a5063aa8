#include "core/worker_thread.h"

#include "core/thread_name.h"

namespace aev {

WorkerThread::WorkerThread(const char* name)
    : thread_([this, name] {
        name_this_thread(name);
        run();
      }) {}

WorkerThread::~WorkerThread() {
  {
    const MutexLock lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void WorkerThread::submit(std::function<void()> job) {
  {
    const MutexLock lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  changed_.notify_one();
}

void WorkerThread::run() {
  while (true) {
    std::vector<std::function<void()>> jobs;
    {
      const MutexLock lock(mutex_);
      while (jobs_.empty() && !ended_) {
        changed_.wait(mutex_);
      }
      if (jobs_.empty()) {
        return;
      }
      jobs.swap(jobs_);
    }
    for (const auto& job : jobs) {
      job();
    }
  }
}

}  // namespace aev

#include "delivery/log_reader.h"

#include "core/thread_name.h"

namespace aev::delivery {

LogReader::LogReader() : thread_([this] { run(); }) {}

LogReader::~LogReader() {
  {
    const MutexLock lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void LogReader::submit(std::function<void()> job) {
  {
    const MutexLock lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  changed_.notify_one();
}

void LogReader::run() {
  name_this_thread("aev-log-reader");
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

}  // namespace aev::delivery

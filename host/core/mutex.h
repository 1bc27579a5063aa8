#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define AEV_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define AEV_THREAD_ANNOTATION(x)
#endif

#define AEV_CAPABILITY(x) AEV_THREAD_ANNOTATION(capability(x))
#define AEV_SCOPED_CAPABILITY AEV_THREAD_ANNOTATION(scoped_lockable)
#define AEV_GUARDED_BY(x) AEV_THREAD_ANNOTATION(guarded_by(x))
#define AEV_REQUIRES(...) AEV_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define AEV_EXCLUDES(...) AEV_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))
#define AEV_ACQUIRE(...) AEV_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define AEV_RELEASE(...) AEV_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
#define AEV_NO_THREAD_SAFETY_ANALYSIS AEV_THREAD_ANNOTATION(no_thread_safety_analysis)

namespace aev {

/// std::mutex that clang's thread-safety analysis understands.
class AEV_CAPABILITY("mutex") Mutex {
 public:
  void lock() AEV_ACQUIRE() { mutex_.lock(); }

  void unlock() AEV_RELEASE() { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

/// Holds a Mutex for a scope; may be released early once.
class AEV_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) AEV_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }

  ~MutexLock() AEV_RELEASE() {
    if (held_) {
      mutex_.unlock();
    }
  }

  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  /// Releases now instead of at the end of the scope.
  void unlock() AEV_RELEASE() {
    held_ = false;
    mutex_.unlock();
  }

 private:
  Mutex& mutex_;
  bool held_ = true;
};

/// Condition variable for `Mutex`. The caller holds the mutex around wait().
class CondVar {
 public:
  void wait(Mutex& mutex) AEV_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }

  /// Returns false if `deadline` passed first.
  template <typename Clock, typename Duration>
  bool wait_until(Mutex& mutex, std::chrono::time_point<Clock, Duration> deadline)
      AEV_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    const bool woken = condition_.wait_until(lock, deadline) == std::cv_status::no_timeout;
    lock.release();
    return woken;
  }

  void notify_one() { condition_.notify_one(); }

  void notify_all() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace aev

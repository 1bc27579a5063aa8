#pragma once

#include <filesystem>
#include <utility>

#include "core/result.h"

namespace aev::store {

/// Keeps a second process out of a data folder, by flock(2) on `lock` in it; the kernel lets go
/// when the process ends, however it ends.
class DirectoryLock {
 public:
  /// kConflict if another process holds it.
  [[nodiscard]] static Result<DirectoryLock> acquire(const std::filesystem::path& directory);

  DirectoryLock(DirectoryLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

  DirectoryLock& operator=(DirectoryLock&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  ~DirectoryLock();

 private:
  explicit DirectoryLock(int fd) : fd_(fd) {}

  int fd_;
};

}  // namespace aev::store

#include "store/directory_lock.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace aev::store {

Result<DirectoryLock> DirectoryLock::acquire(const std::filesystem::path& directory) {
  const auto file = directory / "lock";
  const int fd = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    return Error{ErrorCode::kIo, file.string() + ": cannot be opened: " + std::strerror(errno), {}};
  }
  DirectoryLock lock(fd);
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    return Error{ErrorCode::kConflict,
                 directory.string() +
                     " is in use by another process; is the host running already? "
                     "Stop it, or give this one another data_dir",
                 {}};
  }
  return lock;
}

DirectoryLock::~DirectoryLock() {
  if (fd_ >= 0) {
    close(fd_);
  }
}

}  // namespace aev::store

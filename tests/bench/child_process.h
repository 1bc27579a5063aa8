#pragma once

#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace aev::bench {

/// A program started by the benchmark, on loopback only, ended by its process id.
class ChildProcess {
 public:
  /// Aborts the benchmark with a message if it cannot be started.
  ChildProcess(const std::vector<std::string>& command, const std::string& log_file);
  /// SIGTERM, and SIGKILL when that is not answered within 60 s.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }

  /// Resident memory in bytes, from /proc.
  [[nodiscard]] std::size_t resident_bytes() const;

  void terminate();

 private:
  pid_t pid_ = -1;
};

/// Content of `file` once it exists, without the line end; aborts when `child` does not write it
/// within 60 s.
[[nodiscard]] std::string wait_for_file(const std::string& file);

/// A fresh folder under $TMPDIR, removed at exit.
[[nodiscard]] std::string make_folder();

/// Ends the benchmark with a message.
[[noreturn]] void fail(const std::string& message);

}  // namespace aev::bench

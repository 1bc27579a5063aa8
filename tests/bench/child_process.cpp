#include "child_process.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace aev::bench {
namespace {

constexpr auto kLimit = std::chrono::seconds(60);

void wait_a_moment() {
  poll(nullptr, 0, 1);
}

}  // namespace

void fail(const std::string& message) {
  std::fprintf(stderr, "bench: %s\n", message.c_str());
  std::exit(1);
}

ChildProcess::ChildProcess(const std::vector<std::string>& command, const std::string& log_file) {
  pid_ = fork();
  if (pid_ < 0) {
    fail("cannot fork");
  }
  if (pid_ == 0) {
    const int log = open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(log, 1);
    dup2(log, 2);
    std::vector<char*> arguments;
    for (const auto& argument : command) {
      arguments.push_back(const_cast<char*>(argument.c_str()));
    }
    arguments.push_back(nullptr);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
}

ChildProcess::~ChildProcess() {
  terminate();
}

void ChildProcess::terminate() {
  if (pid_ < 0) {
    return;
  }
  kill(pid_, SIGTERM);
  const auto deadline = std::chrono::steady_clock::now() + kLimit;
  while (waitpid(pid_, nullptr, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > deadline) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
      break;
    }
    wait_a_moment();
  }
  pid_ = -1;
}

std::size_t ChildProcess::resident_bytes() const {
  std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
  std::string word;
  while (status >> word) {
    if (word == "VmRSS:") {
      std::size_t kilobytes = 0;
      status >> kilobytes;
      return kilobytes * 1024;
    }
  }
  fail("a child process has ended too early");
}

std::string wait_for_file(const std::string& file) {
  const auto deadline = std::chrono::steady_clock::now() + kLimit;
  while (std::chrono::steady_clock::now() < deadline) {
    std::ifstream in(file);
    std::string line;
    if (in && std::getline(in, line) && !line.empty()) {
      return line;
    }
    wait_a_moment();
  }
  fail(file + " was not written within 60 s");
}

std::string make_folder() {
  const char* const base = std::getenv("TMPDIR");
  std::string name =
      std::string(base == nullptr ? "/tmp" : base) + "/aev-bench-" + std::string(6, 'X');
  if (mkdtemp(name.data()) == nullptr) {
    fail("cannot make a folder like " + name);
  }
  static std::vector<std::string> made;
  if (made.empty()) {
    std::atexit([] {
      for (const auto& folder : made) {
        std::error_code ignored;
        std::filesystem::remove_all(folder, ignored);
      }
    });
  }
  made.push_back(name);
  return name;
}

}  // namespace aev::bench

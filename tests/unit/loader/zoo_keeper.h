#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/log.h"
#include "core/metrics.h"
#include "core/mutex.h"
#include "loader/instance.h"
#include "loader/plugins.h"

namespace aev::loader::zoo {

/// Where CMake put the plugin `name` of the zoo: a directory with that one file.
[[nodiscard]] std::filesystem::path directory_of(const std::string& name);

/// A directory of its own, removed in the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  void write(const std::string& name, std::string_view content) const;

 private:
  std::filesystem::path path_;
};

/// A log in memory.
class MemoryLog {
 public:
  MemoryLog();
  ~MemoryLog();
  MemoryLog(const MemoryLog&) = delete;
  MemoryLog& operator=(const MemoryLog&) = delete;

  [[nodiscard]] Logger logger() const { return Logger(*log_, "loader"); }

  [[nodiscard]] std::string text() const;
  /// Waits until `text` is in the log (30 s at most); false if it is not.
  [[nodiscard]] bool gets(const std::string& text) const;

 private:
  int descriptor_;
  std::unique_ptr<Log> log_;
};

/// What a listener was told, as `started`, `settled 7:0+2 delivered`, `accepted 7:1 busy`, `ready`,
/// `failed`, `stopped`, in this order. Thread-safe.
class Ear final : public InstanceListener {
 public:
  void on_started(Result<Limits> limits) override;
  void on_settled(std::span<const Settlement> settlements) override;
  void on_accepted(std::uint64_t batch_id, std::uint32_t accepted, bool busy) override;
  void on_ready() override;
  void on_failed(const Error& error) override;
  void on_stopped() override;

  /// Waits until `sentence` has been heard (30 s at most); false if it has not.
  [[nodiscard]] bool hears(const std::string& sentence) AEV_EXCLUDES(mutex_);
  /// Waits until `events` events in all have been settled.
  [[nodiscard]] bool hears_settled(std::uint64_t events) AEV_EXCLUDES(mutex_);

  [[nodiscard]] std::vector<std::string> heard() AEV_EXCLUDES(mutex_);
  [[nodiscard]] std::vector<Settlement> settlements() AEV_EXCLUDES(mutex_);
  [[nodiscard]] Limits limits() AEV_EXCLUDES(mutex_);
  [[nodiscard]] Error error() AEV_EXCLUDES(mutex_);

 private:
  void note(std::string sentence) AEV_REQUIRES(mutex_);
  [[nodiscard]] bool wait(const std::function<bool()>& condition) AEV_REQUIRES(mutex_);

  Mutex mutex_;
  CondVar changed_;
  std::vector<std::string> heard_ AEV_GUARDED_BY(mutex_);
  std::vector<Settlement> settlements_ AEV_GUARDED_BY(mutex_);
  std::uint64_t settled_ AEV_GUARDED_BY(mutex_) = 0;
  Limits limits_ AEV_GUARDED_BY(mutex_);
  Error error_ AEV_GUARDED_BY(mutex_);
};

/// A host with one plugin of the zoo, on a clock that the test moves.
struct Cage {
  explicit Cage(const std::string& plugin = "actor");

  /// An instance that plays `part`; the test fails if it cannot be created.
  [[nodiscard]] std::unique_ptr<Instance> create(const std::string& part);
  /// The same, started: `started` has been heard.
  [[nodiscard]] std::unique_ptr<Instance> start(const std::string& part);
  /// Moves the clock on until the ear hears `sentence`.
  [[nodiscard]] bool hears_in_time(const std::string& sentence);

  MemoryLog log;
  ManualClock clock;
  Metrics metrics;
  Ear ear;
  std::unique_ptr<Plugins> plugins;
};

/// A lease of `count` small events with one attribute each.
[[nodiscard]] Lease lease(std::uint64_t batch_id, std::uint32_t count);

}  // namespace aev::loader::zoo

#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <aev/fake_host.hpp>

#include "reference.h"

namespace aev::analytics {

/// A folder that is removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

/// The analytics subscriber in a host in memory, which it can be torn from and given again.
struct SubscriberFixture {
  TemporaryFolder folder;
  std::string file = folder.file("figures.db");
  std::unique_ptr<sdk::FakeHost> host = new_host();
  std::unique_ptr<sdk::FakeSubscriber> subscriber;

  static std::unique_ptr<sdk::FakeHost> new_host();

  /// Creates and starts an instance. `more` are further members of the configuration: ,"a":1
  void start(const std::string& more = "");

  /// Ends it as a crash does: no stop(), what is open stays open.
  void crash() { subscriber.reset(); }

  /// Delivers and waits until all is settled; checks that everything was DELIVERED.
  void deliver(std::vector<sdk::FakeEvent> events);

  /// Delivers without waiting.
  void offer(std::vector<sdk::FakeEvent> events);

  [[nodiscard]] std::string query(const std::string& name, const std::string& parameters = "{}") {
    return subscriber->query(name, parameters);
  }

  /// Begins a rebuild while the host goes on answering; the answer, or what was thrown.
  [[nodiscard]] std::string rebuild(const std::string& parameters = "{}");

  /// Waits for its end and returns its state.
  [[nodiscard]] std::string wait_for_rebuild();

  /// Compares every query with the reference.
  void check_against(const Reference& reference);

  /// Events that were offered.
  std::size_t offered = 0;
};

[[nodiscard]] std::int64_t unix_now_ns();

}  // namespace aev::analytics

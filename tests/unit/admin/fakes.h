#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "admin/admin_api.h"

namespace aev::admin::testing {

/// A store whose contents the test sets; remembers the filters it was asked with.
class FakeStore final : public store::Store {
 public:
  std::vector<events::RoutedEvent> all_events;
  std::vector<store::DeadLetterRecord> all_dead;
  std::vector<store::AttemptRecord> all_attempts;
  std::vector<store::ReplayRecord> all_replays;
  std::vector<store::SubscriberRecord> all_subscribers;
  store::EventFilter event_filter;
  store::DeadLetterFilter dead_filter;
  store::AttemptFilter attempt_filter;
  std::optional<Error> fail;
  int discards = 0;

  Result<store::AppendOutcome> append(std::span<const events::RoutedEvent>) override {
    return store::AppendOutcome{};
  }

  void set_commit_listener(store::CommitListener) override {}

  void append_async(std::vector<events::RoutedEvent>, AppendDone done) override {
    done(store::AppendOutcome{});
  }

  Result<store::SubscriberRecord> register_subscriber(std::string_view) override {
    return store::SubscriberRecord{};
  }

  Result<std::vector<store::SubscriberRecord>> subscribers() override { return all_subscribers; }

  Result<void> forget_subscriber(std::string_view) override { return {}; }

  void apply(store::DeliveryChanges, std::function<void()>) override {}

  Result<std::vector<store::RetryRecord>> retries(events::SubscriberId, std::size_t) override {
    return std::vector<store::RetryRecord>{};
  }

  Result<std::vector<store::RetryRecord>> redrive(const store::DeadLetterFilter&, double) override {
    return std::vector<store::RetryRecord>{};
  }

  Result<ScanPage> scan(events::Seq,
                        std::span<const events::SubscriberId>,
                        std::size_t,
                        std::size_t) override {
    return ScanPage{};
  }

  Result<std::vector<events::RoutedEvent>> read(std::span<const events::Seq>) override {
    return std::vector<events::RoutedEvent>{};
  }

  Result<events::RoutedEvent> find(std::string_view id) override {
    for (const auto& each : all_events) {
      if (each.event->id() == id) {
        return each;
      }
    }
    return Error{ErrorCode::kNotFound, "there is no event with id '" + std::string(id) + "'", {}};
  }

  Result<std::vector<events::RoutedEvent>> list(const store::EventFilter& filter) override {
    event_filter = filter;
    if (fail) {
      return *fail;
    }
    auto found = all_events;
    found.resize(std::min(found.size(), filter.limit));
    return found;
  }

  Result<std::vector<store::DeadLetterRecord>> dead_letters(
      const store::DeadLetterFilter& filter) override {
    dead_filter = filter;
    auto found = all_dead;
    found.resize(std::min(found.size(), filter.limit));
    return found;
  }

  Result<store::DeadLetterRecord> dead_letter(std::int64_t id) override {
    for (const auto& each : all_dead) {
      if (each.id == id) {
        return each;
      }
    }
    return Error{ErrorCode::kNotFound, "there is no dead letter " + std::to_string(id), {}};
  }

  Result<std::uint64_t> count_dead_letters(const store::DeadLetterFilter&) override {
    return std::uint64_t{all_dead.size()};
  }

  Result<std::uint64_t> discard(const store::DeadLetterFilter& filter) override {
    dead_filter = filter;
    ++discards;
    return std::uint64_t{1};
  }

  Result<std::vector<store::AttemptRecord>> attempts(const store::AttemptFilter& filter) override {
    attempt_filter = filter;
    return all_attempts;
  }

  Result<std::vector<store::ReplayRecord>> replays() override { return all_replays; }

  Result<std::map<std::string, std::string>> state(events::SubscriberId) override {
    return std::map<std::string, std::string>();
  }

  Result<std::uint64_t> run_retention() override { return std::uint64_t{0}; }

  void set_options(const store::StoreOptions&) override {}

  [[nodiscard]] store::StoreStats stats() const override {
    store::StoreStats stats;
    stats.events = all_events.size();
    return stats;
  }
};

/// A dispatcher with one subscriber, `customer`; remembers what it was told.
class FakeDispatcher final : public delivery::Dispatcher {
 public:
  std::vector<std::string> calls;
  store::DeadLetterFilter retried;
  double rate = -1;
  delivery::ReplayRequest replayed;
  std::string asked;

  Result<void> start(std::vector<delivery::SubscriberSpec>) override { return {}; }

  Result<delivery::Reconfigured> reconfigure(std::vector<delivery::SubscriberSpec>,
                                             const std::vector<std::string>&,
                                             const std::function<void()>&,
                                             Duration) override {
    return delivery::Reconfigured{};
  }

  void interrupt() override {}

  void set_options(const delivery::DispatcherOptions&) override {}

  bool is_leaving(std::string_view) override { return false; }

  void on_committed(std::span<const events::RoutedEvent>) override {}

  void stop(MonoTime) override {}

  Result<void> pause(std::string_view subscriber, const std::string& reason) override {
    calls.push_back("pause " + std::string(subscriber) + ": " + reason);
    return {};
  }

  Result<void> resume(std::string_view subscriber) override {
    calls.push_back("resume " + std::string(subscriber));
    return {};
  }

  Result<std::uint64_t> retry_dead_letters(const store::DeadLetterFilter& filter,
                                           double per_second) override {
    retried = filter;
    rate = per_second;
    return std::uint64_t{4};
  }

  Result<std::uint64_t> replay(const delivery::ReplayRequest& request) override {
    replayed = request;
    return std::uint64_t{9};
  }

  Result<loader::QueryAnswer> query(std::string_view subscriber,
                                    std::string_view name,
                                    std::string_view parameters_json) override {
    asked = std::string(subscriber) + " " + std::string(name) + " " + std::string(parameters_json);
    if (name == "unknown") {
      return Error{ErrorCode::kNotFound, "there is no query 'unknown'", {}};
    }
    return loader::QueryAnswer{"text/csv", "a,b\n1,2\n"};
  }

  Result<std::string> queries_json(std::string_view) override {
    return std::string(R"([{"name":"totals"}])");
  }

  std::vector<delivery::SubscriberStats> stats() override {
    delivery::SubscriberStats customer;
    customer.name = "customer";
    customer.plugin = "webhook";
    customer.state = "running";
    customer.processed = 12;
    return {customer};
  }
};

class FakePlugins final : public loader::Plugins {
 public:
  std::vector<loader::PluginInfo> loaded;
  std::vector<loader::RefusedPlugin> turned_away;

  Result<std::unique_ptr<loader::Instance>> create(std::string_view,
                                                   const std::string&,
                                                   const std::string&,
                                                   loader::InstanceListener&) override {
    return Error{ErrorCode::kNotFound, "no such type", {}};
  }

  void serve(loader::HostServices&) override {}

  [[nodiscard]] std::shared_ptr<const loader::Catalogue> catalogue() const override {
    return nullptr;
  }

  void use(std::shared_ptr<const loader::Catalogue>) override {}

  [[nodiscard]] std::filesystem::path file_of(std::string_view) const override { return {}; }

  [[nodiscard]] const std::vector<loader::PluginInfo>& plugins() const override { return loaded; }

  [[nodiscard]] const std::vector<loader::RefusedPlugin>& refused() const override {
    return turned_away;
  }

  [[nodiscard]] const loader::TypeInfo* find_type(std::string_view) const override {
    return nullptr;
  }

  Result<void> validate(std::string_view, const std::string&) const override { return {}; }
};

/// The API over the fakes.
struct Api {
  FakeStore store;
  FakeDispatcher dispatcher;
  FakePlugins plugins;
  std::shared_ptr<const events::EventSchemas> schemas = std::make_shared<events::EventSchemas>();
  Metrics metrics;
  ManualClock clock;
  std::string not_ready;
  AdminApi api{AdminParts{store, dispatcher, plugins, metrics, clock, "1.2.3",
                          [this](std::string& why) {
                            why = not_ready;
                            return not_ready.empty();
                          },
                          [this] { return schemas; },
                          [] { return http::json_response("{\"routes\":3}"); }}};

  ApiResponse call(std::string method,
                   std::vector<std::string> path,
                   std::map<std::string, std::string> query = {}) {
    return api.handle(ApiRequest{std::move(method), std::move(path), std::move(query)});
  }
};

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace aev::admin::testing

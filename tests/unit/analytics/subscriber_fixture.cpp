#include "subscriber_fixture.h"

#include <chrono>
#include <cstdlib>
#include <future>
#include <stdexcept>

#include <Poco/JSON/Parser.h>
#include <catch2/catch.hpp>

namespace aev::analytics {

std::int64_t unix_now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "aev-analytics-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) {
    throw std::runtime_error("no temporary folder");
  }
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::unique_ptr<sdk::FakeHost> SubscriberFixture::new_host() {
  return std::make_unique<sdk::FakeHost>(aev_plugin_entry, "stats");
}

void SubscriberFixture::start(const std::string& more) {
  subscriber = std::make_unique<sdk::FakeSubscriber>(host->create(
      "analytics", R"({"file":")" + file + R"(","commit_interval":"1ms")" + more + "}"));
  subscriber->start();
}

void SubscriberFixture::offer(std::vector<sdk::FakeEvent> events) {
  offered += events.size();
  const std::size_t count = events.size();
  std::uint32_t accepted = 0;
  REQUIRE(subscriber->deliver(std::move(events), &accepted) == AEV_OK);
  REQUIRE(accepted == count);
}

void SubscriberFixture::deliver(std::vector<sdk::FakeEvent> events) {
  const std::size_t settled = host->settled().size() + events.size();
  offer(std::move(events));
  REQUIRE(host->wait_settled(settled));
  for (const sdk::FakeSettlement& each : host->settled()) {
    INFO(each.reason);
    REQUIRE(each.outcome == AEV_DELIVERED);
  }
  REQUIRE(host->violations().empty());
}

std::string SubscriberFixture::rebuild(const std::string& parameters) {
  auto asked = std::async(std::launch::async, [&]() -> std::string {
    try {
      return subscriber->query("rebuild", parameters);
    } catch (const std::exception& fault) {
      return fault.what();
    }
  });
  REQUIRE(host->wait(
      [&] { return asked.wait_for(std::chrono::seconds(0)) == std::future_status::ready; }));
  return asked.get();
}

std::string SubscriberFixture::wait_for_rebuild() {
  std::string state;
  REQUIRE(host->wait([&] {
    const auto status = Poco::JSON::Parser().parse(query("status"));
    state = status.extract<Poco::JSON::Object::Ptr>()->getObject("rebuild")->getValue<std::string>(
        "state");
    return state != "running";
  }));
  return state;
}

void SubscriberFixture::check_against(const Reference& reference) {
  for (const std::string granularity : {"minute", "hour", "day"}) {
    INFO(granularity);
    const std::string parameters = R"({"granularity":")" + granularity + "\"}";
    CHECK(lines_of(query("counts", parameters), "rows") == reference.counts(granularity));
    CHECK(lines_of(query("activity", parameters), "rows") == reference.activity(granularity));
  }
  CHECK(lines_of(query("debates"), "debates") == reference.debates());
  CHECK(lines_of(query("leaderboard"), "agents") == reference.leaderboard());
  CHECK(stats_lines_of(query("debate_stats")) == reference.debate_stats());
}

}  // namespace aev::analytics

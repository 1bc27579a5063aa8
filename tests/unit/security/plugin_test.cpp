#include <fstream>
#include <iterator>
#include <random>
#include <set>

#include <catch2/catch.hpp>

#include "desk_fixture.h"
#include "severity.h"

namespace aev::security {
namespace {

using namespace testing;

std::set<std::string> emitted_ids(const sdk::FakeHost& host) {
  std::set<std::string> ids;
  for (const sdk::FakeEmission& event : host.emitted()) {
    CHECK(ids.insert(event.id).second);
  }
  return ids;
}

TEST_CASE("five failures of an address raise one alert with its evidence", "[security]") {
  const Folder folder;
  sdk::FakeHost host(aev_plugin_entry, "desk");
  auto desk = host.create("security", config(folder));
  desk.start();
  for (int i = 1; i <= 7; ++i) {
    desk.deliver({failure(static_cast<std::uint64_t>(i), "10.0.0.1", i)});
  }
  REQUIRE(host.wait_settled(7));
  REQUIRE(host.wait([&] { return !host.emitted().empty(); }));
  const auto emitted = host.emitted();
  REQUIRE(emitted.size() == 1);
  CHECK(emitted[0].event_type == "threat_detected");
  CHECK(has(emitted[0].data, R"("evidence":["e1","e2","e3","e4","e5"])"));
  CHECK(has(emitted[0].data, R"("key":{"ip_address":"10.0.0.1"})"));
  CHECK(has(emitted[0].data, R"("first_seen":"2026-03-01T12:00:01Z")"));
  CHECK(has(desk.query("alerts", R"({"all":"true"})"), R"("rule":"failed-logins-per-address")"));
  CHECK(has(desk.query("alerts"), R"({"alerts":[]})"));  // it was long ago
  CHECK(host.metric(R"(aragora_security_alerts_total{rule="failed-logins-per-address"})") == 1);
  REQUIRE(host.wait([&] { return has(desk.query("status"), R"("outbox":0)"); }));
  REQUIRE(desk.stop());
  CHECK(host.violations().empty());
}

TEST_CASE("an event delivered again changes nothing", "[security]") {
  const Folder folder;
  for (int round = 0; round < 3; ++round) {
    sdk::FakeHost host(aev_plugin_entry, "desk");
    auto desk = host.create("security", config(folder));
    desk.start();
    desk.deliver({failure(1, "a", 1), failure(2, "a", 2), failure(3, "a", 3), failure(4, "a", 4)});
    desk.deliver({failure(2, "a", 2), failure(4, "a", 4)});
    REQUIRE(host.wait_settled(6));
    for (const auto& settled : host.settled()) {
      CHECK(settled.outcome == AEV_DELIVERED);
    }
    CHECK(has(desk.query("counts"), "\"total\":4}"));
    CHECK(host.emitted().empty());
    REQUIRE(desk.stop());
  }
  sdk::FakeHost host(aev_plugin_entry, "desk");
  auto desk = host.create("security", config(folder));
  desk.start();
  sdk::FakeEvent replay = failure(3, "a", 3);
  replay.flags = AEV_EVENT_REPLAY;
  desk.deliver({replay, failure(5, "a", 5)});
  REQUIRE(host.wait_settled(2));
  REQUIRE(host.settled().size() == 2);
  CHECK(host.settled()[0].outcome + host.settled()[1].outcome == AEV_SKIP + AEV_DELIVERED);
  REQUIRE(host.wait([&] { return host.emitted().size() == 1; }));
}

TEST_CASE("a stream cut by crashes raises the same alerts as one that was not", "[security]") {
  const std::string rules = R"("debates":{"enabled":false},"rules":[
    {"name":"a","events":["auth_failure"],"key":"ip_address","count":4,"within":"20s","cooldown":"15s"},
    {"name":"b","events":["auth_failure"],"key":"user_id","distinct":"ip_address","count":3,"within":"30s",
     "cooldown":"5s","emit":["threat_detected","alert_created"]}])";
  std::mt19937 random(7);
  std::vector<sdk::FakeEvent> events;
  for (std::uint64_t n = 1; n <= 400; ++n) {
    const int late = random() % 5 == 0 ? static_cast<int>(random() % 40) : 0;
    events.push_back(failure(n, "10.0.0." + std::to_string(random() % 6),
                             static_cast<int>(n) - late, "u" + std::to_string(random() % 3)));
  }
  const Folder whole;
  std::set<std::string> expected;
  std::string expected_alerts;
  {
    sdk::FakeHost host(aev_plugin_entry, "desk");
    auto desk = host.create("security", config(whole, rules));
    desk.start();
    desk.deliver(events);
    REQUIRE(host.wait_settled(events.size()));
    REQUIRE(host.wait([&] { return has(desk.query("status"), R"("outbox":0)"); }));
    expected = emitted_ids(host);
    expected_alerts = desk.query("alerts", R"({"all":"true","limit":"1000"})");
    REQUIRE(desk.stop());
  }
  REQUIRE(expected.size() > 30);

  const Folder cut;
  std::set<std::string> seen;
  std::size_t next = 0;
  while (next < events.size()) {
    sdk::FakeHost host(aev_plugin_entry, "desk");
    auto desk = host.create("security", config(cut, rules));
    desk.start();
    // Some of what was delivered before comes again, in the same batch as what is new.
    const std::size_t again = std::min<std::size_t>(next, random() % 20);
    const std::size_t count = std::min<std::size_t>(events.size() - next, 1 + random() % 40);
    std::size_t sent = 0;
    for (std::size_t i = next - again; i < next + count;) {
      const std::size_t size = std::min<std::size_t>(next + count - i, 1 + random() % 7);
      desk.deliver({events.begin() + static_cast<std::ptrdiff_t>(i),
                    events.begin() + static_cast<std::ptrdiff_t>(i + size)});
      i += size;
      sent += size;
    }
    REQUIRE(host.wait_settled(sent));
    next += count;
    if (next == events.size()) {
      REQUIRE(host.wait([&] { return has(desk.query("status"), R"("outbox":0)"); }));
      CHECK(desk.query("alerts", R"({"all":"true","limit":"1000"})") == expected_alerts);
    }
    if (random() % 3 == 0) {
      REQUIRE(desk.stop());
    }
    desk.destroy();  // without stop(): as if the process had been killed
    seen.merge(emitted_ids(host));
    CHECK(host.violations().empty());
  }
  CHECK(seen == expected);
}

TEST_CASE("what the host does not take is published later, with the same ids", "[security]") {
  const Folder folder;
  std::string id;
  {
    sdk::FakeHost host(aev_plugin_entry, "desk");
    auto desk = host.create("security", config(folder));
    desk.start();
    host.answer_emissions(AEV_OK, AEV_BUSY);
    desk.deliver({failure(1, "a", 1), failure(2, "a", 2), failure(3, "a", 3), failure(4, "a", 4),
                  failure(5, "a", 5)});
    REQUIRE(host.wait_settled(5));
    CHECK(has(desk.query("status"), R"("outbox":1)"));
    desk.destroy();
  }
  {
    sdk::FakeHost host(aev_plugin_entry, "desk");
    auto desk = host.create("security", config(folder));
    host.answer_emissions(AEV_BUSY, AEV_OK);
    desk.start();
    CHECK(has(desk.query("status"), R"("outbox":1)"));
    host.answer_emissions(AEV_OK, AEV_OK);
    REQUIRE(host.wait([&] { return host.emitted().size() == 1; }));
    id = host.emitted()[0].id;
    CHECK(id.starts_with("sec_"));
    REQUIRE(host.wait([&] { return has(desk.query("status"), R"("outbox":0)"); }));
    REQUIRE(desk.stop());
  }
  sdk::FakeHost host(aev_plugin_entry, "desk");
  auto desk = host.create("security", config(folder));
  desk.start();
  REQUIRE(desk.stop());
  CHECK(host.emitted().empty());
}

TEST_CASE("secrets of an event are in no file and no emission of the plugin", "[security]") {
  const Folder folder;
  const std::string key = std::string("AKIA") + "IOSFODNN7EXAMPLE";
  {
    sdk::FakeHost host(aev_plugin_entry, "desk");
    auto desk = host.create("security", config(folder, R"("rules":[{"name":"r","events":["leak"],
      "key":["user_id","password"],"emit":["threat_detected"]}])"));
    desk.start();
    sdk::FakeEvent event;
    event.event_type = "leak";
    event.data = R"({"user_id":")" + key +
                 R"(","password":"hunter2hunter2","metadata":{"x":["Bearer abc123DEF456"]},
      "findings":[{"severity":"high","title":"found )" +
                 key + R"(","token":"tttttttt"}]})";
    desk.deliver({event});
    REQUIRE(host.wait([&] { return host.emitted().size() == 1; }));
    const std::string data = host.emitted()[0].data;
    CHECK(has(data, "AKIA[masked:"));
    CHECK_FALSE(has(data, key));
    CHECK_FALSE(has(data, "hunter2"));
    const std::string recent = desk.query("recent");
    CHECK(has(recent, R"("password":"[masked]")"));
    CHECK(has(recent, R"("token":"[masked]")"));
    REQUIRE(desk.stop());
  }
  for (const auto& each : std::filesystem::directory_iterator(folder.file(""))) {
    std::ifstream in(each.path(), std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    INFO(each.path());
    for (const std::string secret : {key.c_str(), "hunter2", "abc123DEF456", "tttttttt"}) {
      CHECK_FALSE(has(content, secret));
    }
  }
}

TEST_CASE("queries filter and refuse what they do not understand", "[security]") {
  const Folder folder;
  sdk::FakeHost host(aev_plugin_entry, "desk");
  auto desk = host.create("security", config(folder));
  CHECK_THROWS_WITH(desk.query("recent"), Catch::Contains("has never run"));
  CHECK_THROWS(desk.query("status"));
  desk.start();
  std::vector<sdk::FakeEvent> events;
  for (int i = 0; i < 5; ++i) {
    sdk::FakeEvent event = failure(static_cast<std::uint64_t>(i) + 1, "a" + std::to_string(i), i);
    event.data.back() = ',';
    event.data += std::string(R"("severity":")") +
                  std::string(kSeverityNames[static_cast<std::size_t>(i)]) + "\"}";
    event.event_type = i % 2 == 0 ? "auth_failure" : "suspicious_activity";
    events.push_back(event);
  }
  desk.deliver(events);
  REQUIRE(host.wait_settled(5));
  const auto count = [&](const std::string& parameters) {
    const std::string text = desk.query("recent", parameters);
    std::size_t found = 0;
    for (std::size_t at = text.find("\"kind\""); at != std::string::npos;
         at = text.find("\"kind\"", at + 1)) {
      ++found;
    }
    return found;
  };
  CHECK(count("{}") == 5);
  CHECK(count(R"({"min_severity":"high"})") == 2);
  CHECK(count(R"({"event_type":"auth_failure","min_severity":"medium"})") == 2);
  CHECK(count(R"({"limit":"3"})") == 3);
  CHECK(count(R"({"since":"2026-03-01T12:00:03Z"})") == 2);
  CHECK(has(desk.query("recent", R"({"limit":"1"})"), R"("event_id":"e5")"));
  CHECK(has(desk.query("counts"), R"("event_type":"auth_failure","severity":"info","events":1)"));
  for (const auto& [parameters, path] :
       {std::pair(R"({"limit":"0"})", "/limit"), std::pair(R"({"limit":"x"})", "/limit"),
        std::pair(R"({"min_severity":"huge"})", "/min_severity"),
        std::pair(R"({"since":"yesterday"})", "/since")}) {
    try {
      static_cast<void>(desk.query("recent", parameters));
      FAIL(parameters);
    } catch (const sdk::ConfigError& error) {
      CHECK(error.path() == path);
    }
  }
  CHECK_THROWS_AS(desk.query("nothing"), sdk::UnknownQuery);
  std::string type;
  CHECK(has(desk.query("public_key", "{}", &type), "BEGIN PUBLIC KEY"));
}

TEST_CASE("data that is large or strange is recorded all the same", "[security]") {
  const Folder folder;
  const std::string rules = R"("audit":{"max_entry_data":256},"rules":[{"name":"r","events":["t"],
    "key":["user_id","metadata.country"],"count":2,"within":"1m"}],"debates":{"enabled":false})";
  const auto make = [](const std::string& data, const std::string& type = "application/json") {
    sdk::FakeEvent event;
    event.event_type = "t";
    event.data = data;
    event.content_type = type;
    return event;
  };
  const std::string large =
      R"({"user_id":"u","metadata":{"country":"fr"},"filler":")" + std::string(5000, 'x') + "\"}";
  {
    sdk::FakeHost host(aev_plugin_entry, "desk");
    auto desk = host.create("security", config(folder, rules));
    desk.start();
    desk.deliver({make(""), make("[1,2]"), make("\"text\""), make("17"),
                  make("\xff\x00", "image/png"), make("{}"),
                  make(std::string(400, '[') + std::string(400, ']')), make(large)});
    REQUIRE(host.wait_settled(8));
    CHECK(has(desk.query("recent"), "omitted_bytes"));
    desk.destroy();
  }
  sdk::FakeHost host(aev_plugin_entry, "desk");
  auto desk = host.create("security", config(folder, rules));
  desk.start();
  sdk::FakeEvent second = make(large);
  second.seq = 100;
  desk.deliver({second});
  // The window was got back from an entry that holds the rules' fields only.
  REQUIRE(host.wait([&] { return host.emitted().size() == 1; }));
  CHECK(has(host.emitted()[0].data, R"("key":{"user_id":"u","metadata.country":"fr"})"));
  REQUIRE(desk.stop());
}

TEST_CASE("while the file cannot be written events wait, and then all is as if it could",
          "[security]") {
  const Folder folder;
  sdk::FakeHost host(aev_plugin_entry, "desk");
  auto desk = host.create("security", config(folder));
  desk.start();
  desk.deliver({failure(1, "a", 1), failure(2, "a", 2), failure(3, "a", 3)});
  REQUIRE(host.wait_settled(3));
  {
    Database other(folder.file("desk.db"), Database::Mode::kWrite);
    other.run("BEGIN IMMEDIATE");
    desk.deliver({failure(4, "a", 4), failure(5, "a", 5)});
    REQUIRE(host.wait_settled(5));
    other.run("ROLLBACK");
  }
  CHECK(host.settled()[3].outcome == AEV_NOT_CONNECTED);
  CHECK(has(host.settled()[3].reason, "another subscriber"));
  CHECK(host.emitted().empty());
  desk.deliver({failure(4, "a", 4), failure(5, "a", 5)});
  REQUIRE(host.wait_settled(7));
  CHECK(host.settled()[6].outcome == AEV_DELIVERED);
  REQUIRE(host.wait([&] { return host.emitted().size() == 1; }));
  CHECK(has(host.emitted()[0].data, R"("evidence":["e1","e2","e3","e4","e5"])"));
  CHECK(has(desk.query("counts"), "\"total\":5}"));
  REQUIRE(desk.stop());
  CHECK(has(desk.query("audit_verify"), R"("intact":true)"));
}

TEST_CASE("a file that cannot be used stops the start with a reason", "[security]") {
  const Folder folder;
  std::ofstream(folder.file("desk.db")) << std::string(4096, 'x');
  sdk::FakeHost host(aev_plugin_entry, "desk");
  auto desk = host.create("security", config(folder));
  CHECK_THROWS_WITH(desk.start(), Catch::Contains("keep the file as evidence"));
}

}  // namespace
}  // namespace aev::security

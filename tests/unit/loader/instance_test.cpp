// Instances of a plugin that keeps the contract.

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "zoo_keeper.h"

namespace aev::loader {

using Catch::Matchers::Contains;
using Sentences = std::vector<std::string>;

TEST_CASE("a type that no plugin offers is not found", "[loader]") {
  zoo::Cage cage;
  const auto created = cage.plugins->create("nobody", "tester", "{}", cage.ear);
  REQUIRE_FALSE(created);
  CHECK(created.error().code == ErrorCode::kNotFound);
  CHECK_THAT(created.error().message, Contains("\"nobody\"") && Contains("plugins list"));
}

TEST_CASE("a configuration that the plugin refuses is an error with a pointer", "[loader]") {
  zoo::Cage cage;
  const auto created = cage.plugins->create("actor", "tester", R"({"part":"villain"})", cage.ear);
  REQUIRE_FALSE(created);
  CHECK(created.error().code == ErrorCode::kInvalid);
  CHECK(created.error().pointer == "/part");
  CHECK(created.error().message == "that part is taken: choose another");
}

TEST_CASE("a refusal without a reason still says what happened", "[loader]") {
  zoo::Cage cage;
  const auto created =
      cage.plugins->create("actor", "tester", R"({"part":"silent_refusal"})", cage.ear);
  REQUIRE_FALSE(created);
  CHECK_THAT(created.error().message, Contains("without saying why"));
}

TEST_CASE("limits are lowered by the plugin, never raised, and never nothing", "[loader]") {
  zoo::Cage cage;
  const auto instance = cage.start("greedy");
  const Limits limits = cage.ear.limits();
  CHECK(limits.max_batch_events == 100);
  CHECK(limits.max_batch_bytes == 1);
  CHECK(limits.max_in_flight_batches == 2);
  CHECK(limits.timeout == std::chrono::seconds(30));
}

TEST_CASE("results inside deliver() are reported when it has returned", "[loader]") {
  zoo::Cage cage;
  const auto instance = cage.start("sync");
  instance->deliver(zoo::lease(7, 3));
  CHECK(cage.ear.hears("settled 7:0+3 delivered"));
  CHECK(cage.ear.heard() == Sentences{"started", "settled 7:0+3 delivered"});
}

TEST_CASE("leases given before the start has ended wait for it", "[loader]") {
  zoo::Cage cage;
  const auto instance = cage.create("sync");
  instance->deliver(zoo::lease(7, 3));
  instance->start(Limits{});
  CHECK(cage.ear.hears("settled 7:0+3 delivered"));
  CHECK(cage.ear.heard() == Sentences{"started", "settled 7:0+3 delivered"});
}

TEST_CASE("results come one by one, in any order, from a thread of the plugin", "[loader]") {
  zoo::Cage cage;
  const auto instance = cage.start("reverse");
  instance->deliver(zoo::lease(7, 3));
  REQUIRE(cage.ear.hears_settled(3));
  CHECK(cage.ear.heard() == Sentences{"started", "settled 7:2+1 delivered", "settled 7:1+1 retry",
                                      "settled 7:0+1 delivered"});
  const Settlement retried = cage.ear.settlements()[1];
  CHECK(retried.throttle);
  CHECK_FALSE(retried.disable);
  CHECK_FALSE(retried.plugin_fault);
  CHECK(retried.retry_after == std::chrono::milliseconds(1500));
  CHECK(retried.code == 503);
  CHECK(retried.reason == "busy");
}

TEST_CASE("events that the plugin does not take go back to the host", "[loader]") {
  zoo::Cage cage;
  const auto instance = cage.start("partial");
  instance->deliver(zoo::lease(7, 10));
  REQUIRE(cage.ear.hears("settled 7:0+5 delivered"));
  CHECK(cage.ear.heard() == Sentences{"started", "accepted 7:5", "settled 7:0+5 delivered"});
}

TEST_CASE("a busy plugin says when it is ready", "[loader]") {
  zoo::Cage cage;
  const auto instance = cage.start("busy");
  instance->deliver(zoo::lease(7, 2));
  REQUIRE(cage.ear.hears("accepted 7:0 busy"));
  REQUIRE(cage.ear.hears("ready"));
  instance->deliver(zoo::lease(8, 2));
  CHECK(cage.ear.hears("settled 8:0+2 delivered"));
}

TEST_CASE("an event crosses with all that it has", "[loader]") {
  zoo::Cage cage;
  const auto instance = cage.start("recite");
  instance->deliver(zoo::lease(7, 2));
  REQUIRE(cage.ear.hears_settled(2));
  const auto settlements = cage.ear.settlements();
  CHECK(settlements[0].reason ==
        R"(100|e0|consensus|d1|test|d1|application/json|{"n":1}|2|0|42|round=3)");
  CHECK(settlements[1].reason ==
        R"(101|e1|consensus|d1|test|d1|application/json|{"n":1}|2|1|42|round=3)");
}

TEST_CASE("results are walked by their stride, and unknown outcomes are retries", "[loader]") {
  zoo::Cage cage;
  const auto instance = cage.start("strided");
  instance->deliver(zoo::lease(7, 4));
  REQUIRE(cage.ear.hears_settled(4));
  CHECK(cage.ear.heard() == Sentences{"started", "settled 7:0+1 delivered", "settled 7:1+3 retry"});
}

TEST_CASE("a reason is cut to 1 KiB between characters and made valid", "[loader]") {
  zoo::Cage cage;
  const auto instance = cage.start("long_reason");
  instance->deliver(zoo::lease(7, 1));
  REQUIRE(cage.ear.hears("settled 7:0+1 reject"));
  const std::string reason = cage.ear.settlements()[0].reason;
  // U+FFFD and x take four bytes; 510 characters of two bytes fill the rest.
  CHECK(reason.size() == 1024);
  CHECK(reason.substr(0, 6) == "\xEF\xBF\xBDx\xC3\xA9");
  CHECK(reason.substr(1022) == "\xC3\xA9");
}

TEST_CASE("a plugin logs with the subscriber's name and keeps its series in the host's metrics",
          "[loader]") {
  zoo::Cage cage;
  const auto instance = cage.start("sings");
  CHECK_THAT(cage.log.text(),
             Contains("WARN plugin: sang to the host subscriber=tester bad_key_=v refused=3"));
  CHECK_THAT(cage.log.text(), !Contains("whispered"));
  const std::string metrics = cage.metrics.expose();
  CHECK_THAT(metrics, Contains("aragora_zoo_sung_total{verse=\"two\"} 3"));
  CHECK_THAT(metrics, Contains("aragora_zoo_level 7"));
  CHECK_THAT(metrics, Contains("aragora_zoo_time_seconds_bucket{le=\"2\"} 1"));
}

TEST_CASE("two instances of a plugin live side by side", "[loader]") {
  zoo::Cage cage;
  zoo::Ear other_ear;
  const auto one = cage.start("sync");
  auto other = cage.plugins->create("actor-2", "other", R"({"part":"reverse"})", other_ear);
  REQUIRE(other);
  (*other)->start(Limits{});
  (*other)->deliver(zoo::lease(8, 2));
  one->deliver(zoo::lease(7, 1));
  CHECK(cage.ear.hears("settled 7:0+1 delivered"));
  CHECK(other_ear.hears("settled 8:0+1 delivered"));
  CHECK(cage.ear.settlements().size() == 1);
}

}  // namespace aev::loader

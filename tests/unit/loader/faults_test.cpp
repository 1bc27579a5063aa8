// Plugins that break the contract: each is named, and the host lives on.

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "zoo_keeper.h"

namespace aev::loader {
namespace {

using Catch::Matchers::Contains;
using Sentences = std::vector<std::string>;

/// The host works: another instance of the same plugins delivers.
void check_host_lives(zoo::Cage& cage) {
  zoo::Ear ear;
  auto instance = cage.plugins->create("actor", "survivor", R"({"part":"sync"})", ear);
  REQUIRE(instance);
  (*instance)->start(Limits{});
  (*instance)->deliver(zoo::lease(99, 1));
  CHECK(ear.hears("settled 99:0+1 delivered"));
}

std::string violations(const char* kind, int times) {
  return std::string("aragora_plugin_contract_violations_total{kind=\"") + kind +
         "\",subscriber=\"tester\"} " + std::to_string(times);
}

}  // namespace

TEST_CASE("an instance without a required function is refused", "[loader]") {
  zoo::Cage cage;
  const auto created =
      cage.plugins->create("actor", "tester", R"({"part":"incomplete"})", cage.ear);
  REQUIRE_FALSE(created);
  CHECK(created.error().code == ErrorCode::kInternal);
  CHECK_THAT(created.error().message, Contains("without start, deliver, stop or destroy"));
  check_host_lives(cage);
}

TEST_CASE("an exception out of create() is an error", "[loader]") {
  zoo::Cage cage("throws");
  const auto created = cage.plugins->create("throws", "tester", "create", cage.ear);
  REQUIRE_FALSE(created);
  CHECK(created.error().code == ErrorCode::kInternal);
  CHECK_THAT(created.error().message,
             Contains("create() let an exception escape: thrown in create"));
}

TEST_CASE("an exception out of start() fails the instance", "[loader]") {
  zoo::Cage cage("throws");
  const auto instance = cage.create("start");
  instance->start(Limits{});
  REQUIRE(cage.ear.hears("failed"));
  CHECK(cage.ear.heard() == Sentences{"not started", "failed"});
  CHECK_THAT(cage.ear.error().message, Contains("start() let an exception escape"));
}

TEST_CASE("an exception out of deliver() fails the instance, and its events are retried",
          "[loader]") {
  zoo::Cage cage("throws");
  const auto instance = cage.start("deliver");
  instance->deliver(zoo::lease(7, 2));
  REQUIRE(cage.ear.hears("failed"));
  CHECK(cage.ear.heard() == Sentences{"started", "settled 7:0+2 retry fault", "failed"});
  CHECK_THAT(cage.ear.error().message, Contains("thrown in deliver"));
  CHECK_THAT(cage.log.text(), Contains("a plugin instance has failed subscriber=tester"));
}

TEST_CASE("an exception that is not a std::exception is contained as well", "[loader]") {
  zoo::Cage cage("throws");
  const auto instance = cage.start("nowhere else");
  instance->deliver(zoo::lease(7, 1));
  REQUIRE(cage.ear.hears("failed"));
  CHECK_THAT(cage.ear.error().message, Contains("an exception of an unknown type"));
}

TEST_CASE("exceptions out of stop() and destroy() do not keep an instance from stopping",
          "[loader]") {
  zoo::Cage cage("throws");
  const auto instance = cage.start("stop destroy");
  instance->stop(cage.clock.mono_now() + std::chrono::hours(1));
  CHECK(cage.ear.hears("stopped"));
}

TEST_CASE("a failed start is reported with the plugin's reason", "[loader]") {
  zoo::Cage cage;
  const auto instance = cage.create("fail_start");
  instance->start(Limits{});
  REQUIRE(cage.ear.hears("failed"));
  CHECK(cage.ear.heard() == Sentences{"not started", "failed"});
  CHECK(cage.ear.error().code == ErrorCode::kInvalid);
  CHECK(cage.ear.error().message == "the address cannot be parsed (code 17)");
  CHECK(cage.ear.error().pointer == "/url");
  check_host_lives(cage);
}

TEST_CASE("a plugin that asks to be restarted is destroyed and its events are retried",
          "[loader]") {
  zoo::Cage cage;
  const auto instance = cage.start("failed");
  instance->deliver(zoo::lease(7, 2));
  REQUIRE(cage.ear.hears("failed"));
  CHECK(cage.ear.heard() == Sentences{"started", "settled 7:0+2 retry fault", "failed"});
  CHECK(cage.ear.error().message == "lost my state");
  check_host_lives(cage);
}

TEST_CASE("a lease for an instance that is gone comes back", "[loader]") {
  zoo::Cage cage;
  const auto instance = cage.start("failed");
  instance->deliver(zoo::lease(7, 1));
  REQUIRE(cage.ear.hears("failed"));
  instance->deliver(zoo::lease(8, 1));
  CHECK(cage.ear.hears("accepted 8:0"));
  instance->stop(cage.clock.mono_now());
  CHECK(cage.ear.hears("stopped"));
}

TEST_CASE("completing twice is dropped and counted", "[loader]") {
  zoo::Cage cage;
  const auto instance = cage.start("twice");
  instance->deliver(zoo::lease(7, 3));
  REQUIRE(cage.ear.hears_settled(3));
  instance->deliver(zoo::lease(8, 3));
  REQUIRE(cage.ear.hears("settled 8:0+3 delivered"));
  CHECK(cage.ear.settlements().size() == 2);
  CHECK_THAT(cage.metrics.expose(), Contains(violations("completed_twice", 2)));
  CHECK_THAT(cage.log.text(), Contains("subscriber=tester detail=\"batch 7\""));
  CHECK_THAT(cage.log.text(), !Contains("batch 8"));  // the same again within ten seconds
  check_host_lives(cage);
}

TEST_CASE("completing a foreign batch is dropped and counted", "[loader]") {
  zoo::Cage cage;
  const auto instance = cage.start("foreign");
  instance->deliver(zoo::lease(7, 3));
  REQUIRE(cage.ear.hears_settled(3));
  CHECK(cage.ear.heard() == Sentences{"started", "settled 7:0+3 delivered"});
  CHECK_THAT(cage.metrics.expose(), Contains(violations("foreign_batch", 1)));
}

TEST_CASE("of a range that is too long, the events that exist count", "[loader]") {
  zoo::Cage cage;
  const auto instance = cage.start("range");
  instance->deliver(zoo::lease(7, 3));
  REQUIRE(cage.ear.hears("settled 7:0+3 delivered"));
  CHECK_THAT(cage.metrics.expose(), Contains(violations("out_of_range", 1)));
}

TEST_CASE("results that cannot be read are dropped and counted", "[loader]") {
  zoo::Cage cage;
  const auto instance = cage.start("bad_results");
  instance->deliver(zoo::lease(7, 3));
  REQUIRE(cage.ear.hears("settled 7:0+3 delivered"));
  CHECK_THAT(cage.metrics.expose(), Contains(violations("bad_results", 2)));
}

TEST_CASE("completing what was not accepted is dropped", "[loader]") {
  zoo::Cage cage;
  const auto instance = cage.start("cheat");
  instance->deliver(zoo::lease(7, 3));
  REQUIRE(cage.ear.hears("settled 7:0+1 delivered"));
  CHECK(cage.ear.heard() == Sentences{"started", "accepted 7:1", "settled 7:0+1 delivered"});
  CHECK(cage.ear.hears_settled(1));
}

TEST_CASE("accepting more than there is counts as accepting all", "[loader]") {
  zoo::Cage cage;
  const auto instance = cage.start("too_many");
  instance->deliver(zoo::lease(7, 3));
  REQUIRE(cage.ear.hears("settled 7:0+3 delivered"));
  CHECK(cage.ear.heard() == Sentences{"started", "settled 7:0+3 delivered"});
  CHECK_THAT(cage.metrics.expose(), Contains(violations("accepted_too_many", 1)));
}

TEST_CASE("threads that complete the same events at once settle each once", "[loader]") {
  zoo::Cage cage;
  const auto instance = cage.start("race");
  instance->deliver(zoo::lease(7, 100));
  REQUIRE(cage.ear.hears_settled(100));
  std::vector<unsigned> times(100);
  for (const Settlement& settlement : cage.ear.settlements()) {
    REQUIRE(settlement.count == 1);
    ++times.at(settlement.first);
  }
  CHECK(times == std::vector<unsigned>(100, 1));
}

TEST_CASE("a plugin whose deliver() fails three times in a row is given up", "[loader]") {
  zoo::Cage cage;
  const auto instance = cage.start("error");
  instance->deliver(zoo::lease(1, 2));
  REQUIRE(cage.ear.hears("accepted 1:0 busy"));
  instance->deliver(zoo::lease(2, 2));
  instance->deliver(zoo::lease(3, 2));
  REQUIRE(cage.ear.hears("failed"));
  CHECK(cage.ear.heard() == Sentences{"started", "accepted 1:0 busy", "accepted 2:0 busy",
                                      "accepted 3:0 busy", "failed"});
  CHECK_THAT(cage.ear.error().message, Contains("3 times in a row"));
  CHECK_THAT(cage.metrics.expose(), Contains(violations("deliver_failed", 3)));
  check_host_lives(cage);
}

TEST_CASE("saying stopped without being asked is ignored and counted", "[loader]") {
  zoo::Cage cage;
  const auto instance = cage.start("early_stopped");
  CHECK_THAT(cage.metrics.expose(), Contains(violations("stopped_early", 1)));
  instance->deliver(zoo::lease(7, 1));
  CHECK(cage.ear.hears("settled 7:0+1 delivered"));
}

TEST_CASE("a plugin that hangs in deliver() is warned of, then given up", "[loader]") {
  zoo::Cage cage;
  const auto instance = cage.start("half_then_hang");
  instance->deliver(zoo::lease(7, 3));
  instance->deliver(zoo::lease(8, 2));  // never seen by the plugin
  REQUIRE(cage.ear.hears("ready"));
  cage.clock.advance(std::chrono::seconds(2));
  REQUIRE(cage.log.gets("a plugin call takes long"));
  CHECK_THAT(cage.log.text(), Contains("function=deliver"));
  REQUIRE(cage.hears_in_time("failed"));
  CHECK(cage.ear.heard() == Sentences{"started", "ready", "settled 7:0+1 delivered",
                                      "settled 7:1+2 retry fault", "settled 8:0+2 retry fault",
                                      "failed"});
  CHECK_THAT(cage.ear.error().message, Contains("the plugin hangs: deliver()"));
  CHECK_THAT(cage.metrics.expose(),
             Contains("aragora_plugin_hangs_total{subscriber=\"tester\"} 1"));
  instance->deliver(zoo::lease(9, 1));
  CHECK(cage.ear.hears("accepted 9:0"));
  check_host_lives(cage);
}

TEST_CASE("a plugin that hangs in start() is given up", "[loader]") {
  zoo::Cage cage;
  const auto instance = cage.create("hang_start");
  instance->start(Limits{});
  REQUIRE(cage.ear.hears("ready"));
  REQUIRE(cage.hears_in_time("failed"));
  CHECK_THAT(cage.ear.error().message, Contains("the plugin hangs: start()"));
  check_host_lives(cage);
}

}  // namespace aev::loader

// How instances end, in order and otherwise.

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "zoo_keeper.h"

namespace aev::loader {
namespace {

using Catch::Matchers::Contains;
using Sentences = std::vector<std::string>;

constexpr Duration kLater = std::chrono::hours(1);

}  // namespace

TEST_CASE("an instance stops in order", "[loader]") {
  zoo::Cage cage;
  const auto instance = cage.start("sync");
  instance->deliver(zoo::lease(7, 1));
  REQUIRE(cage.ear.hears_settled(1));
  instance->stop(cage.clock.mono_now() + kLater);
  REQUIRE(cage.ear.hears("stopped"));
  CHECK(cage.ear.heard() == Sentences{"started", "settled 7:0+1 delivered", "stopped"});
}

TEST_CASE("an instance that was never started stops at once", "[loader]") {
  zoo::Cage cage;
  const auto instance = cage.create("no_stop");
  instance->deliver(zoo::lease(7, 1));
  instance->stop(cage.clock.mono_now() + kLater);
  REQUIRE(cage.ear.hears("stopped"));
  CHECK(cage.ear.heard() == Sentences{"accepted 7:0", "stopped"});
}

TEST_CASE("events left open by an orderly stop are retried without blame", "[loader]") {
  zoo::Cage cage;
  const auto instance = cage.start("never");
  instance->deliver(zoo::lease(7, 3));
  REQUIRE(cage.ear.hears("ready"));
  instance->stop(cage.clock.mono_now() + kLater);
  REQUIRE(cage.ear.hears("stopped"));
  CHECK(cage.ear.heard() == Sentences{"started", "ready", "settled 7:0+3 retry", "stopped"});
  CHECK_THAT(cage.log.text(), Contains("plugin said that it stopped with events not completed"));
}

TEST_CASE("a plugin that does not say stopped is destroyed at the deadline", "[loader]") {
  zoo::Cage cage;
  const auto instance = cage.start("no_stop");
  instance->stop(cage.clock.mono_now() + std::chrono::seconds(10));
  REQUIRE(cage.hears_in_time("stopped"));
  CHECK_THAT(cage.log.text(), Contains("did not say that it stopped before the deadline"));
}

TEST_CASE("a plugin that hangs in stop() is given up soon after the deadline", "[loader]") {
  zoo::Cage cage;
  const auto instance = cage.start("hang_stop");
  const MonoTime deadline = cage.clock.mono_now() + std::chrono::milliseconds(1500);
  instance->stop(deadline);
  REQUIRE(cage.ear.hears("ready"));
  REQUIRE(cage.hears_in_time("stopped"));
  CHECK_THAT(cage.log.text(), Contains("the plugin hangs: stop()"));
}

TEST_CASE("a plugin that hangs in destroy() is given up", "[loader]") {
  zoo::Cage cage;
  const auto instance = cage.start("hang_destroy");
  instance->stop(cage.clock.mono_now() + kLater);
  REQUIRE(cage.ear.hears("ready"));
  REQUIRE(cage.hears_in_time("stopped"));
  CHECK_THAT(cage.log.text(), Contains("the plugin hangs: destroy()"));
}

TEST_CASE("dropping a running instance stops it first", "[loader]") {
  zoo::Cage cage;
  auto instance = cage.start("sync");
  instance.reset();
  CHECK(cage.ear.heard() == Sentences{"started", "stopped"});
}

TEST_CASE("dropping an instance that never says stopped comes to an end", "[loader]") {
  zoo::Cage cage;
  auto instance = cage.start("no_stop");
  instance.reset();
  CHECK(cage.ear.heard() == Sentences{"started", "stopped"});
}

TEST_CASE("dropping a hung instance comes to an end while its clock stands still", "[loader]") {
  zoo::Cage cage;
  auto instance = cage.start("hang_stop");
  instance.reset();
  CHECK(cage.ear.heard().back() == "stopped");
  CHECK_THAT(cage.metrics.expose(), Contains("aragora_plugin_hangs_total"));
}

TEST_CASE("dropping an instance that has failed says nothing more", "[loader]") {
  zoo::Cage cage;
  auto instance = cage.create("fail_start");
  instance->start(Limits{});
  REQUIRE(cage.ear.hears("failed"));
  instance.reset();
  CHECK(cage.ear.heard() == Sentences{"not started", "failed"});
}

}  // namespace aev::loader

#include <random>

#include <catch2/catch.hpp>

#include "generated_events.h"
#include "subscriber_fixture.h"

namespace aev::analytics {
namespace {

using Events = std::vector<sdk::FakeEvent>;

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("a rebuild comes to the same figures, with events coming in meanwhile") {
  const auto seed = std::random_device()();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  const std::int64_t now = unix_now_ns();
  const Events events = generate_events(random, 4000, now);
  SubscriberFixture fixture;
  for (const sdk::FakeEvent& event : events) {
    fixture.host->add_history(event);
  }
  fixture.start();
  const auto part = [&](std::ptrdiff_t from, std::ptrdiff_t to) {
    return Events(events.begin() + from, events.begin() + to);
  };
  fixture.deliver(part(0, 2500));
  CHECK(says(fixture.rebuild(), R"("state":"running")"));
  for (std::ptrdiff_t at = 2500; at < 4000; at += 100) {
    fixture.offer(part(at, at + 100));
  }
  CHECK(fixture.wait_for_rebuild() == "done");
  REQUIRE(fixture.host->wait_settled(4000));
  fixture.check_against(Reference(events, now));

  // And once more over the rebuilt file, delivered again on top.
  CHECK(says(fixture.rebuild(), R"("state":"running")"));
  CHECK(fixture.wait_for_rebuild() == "done");
  fixture.deliver(part(0, 4000));
  fixture.check_against(Reference(events, now));
  CHECK(fixture.host->violations().empty());
}

TEST_CASE("a rebuild mends figures that were lost") {
  std::mt19937_64 random(7);
  const std::int64_t now = unix_now_ns();
  const Events events = generate_events(random, 500, now);
  SubscriberFixture fixture;
  fixture.start();
  fixture.deliver(events);
  REQUIRE(fixture.subscriber->stop());
  fixture.crash();
  fixture.file = fixture.folder.file("new.db");
  fixture.start();
  CHECK(says(fixture.rebuild(), R"("state":"running")"));
  CHECK(fixture.wait_for_rebuild() == "done");
  fixture.check_against(Reference(events, now));
}

TEST_CASE("a rebuild that would lose figures is refused unless it is asked for") {
  std::mt19937_64 random(11);
  const std::int64_t now = unix_now_ns();
  const Events events = generate_events(random, 300, now);
  SubscriberFixture fixture;
  fixture.start();
  fixture.deliver(events);
  fixture.host->remove_history(100);
  const std::string refusal = fixture.rebuild();
  CHECK(says(refusal, "its oldest is seq 101"));
  CHECK(says(refusal, "partial=true"));
  fixture.check_against(Reference(events, now));
  CHECK(says(fixture.query("status"), R"("state":"refused")"));

  CHECK(says(fixture.rebuild(R"({"partial":"true"})"), R"("partial":true)"));
  CHECK(fixture.wait_for_rebuild() == "done");
  fixture.check_against(Reference(Events(events.begin() + 100, events.end()), now));
  // Now the figures come from what the log has, so nothing would be lost.
  CHECK(says(fixture.rebuild(), R"("state":"running")"));
  CHECK(fixture.wait_for_rebuild() == "done");
}

TEST_CASE("events that are gone from among others are missed too") {
  std::mt19937_64 random(17);
  const std::int64_t now = unix_now_ns();
  const Events events = generate_events(random, 9000, now);
  SubscriberFixture fixture;
  for (const sdk::FakeEvent& event : events) {
    fixture.host->add_history(event);
  }
  fixture.start();
  fixture.deliver(events);
  fixture.host->remove_history(40);
  for (const std::size_t held : {0u, 6u}) {
    fixture.host->add_history(events[held]);
  }
  CHECK(says(fixture.rebuild(), R"("state":"running")"));
  CHECK(fixture.wait_for_rebuild() == "refused");
  CHECK(says(fixture.query("status"), "38 events that were counted are no longer"));
  fixture.check_against(Reference(events, now));
}

TEST_CASE("a rebuild that is cut off leaves the old figures and no file behind") {
  std::mt19937_64 random(13);
  const std::int64_t now = unix_now_ns();
  const Events events = generate_events(random, 1000, now);
  SubscriberFixture fixture;
  fixture.start();
  fixture.deliver(events);
  CHECK(says(fixture.rebuild(), R"("state":"running")"));
  fixture.host->hold_answers();
  fixture.crash();
  fixture.host->release_answers();
  fixture.start();
  fixture.deliver({{.seq = 1, .event_type = "vote"}});
  fixture.check_against(Reference(events, now));
  std::size_t files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(fixture.file).parent_path())) {
    INFO(entry.path());
    CHECK(entry.path().string().starts_with(fixture.file));
    ++files;
  }
  CHECK(files <= 3);
  CHECK(says(fixture.query("status"), R"("rebuild":{"state":"none"})"));
}

TEST_CASE("before the log is known nothing is rebuilt, and a wrong parameter is named") {
  SubscriberFixture fixture;
  fixture.host->hold_answers();
  fixture.start();
  CHECK(says(fixture.rebuild(), "has not shown its log yet"));
  fixture.host->release_answers();
  CHECK(says(fixture.rebuild(R"({"partial":"perhaps"})"), "expected one of false, true"));
  CHECK(fixture.subscriber->stop());
  CHECK(says(fixture.rebuild(), "being stopped"));
}

}  // namespace
}  // namespace aev::analytics

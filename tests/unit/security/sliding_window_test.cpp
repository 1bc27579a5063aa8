#include "sliding_window.h"

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <vector>

#include <catch2/catch.hpp>

namespace aev::security {
namespace {

/// The obvious way: looks at every span of all events ever added.
bool recomputed(const WindowRule& rule,
                const std::vector<WindowEvent>& all,
                const WindowEvent& added) {
  for (const WindowEvent& start : all) {
    const std::int64_t end = start.time_ns + rule.within_ns;
    if (added.time_ns < start.time_ns || added.time_ns > end) {
      continue;
    }
    std::size_t events = 0;
    std::set<std::uint64_t> values;
    for (const WindowEvent& each : all) {
      if (each.time_ns >= start.time_ns && each.time_ns <= end) {
        ++events;
        values.insert(each.value);
      }
    }
    if ((rule.distinct ? values.size() : events) >= rule.count) {
      return true;
    }
  }
  return false;
}

TEST_CASE("a window agrees with a recomputation over everything", "[window]") {
  for (unsigned seed = 0; seed < 60; ++seed) {
    std::mt19937 random(seed);
    const bool distinct = seed % 2 == 1;
    const WindowRule rule{2 + seed % 5, 50 + static_cast<std::int64_t>(seed % 7) * 10, distinct,
                          100'000};
    SlidingWindow window;
    std::vector<WindowEvent> all;
    std::int64_t now = 0;
    for (std::uint64_t n = 1; n <= 300; ++n) {
      now += random() % 30;
      // A third of them late by up to several windows, some at the same time as others.
      const std::int64_t late = random() % 3 == 0 ? static_cast<std::int64_t>(random() % 300) : 0;
      const WindowEvent event{now - late, n, distinct ? 1 + random() % 6 : 0};
      all.push_back(event);
      WindowHit hit = window.add(rule, event);
      INFO("seed " << seed << " event " << n);
      REQUIRE(hit.reached == recomputed(rule, all, event));
      if (hit.reached) {
        window.widen(rule, hit);
        CHECK(window[hit.last].time_ns - window[hit.first].time_ns <= rule.within_ns);
        CHECK(hit.count >= rule.count);
        CHECK(window[hit.first].time_ns <= event.time_ns);
        CHECK(window[hit.last].time_ns >= event.time_ns);
      }
    }
  }
}

TEST_CASE("a full window stays exact for events that come in order", "[window]") {
  for (unsigned seed = 0; seed < 40; ++seed) {
    std::mt19937 random(seed);
    const bool distinct = seed % 2 == 1;
    const WindowRule rule{4, 500, distinct, 16};
    SlidingWindow window;
    std::vector<WindowEvent> all;
    std::int64_t now = 0;
    for (std::uint64_t n = 1; n <= 2000; ++n) {
      now += random() % 10 == 0 ? random() % 400 : random() % 3;
      const std::uint64_t value = random() % 10 == 0 ? random() % 6 : 1 + random() % 2;
      const WindowEvent event{now, n, distinct ? value : 0};
      all.push_back(event);
      all.erase(all.begin(), std::find_if(all.begin(), all.end(), [&](const WindowEvent& each) {
                  return each.time_ns >= now - rule.within_ns;
                }));
      REQUIRE(window.add(rule, event).reached == recomputed(rule, all, event));
      REQUIRE(window.size() <= rule.most_events);
    }
  }
}

TEST_CASE("a window forgets what lies before the horizon", "[window]") {
  SlidingWindow window;
  const WindowRule rule{3, 100, false, 1000};
  for (std::int64_t time = 0; time < 100; ++time) {
    window.add(rule, {time, static_cast<std::uint64_t>(time), 0});
  }
  window.expire(90);
  CHECK(window.size() == 10);
  CHECK(window[0].time_ns == 90);
  window.expire(1000);
  CHECK(window.empty());
  CHECK_FALSE(window.add(rule, {1000, 1, 0}).reached);
}

TEST_CASE("events at the very same time are all counted", "[window]") {
  SlidingWindow window;
  const WindowRule rule{5, 0, false, 16};
  for (int i = 1; i <= 100; ++i) {
    CHECK(window.add(rule, {7, static_cast<std::uint64_t>(i), 0}).reached == (i >= 5));
  }
}

}  // namespace
}  // namespace aev::security

#include <random>

#include <catch2/catch.hpp>

#include "delivery/backoff.h"
#include "delivery/breaker.h"
#include "delivery/latency_window.h"
#include "delivery/rate_bucket.h"

namespace aev::delivery {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const MonoTime kStart = MonoTime(std::chrono::hours(1));

}  // namespace

TEST_CASE("the back-off grows by the multiplier up to the longest interval", "[delivery][pacing]") {
  config::RetryPolicy policy;
  policy.initial_interval = seconds(5);
  policy.multiplier = 3;
  policy.max_interval = seconds(100);
  constexpr double kNoJitter = 0.5;
  CHECK(backoff(policy, 1, kNoJitter) == seconds(5));
  CHECK(backoff(policy, 2, kNoJitter) == seconds(15));
  CHECK(backoff(policy, 3, kNoJitter) == seconds(45));
  CHECK(backoff(policy, 4, kNoJitter) == seconds(100));
  CHECK(backoff(policy, 4'000'000'000u, kNoJitter) == seconds(100));
}

TEST_CASE("jitter keeps the back-off within its bounds and uses their width",
          "[delivery][pacing]") {
  config::RetryPolicy policy;
  policy.initial_interval = seconds(10);
  policy.jitter = 0.2;
  CHECK(backoff(policy, 1, 0.0) == seconds(8));
  std::mt19937 random(7);
  std::uniform_real_distribution<double> numbers(0.0, 1.0);
  for (int i = 0; i < 1000; ++i) {
    const Duration delay = backoff(policy, 1, numbers(random));
    REQUIRE(delay >= seconds(8));
    REQUIRE(delay <= seconds(12));
  }
  CHECK(backoff(policy, 1, 0.999) > milliseconds(11'900));
}

TEST_CASE("a back-off is never nothing", "[delivery][pacing]") {
  config::RetryPolicy policy;
  policy.initial_interval = Duration(0);
  CHECK(backoff(policy, 1, 0.5) == milliseconds(1));
}

TEST_CASE("reconnecting backs off from one second to one minute", "[delivery][pacing]") {
  CHECK(reconnect_backoff(0) == seconds(1));
  CHECK(reconnect_backoff(1) == seconds(2));
  CHECK(reconnect_backoff(5) == seconds(32));
  CHECK(reconnect_backoff(6) == seconds(60));
  CHECK(reconnect_backoff(4'000'000'000u) == seconds(60));
}

TEST_CASE("a rate lets one second's worth go at once and then its pace", "[delivery][pacing]") {
  RateBucket bucket(10, kStart);
  CHECK(bucket.allowed(50, kStart) == 10);
  bucket.take(10);
  CHECK(bucket.allowed(50, kStart) == 0);
  CHECK(bucket.next() > kStart + milliseconds(99));
  CHECK(bucket.next() < kStart + milliseconds(101));
  CHECK(bucket.allowed(50, bucket.next()) == 1);
  CHECK(bucket.allowed(50, kStart + milliseconds(550)) == 5);
  CHECK(bucket.allowed(50, kStart + seconds(1000)) == 10);
}

TEST_CASE("a rate below one per second still lets one go", "[delivery][pacing]") {
  RateBucket bucket(0.1, kStart);
  CHECK(bucket.allowed(3, kStart) == 1);
  bucket.take(1);
  CHECK(bucket.allowed(3, kStart + seconds(9)) == 0);
  CHECK(bucket.allowed(3, bucket.next()) == 1);
}

TEST_CASE("no rate is no limit", "[delivery][pacing]") {
  RateBucket bucket(0, kStart);
  CHECK(bucket.allowed(1'000'000, kStart) == 1'000'000);
  bucket.take(1'000'000);
  CHECK(bucket.allowed(1'000'000, kStart) == 1'000'000);
}

TEST_CASE("over time a rate is kept whatever is asked", "[delivery][pacing]") {
  std::mt19937 random(11);
  RateBucket bucket(20, kStart);
  std::size_t sent = 0;
  MonoTime now = kStart;
  while (now < kStart + seconds(100)) {
    const std::size_t allowed = bucket.allowed(random() % 30, now);
    bucket.take(allowed);
    sent += allowed;
    now += milliseconds(1 + random() % 200);
  }
  CHECK(sent <= 20 * 100 + 20 + 4);
  CHECK(sent >= 20 * 90);
}

TEST_CASE("the breaker opens after failures in a row and probes after its cooldown",
          "[delivery][pacing]") {
  Breaker breaker({3, seconds(30)});
  breaker.failed(kStart);
  breaker.failed(kStart);
  breaker.succeeded();
  breaker.failed(kStart);
  breaker.failed(kStart);
  CHECK(breaker.state(kStart) == Breaker::State::kClosed);
  breaker.failed(kStart);
  CHECK(breaker.state(kStart) == Breaker::State::kOpen);
  CHECK(breaker.until() == kStart + seconds(30));
  CHECK(breaker.state(kStart + seconds(29)) == Breaker::State::kOpen);
  CHECK(breaker.state(kStart + seconds(30)) == Breaker::State::kHalfOpen);
}

TEST_CASE("a failed probe opens the breaker again, a good one closes it", "[delivery][pacing]") {
  Breaker breaker({1, seconds(30)});
  breaker.failed(kStart);
  const MonoTime probe = kStart + seconds(31);
  breaker.failed(probe);
  CHECK(breaker.state(probe) == Breaker::State::kOpen);
  CHECK(breaker.state(probe + seconds(30)) == Breaker::State::kHalfOpen);
  breaker.succeeded();
  CHECK(breaker.state(probe) == Breaker::State::kClosed);
}

TEST_CASE("a breaker of no failures never opens", "[delivery][pacing]") {
  Breaker breaker({0, seconds(30)});
  for (int i = 0; i < 1000; ++i) {
    breaker.failed(kStart);
  }
  CHECK(breaker.state(kStart) == Breaker::State::kClosed);
}

TEST_CASE("latencies are those of the last thousand attempts", "[delivery][pacing]") {
  LatencyWindow window;
  CHECK(window.summary().samples == 0);
  window.add(seconds(100));
  for (int i = 1; i <= 1000; ++i) {
    window.add(milliseconds(i));
  }
  const LatencySummary summary = window.summary();
  CHECK(summary.samples == 1000);
  CHECK(summary.p50_ms == Approx(500).margin(2));
  CHECK(summary.p90_ms == Approx(900).margin(2));
  CHECK(summary.p99_ms == Approx(990).margin(2));
  CHECK(summary.max_ms == Approx(1000));
}

}  // namespace aev::delivery

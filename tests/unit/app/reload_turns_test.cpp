#include "app/reload_turns.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

namespace aev::app {
namespace {

/// A reload that waits until the test lets it go, and numbers its reports.
struct SlowReload {
  ReloadReport operator()() {
    const int number = ++begun;
    if (number == 1) {
      first_runs.set_value();
      let_go.get_future().wait();
    }
    ReloadReport report;
    report.routes = static_cast<std::size_t>(number);
    return report;
  }

  std::atomic<int> begun{0};
  std::promise<void> first_runs;
  std::promise<void> let_go;
};

}  // namespace

TEST_CASE("whoever asks while a reload runs shares the next", "[reload]") {
  ReloadTurns turns;
  SlowReload reload;
  const ReloadTurns::Body body = [&] { return reload(); };
  auto first = std::async(std::launch::async, [&] { return turns.run(body).routes; });
  reload.first_runs.get_future().wait();
  std::atomic<int> asking{0};
  std::vector<std::future<std::size_t>> others;
  for (int i = 0; i < 8; ++i) {
    others.push_back(std::async(std::launch::async, [&] {
      ++asking;
      return turns.run(body).routes;
    }));
  }
  while (asking.load() < 8) {
    std::this_thread::yield();
  }
  reload.let_go.set_value();
  CHECK(first.get() == 1);
  std::size_t newest = 0;
  for (auto& each : others) {
    const std::size_t served = each.get();
    CHECK(served > 1);  // never by the one that ran when it asked
    newest = std::max(newest, served);
  }
  CHECK(static_cast<int>(newest) == reload.begun.load());
  // One for those that were in the queue by then; a thread that was late has one of its own.
  CHECK(reload.begun.load() <= 9);
}

TEST_CASE("nothing runs after the end, which waits for what runs", "[reload]") {
  ReloadTurns turns;
  SlowReload reload;
  const ReloadTurns::Body body = [&] { return reload(); };
  auto first = std::async(std::launch::async, [&] { return turns.run(body).routes; });
  reload.first_runs.get_future().wait();
  auto second = std::async(std::launch::async, [&] { return turns.run(body); });
  auto closing = std::async(std::launch::async, [&] { turns.close(); });
  const ReloadReport refused = second.get();  // it does not wait for the first
  REQUIRE(refused.refused);
  CHECK(refused.refused->code == ErrorCode::kConflict);
  reload.let_go.set_value();
  CHECK(first.get() == 1);
  closing.get();
  CHECK(turns.run(body).refused);
  CHECK_FALSE(turns.alone([] { FAIL("it is closed"); }));
}

TEST_CASE("what must not meet a reload waits for it", "[reload]") {
  ReloadTurns turns;
  SlowReload reload;
  std::atomic<bool> reloading{true};
  auto first = std::async(std::launch::async, [&] {
    return turns.run([&] {
      ReloadReport report = reload();
      reloading = false;
      return report;
    });
  });
  reload.first_runs.get_future().wait();
  auto other = std::async(std::launch::async, [&] {
    bool met = true;
    CHECK(turns.alone([&] { met = reloading.load(); }));
    return met;
  });
  reload.let_go.set_value();
  CHECK_FALSE(other.get());
  CHECK(first.get().routes == 1);
}

}  // namespace aev::app

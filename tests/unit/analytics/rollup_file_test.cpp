#include "rollup_file.h"

#include <csignal>
#include <fstream>
#include <iterator>
#include <sys/resource.h>

#include <catch2/catch.hpp>

#include "subscriber_fixture.h"

namespace aev::analytics {
namespace {

std::string content(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string refusal(SubscriberFixture& fixture) {
  try {
    fixture.start();
  } catch (const std::exception& fault) {
    return fault.what();
  }
  return "none";
}

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("a file that is no database is refused and left as it is") {
  SubscriberFixture fixture;
  const std::string thesis(5000, 'x');
  std::ofstream(fixture.file) << thesis;
  const std::string why = refusal(fixture);
  CHECK(says(why, fixture.file));
  CHECK(says(why, "left as it is"));
  CHECK(says(why, "rebuild"));
  CHECK(content(fixture.file) == thesis);
}

TEST_CASE("a database of another program is refused and left as it is") {
  SubscriberFixture fixture;
  {
    Database other(fixture.file, OpenMode::kReadWrite);
    other.execute("CREATE TABLE recipes(name TEXT)");
  }
  const std::string before = content(fixture.file);
  CHECK(says(refusal(fixture), "another program"));
  CHECK(content(fixture.file) == before);
}

TEST_CASE("a file of a newer version is refused") {
  SubscriberFixture fixture;
  open_rollup(fixture.file)->execute("PRAGMA user_version = 99");
  CHECK(says(refusal(fixture), "newer version"));
}

TEST_CASE("a lost database beside its WAL is not begun anew") {
  SubscriberFixture fixture;
  std::ofstream(fixture.file + "-wal") << "not empty";
  CHECK(says(refusal(fixture), "-wal"));
  CHECK(content(fixture.file + "-wal") == "not empty");
}

TEST_CASE("a probe says what starting would say, and changes nothing") {
  SubscriberFixture fixture;
  const auto probe = [&]() -> std::string {
    try {
      fixture.host->create("analytics", R"({"file":")" + fixture.file + "\"}").check();
    } catch (const std::exception& fault) {
      return fault.what();
    }
    return "fine";
  };
  CHECK(probe() == "fine");
  CHECK_FALSE(std::filesystem::exists(fixture.file));
  std::ofstream(fixture.file) << std::string(5000, 'x');
  CHECK(says(probe(), "left as it is"));
  fixture.file += "/figures.db";
  CHECK(says(probe(), "is no folder"));
  fixture.file = fixture.folder.file("newer.db");
  open_rollup(fixture.file)->execute("PRAGMA user_version = 99");
  CHECK(says(probe(), "newer version"));
}

TEST_CASE("folders on the way to the file are made") {
  SubscriberFixture fixture;
  fixture.file = fixture.folder.file("some/where/figures.db");
  fixture.start();
  fixture.deliver({{.event_type = "vote"}});
  CHECK(fixture.subscriber->stop());
}

TEST_CASE("a file that is damaged later ends the instance with a word on what to do") {
  SubscriberFixture fixture;
  fixture.start();
  for (std::uint64_t first = 0; first < 20; ++first) {
    std::vector<sdk::FakeEvent> events;
    for (int i = 0; i < 100; ++i) {
      events.push_back({.event_type = "vote",
                        .debate_id = "d" + std::to_string(first * 100) + std::to_string(i)});
    }
    fixture.deliver(std::move(events));
  }
  REQUIRE(fixture.subscriber->stop());
  fixture.crash();
  const std::string whole = content(fixture.file);
  REQUIRE(whole.size() > 20 * 4096);
  std::string damaged = whole;
  for (std::size_t at = 4096; at < damaged.size(); ++at) {
    damaged[at] = static_cast<char>(at * 7);
  }
  std::ofstream(fixture.file, std::ios::binary | std::ios::trunc) << damaged;

  const std::string why = refusal(fixture);
  if (why == "none") {
    fixture.offer({{.event_type = "vote", .debate_id = "d00"}});
    REQUIRE(fixture.host->wait([&] { return !fixture.host->failure().empty(); }));
    CHECK(says(fixture.host->failure(), "damaged"));
  } else {
    CHECK(says(why, "damaged"));
  }
}

/// The process may write no file beyond that size as long as this lives.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    old_handler_ = std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{bytes, old_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }

  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &old_);
    static_cast<void>(std::signal(SIGXFSZ, old_handler_));
  }

 private:
  rlimit old_{};
  void (*old_handler_)(int) = nullptr;
};

TEST_CASE("a file that cannot grow uses up no attempt, and counting goes on when it can") {
  SubscriberFixture fixture;
  fixture.start();
  fixture.deliver({{.event_type = "vote", .debate_id = "d1"}});
  std::vector<sdk::FakeEvent> events;
  for (std::uint64_t i = 0; i < 50; ++i) {
    events.push_back({.seq = 100 + i, .event_type = "vote", .debate_id = "d" + std::to_string(i)});
  }
  {
    const FileSizeLimit full(4096);
    fixture.offer(events);
    REQUIRE(fixture.host->wait_settled(51));
  }
  const auto settled = fixture.host->settled();
  for (std::size_t i = 1; i < settled.size(); ++i) {
    REQUIRE(settled[i].outcome == AEV_NOT_CONNECTED);
    REQUIRE(says(settled[i].reason, fixture.file));
  }
  CHECK(fixture.host->failure().empty());
  CHECK(fixture.host->metric("aragora_analytics_commit_failures_total{subscriber=\"stats\"}") == 1);
  fixture.offer(events);
  REQUIRE(fixture.host->wait_settled(101));
  CHECK(fixture.host->settled().back().outcome == AEV_DELIVERED);
  CHECK(lines_of(fixture.query("counts", R"({"granularity":"day","group_by":"event_type"})"),
                 "rows") == "vote|51\n");
}

}  // namespace
}  // namespace aev::analytics

#include <algorithm>
#include <random>
#include <set>

#include <catch2/catch.hpp>

#include "hub_fixture.h"

using namespace aev::websocket;
using namespace aev::websocket::testing;

namespace {

enum class Kind { kReplay, kSync, kPosition };

/// A client and what it asked for.
struct Joined {
  std::shared_ptr<FakeClient> client;
  std::string debate;
  Kind kind = Kind::kReplay;
  std::uint64_t from = 0;
  std::uint64_t log_end = 0;  ///< the newest seq when it asked
};

std::uint64_t number_in(const std::string& text, const std::string& name) {
  const std::size_t at = text.find("\"" + name + "\":");
  REQUIRE(at != std::string::npos);
  return std::stoull(text.substr(at + name.size() + 3));
}

std::vector<std::uint64_t> of_debate_above(const HubFixture& fixture,
                                           const std::string& debate,
                                           std::uint64_t after) {
  std::vector<std::uint64_t> out;
  for (const auto& [seq, event] : fixture.log) {
    if (event.debate_id == debate && seq > after) {
      out.push_back(seq);
    }
  }
  return out;
}

/// Everything that may happen at once, in an order that `random` chooses.
class Chaos {
 public:
  Chaos(unsigned seed, bool in_order)
      : fixture_(seed % 3 == 0 ? R"({"send_queue":{"messages":16}})" : "{}"),
        random_(seed),
        in_order_(in_order) {}

  void run(int steps) {
    for (int i = 0; i < steps; ++i) {
      step();
    }
    while (!undelivered_.empty()) {
      deliver();
      read_all();
    }
    read_all();
  }

  void check() {
    for (const Joined& joined : joined_) {
      INFO("client " << joined.client->id << " of " << joined.debate << ", kind "
                     << static_cast<int>(joined.kind) << " from " << joined.from);
      REQUIRE_FALSE(joined.client->closing);
      std::vector<std::uint64_t> got = HubFixture::seqs(*joined.client);
      const std::set<std::uint64_t> once(got.begin(), got.end());
      REQUIRE(once.size() == got.size());  // nothing twice
      if (in_order_) {
        REQUIRE(std::is_sorted(got.begin(), got.end()));
      }
      std::sort(got.begin(), got.end());
      std::uint64_t after = joined.from;
      if (joined.kind == Kind::kSync) {
        const auto sync = HubFixture::of_type(*joined.client, "sync");
        REQUIRE(sync.size() == 1);
        after = sync[0].find("waiting") == std::string::npos ? number_in(sync[0], "last_seq") : 0;
      } else if (joined.kind == Kind::kPosition) {
        const auto all = of_debate_above(fixture_, joined.debate, joined.log_end);
        REQUIRE(got.size() <= all.size());
        REQUIRE(std::equal(got.rbegin(), got.rend(), all.rbegin()));  // a tail of it, whole
        continue;
      }
      REQUIRE(got == of_debate_above(fixture_, joined.debate, after));  // nothing missing
    }
  }

  [[nodiscard]] std::size_t clients() const { return joined_.size(); }

 private:
  void step() {
    switch (random_() % 12) {
      case 0:
      case 1:
      case 2:
        undelivered_.push_back(fixture_.append(random_() % 4 == 0 ? "other" : "d"));
        break;
      case 3:
      case 4:
        deliver();
        break;
      case 5:
        if (!delivered_.empty()) {  // the host is not sure that it was taken
          fixture_.deliver({delivered_[random_() % delivered_.size()]});
        }
        break;
      case 6:
      case 7:
        fixture_.answer_read();
        break;
      case 8:
      case 9:
        fixture_.run_task();
        break;
      case 10:
        if (!joined_.empty()) {
          FakeClient& client = *joined_[random_() % joined_.size()].client;
          for (auto n = random_() % 6; n > 0; --n) {
            fixture_.read_one(client);
          }
        }
        break;
      default:
        if (random_() % 4 == 0 && joined_.size() < 12) {
          join();
        }
    }
    // A live client that is never behind: the bounds of the outbox are another test's.
    for (const Joined& joined : joined_) {
      while (joined.client->phase == Client::Phase::kLive && fixture_.read_one(*joined.client)) {
      }
    }
  }

  void deliver() {
    std::vector<std::uint64_t> batch;
    for (auto n = random_() % 5 + 1; n > 0 && !undelivered_.empty(); --n) {
      const std::size_t at = in_order_ ? 0 : random_() % undelivered_.size();
      batch.push_back(undelivered_[at]);
      undelivered_.erase(undelivered_.begin() + static_cast<std::ptrdiff_t>(at));
    }
    if (!batch.empty()) {
      fixture_.deliver(batch);
      delivered_.insert(delivered_.end(), batch.begin(), batch.end());
    }
  }

  void join() {
    Joined joined;
    joined.debate = random_() % 4 == 0 ? "other" : "d";
    joined.kind = static_cast<Kind>(random_() % 3);
    joined.log_end = fixture_.log.empty() ? 0 : fixture_.log.rbegin()->first;
    UpgradeRequest request;
    request.stream = random_() % 2 == 0;
    request.debate_id = joined.debate;
    request.sync = joined.kind == Kind::kSync;
    if (random_() % 2 == 0) {
      request.format = FrameFormat::kArray;
    }
    if (joined.kind == Kind::kReplay) {
      joined.from = random_() % (joined.log_end + 1);
      request.replay_from = joined.from;
    }
    joined.client = fixture_.connect(request);
    joined_.push_back(std::move(joined));
  }

  void read_all() {
    std::vector<std::shared_ptr<FakeClient>> clients;
    for (const Joined& joined : joined_) {
      clients.push_back(joined.client);
    }
    fixture_.settle(clients);
  }

  HubFixture fixture_;
  std::mt19937 random_;
  const bool in_order_;
  std::vector<std::uint64_t> undelivered_;
  std::vector<std::uint64_t> delivered_;
  std::vector<Joined> joined_;
};

}  // namespace

TEST_CASE("log and live join without gap or overlap, whatever happens at once", "[websocket]") {
  std::size_t clients = 0;
  for (unsigned seed = 1; seed <= 600; ++seed) {
    INFO("seed " << seed);
    Chaos chaos(seed, true);
    chaos.run(400);
    chaos.check();
    clients += chaos.clients();
  }
  CHECK(clients > 1000);
}

TEST_CASE("events that are delivered out of order reach each client once", "[websocket]") {
  for (unsigned seed = 1; seed <= 600; ++seed) {
    INFO("seed " << seed);
    Chaos chaos(seed, false);
    chaos.run(400);
    chaos.check();
  }
}

TEST_CASE("an event that is live while the log is read comes after the replay", "[websocket]") {
  HubFixture fixture;
  fixture.deliver({fixture.append("d")});
  UpgradeRequest request;
  request.debate_id = "d";
  request.replay_from = 0;
  const auto client = fixture.connect(request);
  fixture.answer_read();  // sees the first only
  fixture.deliver({fixture.append("d")});
  fixture.settle({client});
  CHECK(HubFixture::seqs(*client) == std::vector<std::uint64_t>{1, 2});
  const auto end = HubFixture::of_type(*client, "replay_end");
  REQUIRE(end.size() == 1);
  CHECK(number_in(end[0], "replayed_count") == 1);
  CHECK(number_in(end[0], "latest_seq") == 1);
}

TEST_CASE("more live events than are kept meanwhile are read from the log", "[websocket]") {
  HubFixture fixture(R"({"send_queue":{"messages":16}})");
  UpgradeRequest request;
  request.debate_id = "d";
  request.replay_from = 0;
  const auto client = fixture.connect(request);
  fixture.answer_read();
  for (int i = 0; i < 100; ++i) {
    fixture.deliver({fixture.append("d")});
  }
  fixture.settle({client});
  CHECK(HubFixture::seqs(*client).size() == 100);
  CHECK_FALSE(client->closing);
}

TEST_CASE("a long replay waits for its reader and holds a page at most", "[websocket]") {
  HubFixture fixture(R"({"send_queue":{"messages":64}})");
  for (int i = 0; i < 1000; ++i) {
    static_cast<void>(fixture.append("d"));
  }
  UpgradeRequest request;
  request.debate_id = "d";
  request.replay_from = 0;
  const auto client = fixture.connect(request);
  fixture.settle({});
  CHECK(client->outbox.count() <= 64);
  const std::size_t reads = fixture.reads;
  fixture.settle({});
  CHECK(fixture.reads == reads);
  fixture.settle({client});
  CHECK(HubFixture::seqs(*client).size() == 1000);
  const auto start = HubFixture::of_type(*client, "replay_start");
  REQUIRE(start.size() == 1);
  CHECK(start[0].find("event_count") == std::string::npos);  // nobody has counted yet
}

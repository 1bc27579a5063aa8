#include <catch2/catch.hpp>

#include "hub_fixture.h"

using namespace aev::websocket;
using namespace aev::websocket::testing;

TEST_CASE("an event is serialised once and shared by all that get it", "[websocket]") {
  HubFixture fixture;
  std::vector<std::shared_ptr<FakeClient>> clients;
  for (int i = 0; i < 50; ++i) {
    clients.push_back(fixture.listen("d"));
  }
  fixture.deliver({fixture.append("d")});
  const FrameRef frame = clients[0]->in_flight;
  REQUIRE(frame != nullptr);
  for (const auto& client : clients) {
    CHECK(client->in_flight == frame);
  }
  CHECK(fixture.hub.counters().events_serialised == 1);
  fixture.deliver({fixture.append("nobody listens")});
  CHECK(fixture.hub.counters().events_serialised == 1);
}

TEST_CASE("clients with the same wishes share arrays too", "[websocket]") {
  HubFixture fixture(R"({"format":"array"})");
  const auto one = fixture.listen("d");
  const auto two = fixture.listen("d");
  const auto first = fixture.append("d");
  const auto second = fixture.append("d");
  fixture.deliver({first, second});
  CHECK(one->in_flight == two->in_flight);
  CHECK(one->in_flight->events == 2);
}

TEST_CASE("a client that does not read is dropped and holds nothing", "[websocket]") {
  HubFixture fixture(R"({"send_queue":{"messages":16}})");
  const auto slow = fixture.listen("d");
  const auto good = fixture.listen("d");
  std::weak_ptr<const Frame> late;
  for (int i = 0; i < 40; ++i) {
    fixture.deliver({fixture.append("d")});
    late = good->in_flight;
    while (fixture.read_one(*good)) {
    }
  }
  CHECK(slow->closing);
  CHECK(slow->close_code == CloseCode::kTryAgainLater);
  CHECK(slow->outbox.count() == 0);
  CHECK(late.expired());
  CHECK(HubFixture::seqs(*good).size() == 40);
  CHECK(fixture.hub.counters().slow_clients == 1);
  // Not cut at once: it may read on and see the code. But in the end.
  fixture.hub.tick(fixture.now);
  CHECK_FALSE(slow->was_cut);
  fixture.hub.tick(std::chrono::steady_clock::now() + std::chrono::hours(1));
  CHECK(slow->was_cut);
}

TEST_CASE("a message that is not taken for too long drops its client", "[websocket]") {
  HubFixture fixture(R"({"timeouts":{"send":"5s"}})");
  const auto client = fixture.listen("d");
  fixture.deliver({fixture.append("d")});
  const MonoTime now = std::chrono::steady_clock::now();
  fixture.hub.heard(*client, false, now + std::chrono::seconds(8));
  fixture.hub.tick(now + std::chrono::seconds(4));
  CHECK_FALSE(client->closing);
  fixture.hub.tick(now + std::chrono::seconds(9));
  CHECK(client->close_code == CloseCode::kTryAgainLater);
}

TEST_CASE("an operator's replay reaches listeners, marked, and nobody's position moves",
          "[websocket]") {
  HubFixture fixture;
  const auto client = fixture.listen("d");
  const auto seq = fixture.append("d");
  fixture.deliver({seq});
  fixture.settle({client});
  fixture.deliver({seq}, AEV_EVENT_REPLAY);
  fixture.deliver({seq});  // while this is the host's doubt, and kept away
  fixture.settle({client});
  CHECK(HubFixture::seqs(*client) == std::vector<std::uint64_t>{1, 1});
  CHECK(client->received.back().find("\"replay\":true") != std::string::npos);
  CHECK(fixture.hub.counters().events_repeated == 1);
}

TEST_CASE("a log that cannot be read is told, and the subscription ends", "[websocket]") {
  HubFixture fixture;
  UpgradeRequest request;
  request.debate_id = "d";
  request.replay_from = 0;
  const auto plain = fixture.connect(request);
  fixture.next_read = {AEV_E_INTERNAL, "", "the disk is on fire"};
  fixture.settle({plain});
  const auto errors = HubFixture::of_type(*plain, "error");
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].find("the disk is on fire") != std::string::npos);
  CHECK(errors[0].find("503") != std::string::npos);
  fixture.deliver({fixture.append("d")});
  fixture.settle({plain});
  CHECK(HubFixture::seqs(*plain).empty());
  fixture.say(*plain, R"({"type":"subscribe","debate_id":"d","replay_from_seq":0})");
  fixture.settle({plain});
  CHECK(HubFixture::seqs(*plain).size() == 1);

  request.stream = true;
  fixture.next_read = {AEV_E_INTERNAL, "", "again"};
  const auto stream = fixture.connect(request);
  fixture.settle({stream});
  CHECK(stream->close_code == CloseCode::kInternalError);
}

TEST_CASE("a position beyond the log starts over, and says so", "[websocket]") {
  HubFixture fixture;
  static_cast<void>(fixture.append("d"));
  UpgradeRequest request;
  request.debate_id = "d";
  request.replay_from = 900;
  const auto client = fixture.connect(request);
  fixture.settle({client});
  fixture.deliver({fixture.append("d")});
  fixture.settle({client});
  CHECK(HubFixture::seqs(*client) == std::vector<std::uint64_t>{1, 2});
  CHECK(HubFixture::of_type(*client, "replay_start")[0].find("\"reset\":true") !=
        std::string::npos);
}

TEST_CASE("many who join one debate share the reading of it", "[websocket]") {
  HubFixture fixture;
  for (int i = 0; i < 100; ++i) {
    static_cast<void>(fixture.append("d"));
  }
  std::vector<std::shared_ptr<FakeClient>> clients;
  UpgradeRequest request;
  request.debate_id = "d";
  request.sync = true;
  for (int i = 0; i < 100; ++i) {
    clients.push_back(fixture.connect(request));
  }
  fixture.settle(clients);
  CHECK(fixture.reads <= 2);
  for (const auto& client : clients) {
    CHECK(HubFixture::of_type(*client, "sync").size() == 1);
  }
}

TEST_CASE("a new subscription replaces the old one, even while that catches up", "[websocket]") {
  HubFixture fixture;
  static_cast<void>(fixture.append("a"));
  static_cast<void>(fixture.append("b"));
  UpgradeRequest request;
  request.debate_id = "a";
  request.sync = true;
  const auto client = fixture.connect(request);
  fixture.say(*client, R"({"type":"subscribe","debate_id":"a"})");
  fixture.say(*client, R"({"type":"subscribe","debate_id":"b","replay_from_seq":0})");
  fixture.settle({client});
  fixture.deliver({fixture.append("a"), fixture.append("b")});
  fixture.settle({client});
  CHECK(HubFixture::seqs(*client) == std::vector<std::uint64_t>{2, 4});
  fixture.say(*client, R"({"type":"unsubscribe"})");
  fixture.deliver({fixture.append("b")});
  fixture.settle({client});
  CHECK(HubFixture::seqs(*client).size() == 2);
  CHECK(HubFixture::of_type(*client, "unsubscribed").size() == 1);
  fixture.disconnect(*client);
  CHECK(fixture.hub.connections() == 0);
}

TEST_CASE("heartbeats carry how far a client has got", "[websocket]") {
  HubFixture fixture;
  const auto client = fixture.listen("d");
  const auto idle = fixture.connect({});
  fixture.deliver({fixture.append("d")});
  fixture.settle({client, idle});
  fixture.hub.tick(fixture.now + std::chrono::seconds(16));
  fixture.settle({client, idle});
  const auto beats = HubFixture::of_type(*client, "heartbeat");
  REQUIRE(beats.size() == 1);
  CHECK(beats[0] == R"({"type":"heartbeat","data":{"server_time":1000.000,"active_debates":1,)"
                    R"("connected_clients":2,"last_seq":1}})");
  CHECK(HubFixture::of_type(*idle, "heartbeat")[0].find("last_seq") == std::string::npos);
}

TEST_CASE("who answers no ping is cut, who speaks is not", "[websocket]") {
  HubFixture fixture;
  const auto dead = fixture.listen("d");
  const auto alive = fixture.listen("d");
  const auto talker = fixture.listen("d");
  fixture.hub.tick(fixture.now + std::chrono::seconds(31));
  CHECK(dead->pings + alive->pings + talker->pings == 3);
  fixture.settle({dead, alive, talker});
  fixture.hub.heard(*alive, true, fixture.now + std::chrono::seconds(32));
  fixture.hub.heard(*talker, false, fixture.now + std::chrono::seconds(33));
  fixture.hub.tick(fixture.now + std::chrono::seconds(42));
  CHECK(dead->was_cut);
  CHECK_FALSE(alive->was_cut);
  CHECK_FALSE(talker->was_cut);
  CHECK(fixture.hub.counters().dead_clients == 1);
}

TEST_CASE("who sends too much is told, and then closed", "[websocket]") {
  HubFixture fixture;
  const auto client = std::make_shared<FakeClient>(99);
  client->messages = TokenBucket(1, 3, fixture.now);
  fixture.hub.add(client, fixture.now);
  fixture.hub.opened(*client, {}, fixture.now);
  for (int i = 0; i < 3; ++i) {
    fixture.say(*client, R"({"type":"ping"})");
  }
  fixture.hub.received_binary(*client, fixture.now);
  fixture.settle({client});
  CHECK(HubFixture::of_type(*client, "pong").size() == 3);
  REQUIRE(HubFixture::of_type(*client, "error").size() == 1);
  CHECK(HubFixture::of_type(*client, "error")[0].find("429") != std::string::npos);
  for (int i = 0; i < 60; ++i) {
    fixture.say(*client, "{}");
    fixture.settle({client});
  }
  CHECK(client->close_code == CloseCode::kTooManyRequests);
}

#include <catch2/catch.hpp>

#include <aev/fake_host.hpp>

#include "client_message.h"
#include "debate_state.h"
#include "envelope.h"
#include "event_filter.h"
#include "glob.h"
#include "outbox.h"
#include "seen_window.h"
#include "server_message.h"

using namespace aev::websocket;

namespace {

/// An aev_event over texts that live as long as this object.
struct MadeEvent {
  std::string type, debate, data, content_type;
  std::vector<std::pair<std::string, std::string>> attributes;
  std::vector<aev_attr> raw_attributes;
  aev_event raw{};

  MadeEvent(std::uint64_t seq,
            std::string event_type,
            std::string event_data,
            std::vector<std::pair<std::string, std::string>> more = {},
            std::string media = "application/json")
      : type(std::move(event_type)),
        debate("d1"),
        data(std::move(event_data)),
        content_type(std::move(media)),
        attributes(std::move(more)) {
    for (const auto& [name, value] : attributes) {
      raw_attributes.push_back({aev::sdk::str(name), aev::sdk::str(value)});
    }
    raw.seq = seq;
    raw.time_unix_ns = 1'772'366'400'123'456'000;
    raw.id = aev::sdk::str("the-id");
    raw.event_type = aev::sdk::str(type);
    raw.debate_id = aev::sdk::str(debate);
    raw.content_type = aev::sdk::str(content_type);
    raw.data = {data.data(), data.size()};
    raw.attributes = raw_attributes.data();
    raw.attribute_count = static_cast<std::uint32_t>(raw_attributes.size());
  }

  MadeEvent(const MadeEvent&) = delete;
  MadeEvent& operator=(const MadeEvent&) = delete;

  [[nodiscard]] aev::sdk::Event view() const { return aev::sdk::Event(&raw); }
};

std::string envelope(const MadeEvent& event, bool replay = false) {
  std::string out;
  append_envelope(out, event.view(), replay);
  return out;
}

ClientMessage parsed(std::string_view text) {
  std::string fault;
  bool invalid = false;
  const auto message = parse_client_message(text, fault, invalid);
  INFO(fault);
  REQUIRE(message);
  return *message;
}

std::string fault_of(std::string_view text) {
  std::string fault;
  bool invalid = false;
  CHECK_FALSE(parse_client_message(text, fault, invalid));
  return fault;
}

}  // namespace

TEST_CASE("an envelope has Aragora's members in Aragora's order", "[websocket]") {
  const MadeEvent event(7, "vote", R"({"a": 1})",
                        {{"round", "2"},
                         {"agent", "\"claude\""},
                         {"seq", "41"},
                         {"agent_seq", "3"},
                         {"task_id", "\"t\""},
                         {"trace_id", "\"x\""},
                         {"workspace", "{\"k\":1}"},
                         {"loop_id", "\"other\""}});
  CHECK(envelope(event) ==
        R"({"type":"vote","data":{"a": 1},"timestamp":1772366400.123456,"round":2,)"
        R"("agent":"claude","seq":7,"agent_seq":3,"loop_id":"d1","task_id":"t","trace_id":"x",)"
        R"("id":"the-id","emitter_seq":41,"workspace":{"k":1}})");
  const MadeEvent bare(8, "vote", "");
  CHECK(envelope(bare, true) ==
        R"({"type":"vote","data":{},"timestamp":1772366400.123456,"round":0,"agent":"","seq":8,)"
        R"("agent_seq":0,"loop_id":"d1","id":"the-id","replay":true})");
}

TEST_CASE("data that is not JSON travels as text or base64", "[websocket]") {
  CHECK_THAT(envelope(MadeEvent(1, "a", "say \"hi\"", {}, "text/plain")),
             Catch::Contains(R"("data":"say \"hi\"","content_type":"text/plain")"));
  CHECK_THAT(envelope(MadeEvent(1, "a", "\xff\x00", {}, "application/octet-stream")),
             Catch::Contains(R"("data":{},"data_base64":"/w==")"));
}

TEST_CASE("globs match with stars anywhere", "[websocket]") {
  CHECK(glob_matches("*", ""));
  CHECK(glob_matches("gauntlet_*", "gauntlet_phase"));
  CHECK(glob_matches("*_end", "token_end"));
  CHECK(glob_matches("a*b*c", "aXbYbZc"));
  CHECK(glob_matches("a**c", "ac"));
  CHECK_FALSE(glob_matches("gauntlet_*", "gauntlet"));
  CHECK_FALSE(glob_matches("a*b", "ac"));
  CHECK_FALSE(glob_matches("", "a"));
}

TEST_CASE("clients that want the same share a filter", "[websocket]") {
  FilterPool pool;
  const FilterRef one = pool.get({"vote", "gauntlet_*"});
  const FilterRef two = pool.get({"gauntlet_*", "vote", "vote"});
  CHECK(one == two);
  CHECK(one->wants("vote"));
  CHECK(one->wants("gauntlet_risk"));
  CHECK_FALSE(one->wants("votes"));
  CHECK(pool.get({}) == nullptr);
  CHECK(pool.get({"vote", "*"}) == nullptr);
  CHECK_THROWS_WITH(pool.get(std::vector<std::string>(65, "x")), Catch::Contains("at most 64"));
  CHECK_THROWS_WITH(pool.get({std::string(129, 'x')}), Catch::Contains("128 bytes"));
  CHECK(split_patterns(" a, b*,,c ") == std::vector<std::string>{"a", "b*", "c"});
}

TEST_CASE("a subscribe message is understood at the top and inside data", "[websocket]") {
  const ClientMessage top =
      parsed(R"({"type":"subscribe","debate_id":"d1","replay_from_seq":0,"event_types":["a","b*"],)"
             R"("format":"array","sync":false})");
  CHECK(top.type == MessageType::kSubscribe);
  CHECK(top.debate_id == "d1");
  CHECK(top.replay_from == 0u);
  CHECK(top.event_types == std::vector<std::string>{"a", "b*"});
  CHECK(top.format == FrameFormat::kArray);
  CHECK(top.sync == false);
  const ClientMessage inside = parsed(R"({"type":"subscribe","data":{"loop_id":"d2"}})");
  CHECK(inside.debate_id == "d2");
  CHECK_FALSE(inside.replay_from);
  CHECK(parsed(R"({"type":"ping","ts":1.5})").ts == "1.5");
  CHECK(parsed(R"({"type":"ping","ts":"x"})").ts == "null");
  CHECK(parsed(R"({"type":"what"})").type == MessageType::kOther);
}

TEST_CASE("a wrong message is told what is wrong with it", "[websocket]") {
  CHECK_THAT(fault_of("{"), Catch::Contains("not JSON"));
  CHECK_THAT(fault_of(""), Catch::Contains("not JSON"));
  CHECK_THAT(fault_of("[]"), Catch::Contains("`type`"));
  CHECK_THAT(fault_of(R"({"type":1})"), Catch::Contains("`type`"));
  CHECK_THAT(fault_of(R"({"type":"subscribe"})"), Catch::Contains("debate_id"));
  CHECK_THAT(fault_of(R"({"type":"subscribe","debate_id":7})"), Catch::Contains("debate_id"));
  CHECK_THAT(fault_of(R"({"type":"subscribe","debate_id":"d","replay_from_seq":-3})"),
             Catch::Contains("replay_from_seq"));
  CHECK_THAT(fault_of(R"({"type":"subscribe","debate_id":"d","format":"xml"})"),
             Catch::Contains("format"));
  CHECK_THAT(fault_of(R"({"type":"subscribe","debate_id":"d","event_types":[1]})"),
             Catch::Contains("event_types"));
  const std::string deep =
      R"({"type":"ping","x":)" + std::string(25, '[') + std::string(25, ']') + "}";
  CHECK_THAT(fault_of(deep), Catch::Contains("20"));
}

TEST_CASE("an outbox is bounded by messages and bytes and gives its memory back", "[websocket]") {
  const auto frame = [](std::size_t size) {
    auto made = std::make_shared<Frame>();
    made->text.assign(size, 'x');
    return FrameRef(made);
  };
  Outbox outbox;
  const OutboxLimits limits{3, 100};
  CHECK(outbox.push(frame(500), limits));  // alone, it passes
  CHECK_FALSE(outbox.push(frame(1), limits));
  CHECK(outbox.pop()->text.size() == 500);
  CHECK(outbox.push(frame(40), limits));
  CHECK(outbox.push(frame(40), limits));
  CHECK_FALSE(outbox.push(frame(40), limits));
  CHECK(outbox.push(frame(1), limits));
  CHECK_FALSE(outbox.push(frame(1), limits));
  CHECK(outbox.bytes() == 81);
  const FrameRef shared = frame(10);
  for (int i = 0; i < 1000; ++i) {
    outbox.force(shared);
  }
  for (int i = 0; i < 3 + 1000; ++i) {
    static_cast<void>(outbox.pop());
  }
  CHECK(outbox.empty());
  CHECK(outbox.bytes() == 0);
  CHECK(shared.use_count() == 1);
}

TEST_CASE("what was sent live is known again within the window", "[websocket]") {
  SeenWindow seen;
  CHECK(seen.first(5));
  CHECK_FALSE(seen.first(5));
  CHECK(seen.first(3));
  CHECK_FALSE(seen.first(3));
  CHECK(seen.first(5 + SeenWindow::kSize - 1));
  CHECK_FALSE(seen.first(5));
  CHECK(seen.first(5 + SeenWindow::kSize));
  CHECK(seen.first(5));  // too old to be known
  CHECK(seen.first(100 * SeenWindow::kSize));
  CHECK(seen.first(100 * SeenWindow::kSize - 7));
  CHECK_FALSE(seen.first(100 * SeenWindow::kSize - 7));
}

TEST_CASE("a debate's state is folded from either spelling of its events", "[websocket]") {
  DebateState state;
  CHECK(state.sync_json("d1", 0) == R"({"debate_id":"d1","status":"waiting"})");
  state.apply(MadeEvent(1, "debate_start", R"({"question":"why","agents":["a","b"]})").view());
  state.apply(MadeEvent(2, "round_start", R"({"round":1})").view());
  state.apply(
      MadeEvent(3, "agent_message", R"({"content":"x \"y\""})", {{"agent", "\"a\""}}).view());
  state.apply(
      MadeEvent(4, "agent_message", R"({"message":"z","agent":"b","round_number":2})").view());
  state.apply(MadeEvent(5, "consensus", R"({"is_convergence_check":true,"status":"x"})").view());
  state.apply(MadeEvent(6, "vote", "not even JSON").view());
  state.apply(MadeEvent(7, "agent_message", "[1,2").view());
  CHECK_FALSE(state.ended());
  CHECK(state.start_json("d1") ==
        R"({"debate_id":"d1","status":"in_progress","task":"why","agents":["a","b"]})");
  state.apply(MadeEvent(8, "consensus", R"({"consensus_reached":true,"confidence":0.8})").view());
  state.apply(
      MadeEvent(9, "debate_end", R"({"final_answer":"so","rounds_used":2,"duration":4.5})").view());
  CHECK(state.ended());
  CHECK(
      state.sync_json("d1", 9) ==
      R"({"id":"d1","task":"why","agents":["a","b"],"messages":[)"
      R"({"agent":"a","role":"","round":0,"content":"x \"y\"","timestamp":1772366400.123456,"seq":3},)"
      R"({"agent":"b","role":"","round":2,"content":"z","timestamp":1772366400.123456,"seq":4}],)"
      R"("consensus_reached":true,"consensus_confidence":0.8,"consensus_answer":"so",)"
      R"("started_at":1772366400.123456,"rounds":2,"ended":true,"duration":4.5,"last_seq":9})");
}

TEST_CASE("a debate's state keeps the last messages within its bounds", "[websocket]") {
  DebateState state;
  for (std::uint64_t seq = 1; seq <= 1200; ++seq) {
    state.apply(MadeEvent(seq, "agent_message", R"({"content":"x"})").view());
  }
  const std::string many = state.sync_json("d", 1200);
  CHECK_THAT(many, !Catch::Contains("\"seq\":200}") && Catch::Contains("\"seq\":201}"));
  const std::string large(300'000, 'y');
  for (std::uint64_t seq = 2001; seq <= 2010; ++seq) {
    state.apply(MadeEvent(seq, "agent_message", R"({"content":")" + large + "\"}").view());
  }
  CHECK(state.sync_json("d", 2010).size() < DebateState::kMaxMessageBytes + 4096);
}

#include "app/plugin_services.h"

#include <future>
#include <set>

#include <catch2/catch.hpp>

#include "store_fixture.h"

namespace aev::app {
namespace {

using Catch::Contains;
using events::EventFields;
using loader::HistoryPage;
using loader::HistoryRequest;

/// Services on a real store, for the subscribers "one" (1) and "two" (2), who both get everything.
struct Desk {
  Desk() { open(); }

  void open() {
    if (!fixture.store) {
      fixture.open();
    }
    for (const char* name : {"one", "two"}) {
      REQUIRE(fixture.store->register_subscriber(name));
    }
    std::vector<routing::PatternError> errors;
    router = routing::Router::compile({{"all", "", false, {1, 2}}}, errors);
    REQUIRE(errors.empty());
    ingest::IngestParts parts{*fixture.store,  [this] { return router; },   fixture.clock,
                              fixture.metrics, Logger(fixture.log, "test"), {}};
    services = std::make_unique<PluginServices>(std::move(parts));
    REQUIRE(services->add_subscriber("one", 1));
    REQUIRE(services->add_subscriber("two", 2));
  }

  void reopen() {
    services.reset();
    fixture.close();
    open();
  }

  /// Publishes as "one" and waits until that is durable.
  Result<void> emit(const EventFields& event) {
    std::promise<Result<void>> done;
    auto ended = done.get_future();
    AEV_RETURN_IF_ERROR(services->emit("one", std::span(&event, 1), [&](Result<void> result) {
      done.set_value(std::move(result));
    }));
    return ended.get();
  }

  Result<void> emit_body(std::string_view type,
                         std::string_view body,
                         const ingest::Emitter::Headers& headers = {}) {
    std::promise<Result<void>> done;
    auto ended = done.get_future();
    AEV_RETURN_IF_ERROR(services->emit_body("one", type, headers, body, [&](Result<void> result) {
      done.set_value(std::move(result));
    }));
    return ended.get();
  }

  HistoryPage read(const std::string& subscriber, HistoryRequest request) {
    std::promise<Result<HistoryPage>> done;
    services->read_history(subscriber, std::move(request),
                           [&](Result<HistoryPage> result) { done.set_value(std::move(result)); });
    auto page = done.get_future().get();
    REQUIRE(page);
    return std::move(*page);
  }

  Result<void> put(std::string_view key, std::optional<std::string> value) {
    std::promise<Result<void>> done;
    auto ended = done.get_future();
    AEV_RETURN_IF_ERROR(services->put_state("one", key, std::move(value), [&](Result<void> result) {
      done.set_value(std::move(result));
    }));
    return ended.get();
  }

  store::StoreFixture fixture;
  std::shared_ptr<const routing::Router> router;
  std::unique_ptr<PluginServices> services;
};

EventFields thought(std::string_view id) {
  EventFields fields;
  fields.id = id;
  fields.event_type = "agent_thinking";
  fields.content_type = "";
  fields.data = R"({"a": 1.0})";
  return fields;
}

std::string ids(const HistoryPage& page) {
  std::string all;
  for (const auto& event : page.events) {
    all += std::string(event->id()) + " ";
  }
  return all;
}

TEST_CASE("an emitted event is stored as it is, and not owed to its emitter", "[app]") {
  Desk desk;
  const events::Attribute round{"round", "3"};
  EventFields fields = thought("t1");
  fields.attributes = std::span(&round, 1);
  REQUIRE(desk.emit(fields));
  const auto stored = desk.fixture.store->find("t1");
  REQUIRE(stored);
  CHECK(stored->event->data() == R"({"a": 1.0})");
  CHECK(stored->event->source() == "one");
  CHECK(stored->event->content_type() == "application/json");
  CHECK(stored->event->attribute("round") == "3");
  CHECK(stored->targets->ids() == std::vector<events::SubscriberId>{2});
  REQUIRE(desk.emit(thought("t1")));  // a duplicate is as good as published
  CHECK(desk.fixture.store->stats().last_seq == 1);
}

TEST_CASE("what is wrong with an emitted event is told with its place", "[app]") {
  Desk desk;
  EventFields fields = thought("t1");
  fields.event_type = "";
  CHECK(desk.emit(fields).error().pointer == "/0/event_type");
  fields = thought("t1");
  fields.data = R"({"a":)";
  const Error broken = desk.emit(fields).error();
  CHECK(broken.code == ErrorCode::kInvalid);
  CHECK(broken.pointer == "/0/data");
  fields.content_type = "text/plain";
  CHECK(desk.emit(fields).ok());
  const events::Attribute bare{"agent", "claude"};
  fields = thought("t2");
  fields.attributes = std::span(&bare, 1);
  CHECK(desk.emit(fields).error().pointer == "/0/agent");
  const std::string large(2u << 20, ' ');
  fields = thought("t3");
  fields.data = large;
  CHECK(desk.emit(fields).error().code == ErrorCode::kTooLarge);
  CHECK(desk.fixture.store->stats().last_seq == 1);
}

TEST_CASE("a body is taken in every format, all or nothing", "[app]") {
  Desk desk;
  REQUIRE(desk.emit_body("application/json",
                         R"([{"id":"a","event_type":"x"},{"id":"b","event_type":"x"}])"));
  REQUIRE(desk.emit_body("application/x-ndjson",
                         "{\"id\":\"c\",\"event_type\":\"x\"}\n\n"
                         "{\"id\":\"d\",\"event_type\":\"x\"}\n"));
  REQUIRE(
      desk.emit_body("application/cloudevents+json",
                     R"({"specversion":"1.0","id":"e","source":"/s","type":"x","data":{"k":1}})"));
  REQUIRE(desk.emit_body("application/json", R"({"k":2})",
                         {{"CE-ID", "f"},
                          {"ce-source", "/s"},
                          {"ce-type", "x"},
                          {"ce-specversion", "1.0"},
                          {"x-other", "1"}}));
  CHECK(desk.fixture.store->stats().last_seq == 6);
  CHECK(desk.fixture.store->find("f")->event->data() == R"({"k":2})");
  CHECK(desk.fixture.store->find("f")->event->source() == "/s");

  const Error bad = desk.emit_body("application/x-ndjson",
                                   "{\"id\":\"g\",\"event_type\":\"x\"}\n"
                                   "{\"id\":\"h\"}\n")
                        .error();
  CHECK(bad.pointer == "/1/event_type");
  CHECK(desk.emit_body("image/png", "x").error().code == ErrorCode::kUnsupported);
  CHECK(desk.fixture.store->stats().last_seq == 6);
}

TEST_CASE("history is read by debate, by target, and in pages without gaps", "[app]") {
  Desk desk;
  for (int i = 1; i <= 120; ++i) {
    // Odd ones belong to d1; every third is owed to "two" alone.
    const std::string id = std::to_string(i);
    desk.fixture.append(desk.fixture.event(
        id,
        i % 3 == 0 ? std::vector<events::SubscriberId>{2} : std::vector<events::SubscriberId>{1, 2},
        "{}", "vote", i % 2 == 1 ? "d1" : "d2"));
  }
  const auto expected = [](auto wanted) {
    std::string all;
    for (int i = 1; i <= 120; ++i) {
      all += wanted(i) ? std::to_string(i) + " " : "";
    }
    return all;
  };
  const auto read_all = [&](const std::string& subscriber, HistoryRequest request) {
    std::string all;
    for (int pages = 0; pages < 200; ++pages) {
      const HistoryPage page = desk.read(subscriber, request);
      CHECK(page.last_seq == 120);
      CHECK(page.first_seq == 1);
      all += ids(page);
      if (page.at_end) {
        return all;
      }
      REQUIRE(page.scanned_seq > request.after_seq);
      request.after_seq = page.scanned_seq;
    }
    return std::string("no end");
  };
  HistoryRequest request;
  request.debate_id = "d1";
  request.max_events = 7;
  CHECK(read_all("one", request) == expected([](int i) { return i % 2 == 1 && i % 3 != 0; }));
  CHECK(read_all("two", request) == expected([](int i) { return i % 2 == 1; }));
  request.all = true;
  CHECK(read_all("one", request) == expected([](int i) { return i % 2 == 1; }));
  request.debate_id.clear();
  request.max_bytes = 1;  // one event a page, though it is larger
  CHECK(read_all("one", request) == expected([](int) { return true; }));
  request.all = false;
  request.max_bytes = 0;
  request.after_seq = 50;
  request.upto_seq = 60;
  CHECK(read_all("one", request) ==
        expected([](int i) { return i > 50 && i <= 60 && i % 3 != 0; }));
  request.debate_id = "unknown";
  CHECK(desk.read("one", request).at_end);
}

TEST_CASE("state is kept over a restart, each subscriber's own", "[app]") {
  Desk desk;
  CHECK_FALSE(desk.services->state("one", "cursor"));
  REQUIRE(desk.put("cursor", "12"));
  REQUIRE(desk.put("gone", std::string("a\0b", 3)));
  CHECK(desk.services->state("one", "gone") == std::string("a\0b", 3));
  REQUIRE(desk.put("gone", std::nullopt));
  CHECK_FALSE(desk.services->state("two", "cursor"));
  desk.reopen();
  CHECK(desk.services->state("one", "cursor") == "12");
  CHECK_FALSE(desk.services->state("one", "gone"));

  const std::string block(60 * 1024, 'x');
  std::set<bool> taken;
  for (int i = 0; i < 20; ++i) {
    taken.insert(desk.put("k" + std::to_string(i), block).ok());
  }
  CHECK(taken.size() == 2);
  CHECK(desk.put("k19", block).error().code == ErrorCode::kTooLarge);
  REQUIRE(desk.put("k0", std::nullopt));
  CHECK(desk.put("k19", block).ok());
  CHECK_THAT(desk.services->put_state("nobody", "k", "v", {}).error().message,
             Contains("not running"));
}

}  // namespace
}  // namespace aev::app

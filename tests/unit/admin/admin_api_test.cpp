#include <catch2/catch.hpp>

#include "fakes.h"

using namespace aev;
using namespace aev::admin::testing;

namespace {

events::RoutedEvent stored_event(std::string_view id, events::Seq seq) {
  events::EventFields fields;
  fields.id = id;
  fields.event_type = "vote";
  fields.debate_id = "d1";
  fields.data = "{\"a\": 1.0}";
  fields.received_unix_ns = 1'772'366'400'000'000'000;
  auto event = events::Event::create(fields);
  event.mutable_event().set_seq(seq);
  return {event, events::TargetSet::create({})};
}

store::DeadLetterRecord dead_letter(std::int64_t id) {
  store::DeadLetterRecord record;
  record.id = id;
  record.subscriber_name = "customer";
  record.reason = store::DeadReason::kExhausted;
  record.attempts = 4;
  record.last_code = 500;
  record.last_error = "HTTP 500";
  return record;
}

}  // namespace

TEST_CASE("events are listed with their canonical form and a cursor", "[admin]") {
  Api api;
  api.store.all_events = {stored_event("e1", 1), stored_event("e2", 2)};
  const auto page = api.call("GET", {"v1", "events"}, {{"limit", "2"}, {"event_type", "vote"}});
  CHECK(page.status == 200);
  CHECK(contains(page.body, R"({"seq":1,"received_at":"2026-03-01T12:00:00Z","event":{"id":"e1")"));
  CHECK(contains(page.body, R"("data":{"a": 1.0})"));
  CHECK(contains(page.body, R"("next_cursor":"2")"));
  CHECK(api.store.event_filter.event_type == "vote");
  CHECK(contains(api.call("GET", {"v1", "events"}).body, R"("next_cursor":null)"));
}

TEST_CASE("one event, and the events of a debate", "[admin]") {
  Api api;
  api.store.all_events = {stored_event("e1", 1)};
  CHECK(api.call("GET", {"v1", "events", "e1"}).status == 200);
  CHECK(api.call("GET", {"v1", "events", "e9"}).status == 404);
  CHECK(api.call("GET", {"v1", "debates", "d1", "events"}).status == 200);
  CHECK(api.store.event_filter.debate_id == "d1");
  CHECK(api.call("GET", {"v1", "debates", "d1"}).status == 404);
}

TEST_CASE("a store that fails is a problem document", "[admin]") {
  Api api;
  api.store.fail = Error{ErrorCode::kIo, "the disk is gone", {}};
  const auto response = api.call("GET", {"v1", "events"});
  CHECK(response.status == 500);
  CHECK(contains(response.body, "the disk is gone"));
}

TEST_CASE("a misspelt filter is refused and never widens a request", "[admin]") {
  Api api;
  const auto response = api.call("DELETE", {"v1", "dead-letters"}, {{"subscribr", "a"}});
  CHECK(response.status == 400);
  CHECK(contains(response.body, "subscribr"));
  CHECK(api.store.discards == 0);
}

TEST_CASE("subscribers are listed, shown, paused and resumed", "[admin]") {
  Api api;
  CHECK(contains(api.call("GET", {"v1", "subscribers"}).body, R"("name":"customer")"));
  CHECK(contains(api.call("GET", {"v1", "subscribers", "customer"}).body,
                 R"("events_processed":12)"));
  CHECK(api.call("GET", {"v1", "subscribers", "nobody"}).status == 404);
  CHECK(
      api.call("POST", {"v1", "subscribers", "customer", "pause"}, {{"reason", "upkeep"}}).status ==
      200);
  CHECK(api.call("POST", {"v1", "subscribers", "customer", "resume"}).status == 200);
  CHECK(api.dispatcher.calls ==
        std::vector<std::string>{"pause customer: upkeep", "resume customer"});
  const auto wrong = api.call("GET", {"v1", "subscribers", "customer", "pause"});
  CHECK(wrong.status == 405);
  CHECK(wrong.headers.at("Allow") == "POST");
}

TEST_CASE("a subscriber's attempts are listed", "[admin]") {
  Api api;
  store::AttemptRecord attempt;
  attempt.event_id = "e1";
  attempt.outcome = 1;
  attempt.code = 503;
  api.store.all_attempts = {attempt};
  const auto response = api.call("GET", {"v1", "subscribers", "customer", "deliveries"});
  CHECK(contains(response.body, R"("outcome":"retry","status":503)"));
  CHECK(api.store.attempt_filter.subscriber == "customer");
}

TEST_CASE("dead letters are listed, shown, discarded and retried", "[admin]") {
  Api api;
  api.store.all_dead = {dead_letter(3)};
  CHECK(contains(api.call("GET", {"v1", "dead-letters"}).body, R"("reason":"exhausted")"));
  CHECK(api.call("GET", {"v1", "dead-letters", "3"}).status == 200);
  CHECK(api.call("GET", {"v1", "dead-letters", "4"}).status == 404);
  CHECK(api.call("GET", {"v1", "dead-letters", "x"}).status == 404);
  CHECK(api.call("DELETE", {"v1", "dead-letters", "3"}).body == R"({"discarded":1})");
  CHECK(api.store.dead_filter.id == 3);
  const auto one = api.call("POST", {"v1", "dead-letters", "3", "retry"});
  CHECK(one.status == 202);
  CHECK(one.body == R"({"taken":4})");
  CHECK(api.dispatcher.retried.id == 3);
  const auto bulk = api.call("POST", {"v1", "dead-letters", "retry"},
                             {{"subscriber", "customer"}, {"rate", "600/m"}});
  CHECK(bulk.status == 202);
  CHECK(api.dispatcher.retried.subscriber == "customer");
  CHECK(api.dispatcher.retried.limit == 0);
  CHECK(api.dispatcher.rate == Approx(10));
}

TEST_CASE("discarding every dead letter must be asked for", "[admin]") {
  Api api;
  CHECK(api.call("DELETE", {"v1", "dead-letters"}).status == 400);
  CHECK(api.store.discards == 0);
  CHECK(api.call("DELETE", {"v1", "dead-letters"}, {{"subscriber", "a"}}).status == 200);
  CHECK(api.store.discards == 1);
}

TEST_CASE("a replay goes to a named subscriber", "[admin]") {
  Api api;
  CHECK(api.call("POST", {"v1", "replays"}, {{"since", "1h"}}).status == 400);
  const auto response =
      api.call("POST", {"v1", "replays"}, {{"subscriber", "customer"}, {"match", "{\"a\":[1]}"}});
  CHECK(response.status == 202);
  CHECK(response.body == R"({"id":9,"subscriber":"customer"})");
  CHECK(api.dispatcher.replayed.match_json == "{\"a\":[1]}");
  store::ReplayRecord record;
  record.id = 9;
  record.subscriber = 5;
  api.store.all_replays = {record};
  store::SubscriberRecord owner;
  owner.id = 5;
  owner.name = "customer";
  api.store.all_subscribers = {owner};
  CHECK(contains(api.call("GET", {"v1", "replays"}).body, R"("id":9,"subscriber":"customer")"));
}

TEST_CASE("plugins, refused ones with the reason", "[admin]") {
  Api api;
  loader::PluginInfo info;
  info.path = "/p/webhook.so";
  loader::TypeInfo type;
  type.id = "webhook";
  info.types.push_back(type);
  api.plugins.loaded = {info};
  api.plugins.turned_away = {{"/p/bad.so", "it is no ELF file"}};
  const auto response = api.call("GET", {"v1", "plugins"});
  CHECK(contains(response.body, R"("id":"webhook")"));
  CHECK(contains(response.body, "it is no ELF file"));
}

TEST_CASE("stats, metrics and health", "[admin]") {
  Api api;
  api.metrics.counter("aragora_test_total", "A test").add(2);
  CHECK(contains(api.call("GET", {"v1", "stats"}).body, R"("version":"1.2.3")"));
  const auto metrics = api.call("GET", {"metrics"});
  CHECK(contains(metrics.body, "aragora_test_total 2"));
  CHECK(contains(metrics.content_type, "text/plain"));
  CHECK(api.call("GET", {"health", "live"}).status == 200);
  CHECK(api.call("GET", {"health", "ready"}).status == 200);
  api.not_ready = "the host is stopping";
  CHECK(api.call("GET", {"health", "live"}).status == 200);
  const auto ready = api.call("GET", {"health", "ready"});
  CHECK(ready.status == 503);
  CHECK(contains(ready.body, "the host is stopping"));
}

TEST_CASE("unknown paths and methods are refused", "[admin]") {
  Api api;
  CHECK(api.call("GET", {}).status == 404);
  CHECK(api.call("GET", {"v1"}).status == 404);
  CHECK(api.call("GET", {"v1", "nothing"}).status == 404);
  CHECK(api.call("GET", {"health", "x"}).status == 404);
  CHECK(api.call("GET", {"v1", "events", "a", "b"}).status == 404);
  CHECK(api.call("PUT", {"v1", "events"}).status == 405);
  CHECK(api.call("POST", {"v1", "plugins"}).status == 405);
  CHECK(api.call("POST", {"metrics"}).status == 405);
}

TEST_CASE("reading needs read, changing needs admin", "[admin]") {
  using admin::AdminApi;
  CHECK_FALSE(AdminApi::needs_admin({"GET", {"v1", "events"}, {}}));
  CHECK(AdminApi::needs_admin({"POST", {"v1", "replays"}, {}}));
  CHECK(AdminApi::needs_admin({"DELETE", {"v1", "dead-letters"}, {}}));
}

TEST_CASE("a subscriber's plugin is asked, and its answer passed on as it is", "[admin]") {
  Api api;
  const auto answer =
      api.call("GET", {"v1", "subscribers", "customer", "query", "totals"}, {{"period", "7d"}});
  CHECK(answer.status == 200);
  CHECK(answer.content_type == "text/csv");
  CHECK(answer.body == "a,b\n1,2\n");
  CHECK(api.dispatcher.asked == R"(customer totals {"period":"7d"})");
  CHECK(api.call("GET", {"v1", "subscribers", "customer", "query"}).body ==
        R"({"queries":[{"name":"totals"}]})");
  CHECK(api.call("GET", {"v1", "subscribers", "customer", "query", "unknown"}).status == 404);
  CHECK(api.call("GET", {"v1", "subscribers", "nobody", "query", "totals"}).status == 404);
  CHECK(api.call("POST", {"v1", "subscribers", "customer", "query", "totals"}).status == 405);
}

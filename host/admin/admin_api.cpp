#include "admin/admin_api.h"

#include <algorithm>
#include <charconv>
#include <span>

#include "admin/request_filters.h"
#include "admin/resource_json.h"
#include "events/canonical_json.h"
#include "events/schema_listing.h"

namespace aev::admin {
namespace {

ApiResponse not_found(const ApiRequest& request) {
  std::string path;
  for (const auto& segment : request.path) {
    path += '/' + segment;
  }
  return http::problem_response(Error{ErrorCode::kNotFound, "there is nothing at " + path, {}});
}

ApiResponse wrong_method(std::string_view allowed) {
  ApiResponse response =
      http::problem_response(405, "Method not allowed", "this path takes " + std::string(allowed));
  response.headers["Allow"] = allowed;
  return response;
}

/// The page of a listing: items written by `write`, then the cursor to go on with.
template <typename Items, typename Write, typename CursorOf>
ApiResponse page(std::string_view name,
                 const Items& items,
                 std::size_t limit,
                 const Write& write,
                 const CursorOf& cursor_of) {
  JsonWriter json;
  json.begin_object().key(name).begin_array();
  for (const auto& item : items) {
    write(json, item);
  }
  json.end_array().field("count", items.size()).key("next_cursor");
  if (items.size() < limit || items.empty()) {
    json.null();
  } else {
    json.value(std::to_string(cursor_of(items.back())));
  }
  json.end_object();
  return http::json_response(json.take());
}

ApiResponse event_page(store::Store& store, const store::EventFilter& filter) {
  auto found = store.list(filter);
  if (!found) {
    return http::problem_response(found.error());
  }
  return page("events", *found, filter.limit, write_event,
              [](const events::RoutedEvent& routed) { return routed.event->seq(); });
}

}  // namespace

bool AdminApi::needs_admin(const ApiRequest& request) {
  return request.method != "GET" && request.method != "HEAD";
}

ApiResponse AdminApi::handle(const ApiRequest& request) {
  const auto& path = request.path;
  if (path.size() == 1 && path[0] == "metrics") {
    if (request.method != "GET") {
      return wrong_method("GET");
    }
    ApiResponse response;
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = parts_.metrics.expose();
    return response;
  }
  if (path.size() == 2 && path[0] == "health") {
    return health(request);
  }
  if (path.size() < 2 || path[0] != "v1") {
    return not_found(request);
  }
  const std::string& resource = path[1];
  if (resource == "events") {
    return events(request);
  }
  if (resource == "debates") {
    return debates(request);
  }
  if (resource == "subscribers") {
    return path.size() == 2 ? subscribers(request) : one_subscriber(request);
  }
  if (resource == "dead-letters") {
    return path.size() == 2 ? dead_letters(request) : one_dead_letter(request);
  }
  if (resource == "schemas" && path.size() <= 3) {
    return schemas(request);
  }
  if (resource == "reload" && path.size() == 2) {
    return request.method == "POST" ? parts_.reload() : wrong_method("POST");
  }
  if (resource == "replays" && path.size() == 2) {
    return replays(request);
  }
  if (resource == "plugins" && path.size() == 2) {
    return plugins(request);
  }
  if (resource == "stats" && path.size() == 2) {
    return stats(request);
  }
  return not_found(request);
}

ApiResponse AdminApi::events(const ApiRequest& request) {
  if (request.method != "GET") {
    return wrong_method(request.path.size() == 2 ? "GET, POST" : "GET");
  }
  if (request.path.size() == 3) {
    auto found = parts_.store.find(request.path[2]);
    if (!found) {
      return http::problem_response(found.error());
    }
    JsonWriter json;
    write_event(json, *found);
    return http::json_response(json.take());
  }
  if (request.path.size() != 2) {
    return not_found(request);
  }
  auto filter = event_filter(request, parts_.clock.unix_now_ns());
  return filter ? event_page(parts_.store, *filter) : http::problem_response(filter.error());
}

ApiResponse AdminApi::debates(const ApiRequest& request) {
  if (request.path.size() != 4 || request.path[3] != "events") {
    return not_found(request);
  }
  if (request.method != "GET") {
    return wrong_method("GET");
  }
  auto filter = event_filter(request, parts_.clock.unix_now_ns());
  if (!filter) {
    return http::problem_response(filter.error());
  }
  filter->debate_id = request.path[2];
  return event_page(parts_.store, *filter);
}

ApiResponse AdminApi::subscribers(const ApiRequest& request) {
  if (request.method != "GET") {
    return wrong_method("GET");
  }
  JsonWriter json;
  json.begin_object().key("subscribers").begin_array();
  const auto all = parts_.dispatcher.stats();
  for (const auto& each : all) {
    write_subscriber(json, each);
  }
  json.end_array().field("count", all.size()).end_object();
  return http::json_response(json.take());
}

ApiResponse AdminApi::one_subscriber(const ApiRequest& request) {
  const std::string& name = request.path[2];
  const auto all = parts_.dispatcher.stats();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.name == name; });
  if (found == all.end() && request.method == "DELETE" && request.path.size() == 3) {
    const auto forgotten =
        parts_.forget ? parts_.forget(name) : parts_.store.forget_subscriber(name);
    if (!forgotten) {
      return http::problem_response(forgotten.error());
    }
    JsonWriter json;
    json.begin_object().field("forgotten", name).end_object();
    return http::json_response(json.take());
  }
  if (found == all.end()) {
    return http::problem_response(
        Error{ErrorCode::kNotFound, "there is no subscriber named '" + name + "'", {}});
  }
  if (request.path.size() == 3) {
    if (request.method == "DELETE") {
      return http::problem_response(
          Error{ErrorCode::kConflict,
                "subscriber '" + name +
                    "' is configured: take it out of the YAML and reload before forgetting it",
                {}});
    }
    if (request.method != "GET") {
      return wrong_method("GET, DELETE");
    }
    JsonWriter json;
    write_subscriber(json, *found);
    return http::json_response(json.take());
  }
  const std::string& action = request.path[3];
  if (action == "query" && request.path.size() <= 5) {
    return request.method == "GET" ? query(request) : wrong_method("GET");
  }
  if (request.path.size() != 4) {
    return not_found(request);
  }
  if (action == "deliveries") {
    if (request.method != "GET") {
      return wrong_method("GET");
    }
    store::AttemptFilter filter;
    filter.subscriber = name;
    auto limit = number_of(request, "limit", 100, 1000);
    if (!limit) {
      return http::problem_response(limit.error());
    }
    filter.limit = *limit;
    auto attempts = parts_.store.attempts(filter);
    if (!attempts) {
      return http::problem_response(attempts.error());
    }
    JsonWriter json;
    json.begin_object().key("attempts").begin_array();
    for (const auto& attempt : *attempts) {
      write_attempt(json, attempt);
    }
    json.end_array().field("count", attempts->size()).end_object();
    return http::json_response(json.take());
  }
  if (action != "pause" && action != "resume") {
    return not_found(request);
  }
  if (request.method != "POST") {
    return wrong_method("POST");
  }
  if (auto known = only_these(request, {"reason"}); !known) {
    return http::problem_response(known.error());
  }
  const auto reason = request.query.find("reason");
  const auto done = action == "pause" ? parts_.dispatcher.pause(name, reason == request.query.end()
                                                                          ? "by an operator"
                                                                          : reason->second)
                                      : parts_.dispatcher.resume(name);
  if (!done) {
    return http::problem_response(done.error());
  }
  JsonWriter json;
  json.begin_object().field("subscriber", name).field("state", action + "d").end_object();
  return http::json_response(json.take());
}

ApiResponse AdminApi::schemas(const ApiRequest& request) {
  const auto schemas = parts_.schemas();
  if (request.path.size() == 2) {
    if (request.method != "GET") {
      return wrong_method("GET");
    }
    const auto all = request.query.find("all");
    const auto group = request.query.find("group");
    const bool with_known = all != request.query.end() && all->second == "true";
    const auto listed = events::list_schemas(
        *schemas, with_known, group == request.query.end() ? std::string_view() : group->second);
    JsonWriter json;
    json.begin_object().key("schemas").begin_array();
    for (const events::EventSchema& schema : listed) {
      write_schema(json, schema);
    }
    json.end_array().field("count", listed.size()).end_object();
    return http::json_response(json.take());
  }
  const std::string& type = request.path[2];
  const events::EventSchema* const schema = schemas->find(type);
  if (schema == nullptr) {
    return http::problem_response(
        Error{ErrorCode::kNotFound, "there is no schema for event type '" + type + "'", {}});
  }
  if (request.method == "GET") {
    ApiResponse response = http::json_response(schema->json);
    response.content_type = "application/schema+json";
    return response;
  }
  if (request.method != "POST") {
    return wrong_method("GET, POST");
  }
  JsonWriter json;
  write_validation(json, type, schemas->validate(type, request.body));
  return http::json_response(json.take());
}

ApiResponse AdminApi::query(const ApiRequest& request) {
  const std::string& name = request.path[2];
  if (request.path.size() == 4) {
    const auto described = parts_.dispatcher.queries_json(name);
    if (!described) {
      return http::problem_response(described.error());
    }
    JsonWriter json;
    json.begin_object().key("queries").raw(*described).end_object();
    return http::json_response(json.take());
  }
  JsonWriter parameters;
  parameters.begin_object();
  for (const auto& [key, value] : request.query) {
    parameters.field(key, value);
  }
  parameters.end_object();
  auto answer = parts_.dispatcher.query(name, request.path[4], parameters.take());
  if (!answer) {
    return http::problem_response(answer.error());
  }
  ApiResponse response;
  response.status = 200;
  response.content_type = std::move(answer->media_type);
  response.body = std::move(answer->body);
  return response;
}

ApiResponse AdminApi::dead_letters(const ApiRequest& request) {
  auto filter = dead_letter_filter(request, parts_.clock.unix_now_ns());
  if (!filter) {
    return http::problem_response(filter.error());
  }
  if (request.method == "GET") {
    auto found = parts_.store.dead_letters(*filter);
    if (!found) {
      return http::problem_response(found.error());
    }
    return page("dead_letters", *found, filter->limit, write_dead_letter,
                [](const store::DeadLetterRecord& record) { return record.id; });
  }
  if (request.method == "DELETE") {
    if (request.query.empty()) {
      return http::problem_response(
          Error{ErrorCode::kInvalid,
                "discarding every dead letter must be asked for: give a filter such as subscriber, "
                "event_type, until or limit",
                {}});
    }
    auto discarded = parts_.store.discard(*filter);
    if (!discarded) {
      return http::problem_response(discarded.error());
    }
    JsonWriter json;
    json.begin_object().field("discarded", *discarded).end_object();
    return http::json_response(json.take());
  }
  return wrong_method("GET, DELETE");
}

ApiResponse AdminApi::one_dead_letter(const ApiRequest& request) {
  const auto& path = request.path;
  if (path.size() == 3 && path[2] == "retry") {
    if (request.method != "POST") {
      return wrong_method("POST");
    }
    auto filter = dead_letter_filter(request, parts_.clock.unix_now_ns());
    if (!filter) {
      return http::problem_response(filter.error());
    }
    if (!request.query.contains("limit")) {
      filter->limit = 0;
    }
    return retry_dead_letters(request, *filter);
  }
  if (path.size() == 3 && path[2] == "export") {
    return request.method == "GET" ? export_dead_letters(request) : wrong_method("GET");
  }
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(path[2].data(), path[2].data() + path[2].size(), id);
  if (error != std::errc() || end != path[2].data() + path[2].size()) {
    return http::problem_response(Error{
        ErrorCode::kNotFound, "'" + path[2] + "' is not the id of a dead letter (a number)", {}});
  }
  const auto record = parts_.store.dead_letter(id);
  if (!record) {
    return http::problem_response(record.error());
  }
  store::DeadLetterFilter filter;
  filter.id = id;
  if (path.size() == 4 && path[3] == "retry") {
    return request.method == "POST" ? retry_dead_letters(request, filter) : wrong_method("POST");
  }
  if (path.size() != 3) {
    return not_found(request);
  }
  JsonWriter json;
  if (request.method == "DELETE") {
    auto discarded = parts_.store.discard(filter);
    if (!discarded) {
      return http::problem_response(discarded.error());
    }
    json.begin_object().field("discarded", *discarded).end_object();
    return http::json_response(json.take());
  }
  if (request.method != "GET") {
    return wrong_method("GET, DELETE");
  }
  json.raw(dead_letter_with_event(*record));
  return http::json_response(json.take());
}

std::string AdminApi::dead_letter_with_event(const store::DeadLetterRecord& record) {
  JsonWriter json;
  write_dead_letter(json, record);
  std::string text = json.take();
  const auto events = parts_.store.read(std::span(&record.seq, 1));
  if (events && !events->empty()) {
    text.back() = ',';  // the object goes on with its event
    text += "\"event\":";
    events::append_canonical_json(text, *events->front().event);
    text += '}';
  }
  return text;
}

ApiResponse AdminApi::export_dead_letters(const ApiRequest& request) {
  const auto filter = dead_letter_filter(request, parts_.clock.unix_now_ns());
  if (!filter) {
    return http::problem_response(filter.error());
  }
  const auto found = parts_.store.dead_letters(*filter);
  if (!found) {
    return http::problem_response(found.error());
  }
  ApiResponse response;
  response.content_type = "application/x-ndjson";
  for (const store::DeadLetterRecord& record : *found) {
    response.body += dead_letter_with_event(record) + "\n";
  }
  return response;
}

ApiResponse AdminApi::retry_dead_letters(const ApiRequest& request,
                                         store::DeadLetterFilter filter) {
  const auto rate = rate_of(request);
  if (!rate) {
    return http::problem_response(rate.error());
  }
  const auto taken = parts_.dispatcher.retry_dead_letters(filter, *rate);
  if (!taken) {
    return http::problem_response(taken.error());
  }
  JsonWriter json;
  json.begin_object().field("taken", *taken).end_object();
  return http::json_response(json.take(), 202);
}

ApiResponse AdminApi::replays(const ApiRequest& request) {
  if (request.method == "POST") {
    const auto replay = replay_request(request, parts_.clock.unix_now_ns());
    if (!replay) {
      return http::problem_response(replay.error());
    }
    const auto id = parts_.dispatcher.replay(*replay);
    if (!id) {
      return http::problem_response(id.error());
    }
    JsonWriter json;
    json.begin_object().field("id", *id).field("subscriber", replay->subscriber).end_object();
    return http::json_response(json.take(), 202);
  }
  if (request.method != "GET") {
    return wrong_method("GET, POST");
  }
  const auto records = parts_.store.replays();
  if (!records) {
    return http::problem_response(records.error());
  }
  const auto names = parts_.store.subscribers();
  if (!names) {
    return http::problem_response(names.error());
  }
  JsonWriter json;
  json.begin_object().key("replays").begin_array();
  for (const auto& record : *records) {
    const auto owner = std::find_if(names->begin(), names->end(),
                                    [&](const auto& each) { return each.id == record.subscriber; });
    write_replay(json, record, owner == names->end() ? std::string_view() : owner->name);
  }
  json.end_array().field("count", records->size()).end_object();
  return http::json_response(json.take());
}

ApiResponse AdminApi::plugins(const ApiRequest& request) {
  if (request.method != "GET") {
    return wrong_method("GET");
  }
  JsonWriter json;
  json.begin_object().key("plugins").begin_array();
  for (const auto& plugin : parts_.plugins.plugins()) {
    write_plugin(json, plugin);
  }
  json.end_array().key("refused").begin_array();
  for (const auto& refused : parts_.plugins.refused()) {
    json.begin_object()
        .field("path", refused.path.string())
        .field("reason", refused.reason)
        .end_object();
  }
  json.end_array().end_object();
  return http::json_response(json.take());
}

ApiResponse AdminApi::stats(const ApiRequest& request) {
  if (request.method != "GET") {
    return wrong_method("GET");
  }
  JsonWriter json;
  json.begin_object().field("version", parts_.version);
  if (parts_.configuration) {
    json.key("configuration").raw(parts_.configuration());
  }
  json.key("store");
  write_store_stats(json, parts_.store.stats());
  const auto dead = parts_.store.count_dead_letters({});
  json.key("dead_letters");
  dead ? json.value(*dead) : json.null();
  json.key("subscribers").begin_array();
  for (const auto& each : parts_.dispatcher.stats()) {
    write_subscriber(json, each);
  }
  json.end_array().end_object();
  return http::json_response(json.take());
}

ApiResponse AdminApi::health(const ApiRequest& request) {
  if (request.method != "GET" && request.method != "HEAD") {
    return wrong_method("GET");
  }
  const std::string& which = request.path[1];
  if (which != "live" && which != "ready") {
    return not_found(request);
  }
  std::string why;
  if (which == "ready" && !parts_.ready(why)) {
    return http::problem_response(503, "Not ready", why);
  }
  return http::json_response(R"({"status":"ok"})");
}

}  // namespace aev::admin

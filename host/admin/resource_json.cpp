#include "admin/resource_json.h"

#include <string>

#include "core/clock.h"
#include "events/canonical_json.h"

namespace aev::admin {
namespace {

void write_time(JsonWriter& json, std::string_view name, std::int64_t unix_ns) {
  json.key(name);
  if (unix_ns == 0) {
    json.null();
  } else {
    json.value(format_rfc3339(unix_ns));
  }
}

std::string_view outcome_name(std::uint8_t outcome) {
  switch (static_cast<loader::Outcome>(outcome)) {
    case loader::Outcome::kDelivered:
      return "delivered";
    case loader::Outcome::kRetry:
      return "retry";
    case loader::Outcome::kReject:
      return "reject";
    case loader::Outcome::kSkip:
      return "skip";
    case loader::Outcome::kNotConnected:
      return "not_connected";
  }
  return "unknown";
}

}  // namespace

std::string_view to_string(store::DeadReason reason) {
  switch (reason) {
    case store::DeadReason::kRejected:
      return "rejected";
    case store::DeadReason::kExhausted:
      return "exhausted";
    case store::DeadReason::kExpired:
      return "expired";
    case store::DeadReason::kDisabled:
      return "disabled";
    case store::DeadReason::kPluginFault:
      return "plugin_fault";
  }
  return "unknown";
}

void write_event(JsonWriter& json, const events::RoutedEvent& routed) {
  json.begin_object().field("seq", routed.event->seq());
  write_time(json, "received_at", routed.event->received_unix_ns());
  std::string canonical;
  events::append_canonical_json(canonical, *routed.event);
  json.key("event").raw(canonical).end_object();
}

void write_dead_letter(JsonWriter& json, const store::DeadLetterRecord& record) {
  json.begin_object()
      .field("id", record.id)
      .field("subscriber", record.subscriber_name)
      .field("seq", record.seq)
      .field("event_id", record.event_id)
      .field("event_type", record.event_type)
      .field("debate_id", record.debate_id)
      .field("replay", record.replay != 0)
      .field("reason", to_string(record.reason))
      .field("attempts", record.attempts)
      .field("last_status", record.last_code)
      .field("last_error", record.last_error);
  write_time(json, "first_attempt_at", record.first_attempt_unix_ns);
  write_time(json, "last_attempt_at", record.last_attempt_unix_ns);
  write_time(json, "dead_at", record.dead_unix_ns);
  write_time(json, "expires_at", record.expires_unix_ns);
  json.end_object();
}

void write_attempt(JsonWriter& json, const store::AttemptRecord& record) {
  json.begin_object()
      .field("seq", record.seq)
      .field("event_id", record.event_id)
      .field("attempt", record.attempt)
      .field("replay", record.replay != 0)
      .field("outcome", outcome_name(record.outcome))
      .field("status", record.code)
      .field("error", record.error)
      .field("duration_ms", static_cast<double>(record.duration_ns) / 1e6);
  write_time(json, "started_at", record.started_unix_ns);
  json.end_object();
}

void write_subscriber(JsonWriter& json, const delivery::SubscriberStats& stats) {
  json.begin_object()
      .field("name", stats.name)
      .field("plugin", stats.plugin)
      .field("state", stats.state)
      .field("reason", stats.reason)
      .field("events_processed", stats.processed)
      .field("events_delivered", stats.delivered)
      .field("events_skipped", stats.skipped)
      .field("events_failed", stats.failed)
      .field("events_retried", stats.retried)
      .field("events_dead_lettered", stats.dead_lettered)
      .field("in_flight", stats.in_flight)
      .field("waiting_retry", stats.waiting_retry)
      .field("lag", stats.lag)
      .field("oldest_age_seconds", stats.oldest_age_s)
      .field("cursor", stats.cursor)
      .field("plugin_restarts", stats.plugin_restarts);
  json.key("latency_ms")
      .begin_object()
      .field("samples", stats.latency.samples)
      .field("p50", stats.latency.p50_ms)
      .field("p90", stats.latency.p90_ms)
      .field("p99", stats.latency.p99_ms)
      .field("max", stats.latency.max_ms)
      .end_object();
  json.end_object();
}

void write_replay(JsonWriter& json,
                  const store::ReplayRecord& record,
                  std::string_view subscriber) {
  json.begin_object()
      .field("id", record.id)
      .field("subscriber", subscriber)
      .field("scheduled", record.scheduled)
      .field("done", record.done)
      .field("rate", record.per_second);
  write_time(json, "created_at", record.created_unix_ns);
  json.end_object();
}

void write_plugin(JsonWriter& json, const loader::PluginInfo& plugin) {
  json.begin_object()
      .field("path", plugin.path.string())
      .field("abi", std::to_string(plugin.abi_major) + "." + std::to_string(plugin.abi_minor));
  json.key("types").begin_array();
  for (const auto& type : plugin.types) {
    json.begin_object()
        .field("id", type.id)
        .field("name", type.name)
        .field("version", type.version)
        .field("vendor", type.vendor)
        .end_object();
  }
  json.end_array().end_object();
}

void write_schema(JsonWriter& json, const events::EventSchema& schema) {
  json.begin_object()
      .field("event_type", schema.event_type)
      .field("title", schema.title)
      .field("group", schema.group)
      .end_object();
}

void write_validation(JsonWriter& json,
                      std::string_view event_type,
                      const std::vector<events::SchemaFault>& faults) {
  json.begin_object().field("event_type", event_type).field("valid", faults.empty());
  json.key("errors").begin_array();
  for (const events::SchemaFault& fault : faults) {
    json.begin_object().field("field", fault.field).field("message", fault.message);
    if (!fault.value.empty()) {
      json.key("value").raw(fault.value);
    }
    json.end_object();
  }
  json.end_array().end_object();
}

void write_store_stats(JsonWriter& json, const store::StoreStats& stats) {
  json.begin_object()
      .field("events", stats.events)
      .field("first_seq", stats.first_seq)
      .field("last_seq", stats.last_seq)
      .field("database_bytes", stats.database_bytes)
      .field("wal_bytes", stats.wal_bytes)
      .field("queued_events", stats.queued_events)
      .field("queued_bytes", stats.queued_bytes)
      .field("full", stats.full)
      .end_object();
}

}  // namespace aev::admin

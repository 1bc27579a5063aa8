#include "config/key_notes.h"

#include <string>

namespace aev::config {
namespace {

constexpr KeyNote kNotes[] = {
    {"version", "Version of this file's format", R"({"const": 1})"},
    {"include",
     "Further files, by path or glob relative to this file; maps of the same name are joined, "
     "lists "
     "are put one after the other",
     R"({"type": ["string", "number", "array", "null"], "minLength": 1,
         "items": {"type": ["string", "number"], "minLength": 1}})"},
    {"data_dir", "Folder of the event store, relative to this file",
     R"({"type": ["string", "number"], "minLength": 1, "default": "data"})"},

    {"api", "The HTTP interface: events in, admin API, /metrics and /health"},
    {"api.listen", "Address and port; without tokens only loopback may be bound",
     R"({"type": "string", "pattern": "^(\\[[^\\]]+\\]|[^:\\[\\] /\\t]+):[0-9]{1,5}$|\\$\\{(env|file):",
         "patternErrorMessage": "write it like 127.0.0.1:8080 or [::1]:8080",
         "default": "127.0.0.1:8080"})"},
    {"api.auth", "Who may do what; without it everybody on this machine may do everything"},
    {"api.auth.tokens", "Bearer tokens"},
    {"api.auth.tokens[0]", "A token",
     R"({"type": "object", "required": ["name", "token", "scopes"]})"},
    {"api.auth.tokens[0].name", "What the log and the metrics call it"},
    {"api.auth.tokens[0].token", "The secret: read it from ${env:NAME} or ${file:PATH}"},
    {"api.auth.tokens[0].scopes", "ingest: post events; read: look at things; admin: change things",
     R"({"type": "array", "minItems": 1,
         "items": {"anyOf": [{"enum": ["ingest", "read", "admin"]},
                             {"type": "string", "pattern": "\\$\\{(env|file):"}]}})"},
    {"api.tls", "HTTPS instead of HTTP", R"({"required": ["certificate", "key"]})"},
    {"api.tls.certificate", "PEM file with the certificate and its chain"},
    {"api.tls.key", "PEM file with the private key"},
    {"api.max_connections", "Connections that are open at once"},
    {"api.max_body", "Size of one request that is held whole"},
    {"api.max_event", "Size of one event"},
    {"api.request_timeout", "From the first byte of a request to the last of its answer"},
    {"api.keep_alive", "How long an idle connection is kept"},

    {"store", "How events are kept"},
    {"store.sync", "full: a 202 survives a power cut; normal: it survives a crash of the program"},
    {"store.max_size", "Beyond it producers get 507 until there is room again"},
    {"store.dedup_window", "An id that was seen within it is a duplicate"},
    {"store.retention", "How long things are kept that nobody waits for any more"},
    {"store.retention.events", "Of delivered events"},
    {"store.retention.attempts", "Of the log of delivery attempts"},

    {"log", "What the host writes to standard error"},
    {"log.level", "The least important lines that are written"},
    {"log.format", "text for people, json for machines"},

    {"delivery", "Delivery as a whole"},
    {"delivery.memory", "Recent events kept in memory for subscribers that keep up"},
    {"delivery.checkpoint_interval",
     "How often cursors are saved; after a crash what was settled since is repeated"},
    {"delivery.drain_timeout", "How long SIGTERM waits for deliveries in flight"},

    {"plugins", "Where subscriber plugins come from"},
    {"plugins.path", "Folders that are searched for *.so, relative to this file",
     R"({"type": ["string", "number", "array", "null"], "minLength": 1,
         "items": {"type": ["string", "number"], "minLength": 1}})"},

    {"schemas", "Whether the data of events is checked against JSON Schemas"},
    {"schemas.path", "Folders with files <event_type>.json, which win over those that ship",
     R"({"type": ["string", "number", "array", "null"], "minLength": 1,
         "items": {"type": ["string", "number"], "minLength": 1}})"},
    {"schemas.default", "For event types that `events` does not name"},
    {"schemas.events", "By event type"},
    {"schemas.events.*", "off: not checked; warn: taken, counted and logged; enforce: refused"},

    {"retry_policies", "Retry policies by name; subscribers that name none get `default`"},
    {"retry_policies.*",
     "A wait of initial_interval x multiplier^(n-1), at most max_interval, spread by jitter"},
    {"retry_policies.*.max_attempts", "Counting the first; 1 never retries"},
    {"retry_policies.*.initial_interval", "Before the second attempt"},
    {"retry_policies.*.multiplier", "By which each wait is longer than the one before"},
    {"retry_policies.*.max_interval", "The longest wait"},
    {"retry_policies.*.jitter", "0.2 spreads each wait by a fifth to both sides"},
    {"retry_policies.*.max_elapsed", "Since the first attempt; 0 has no limit"},

    {"dead_letter_policies",
     "Dead-letter policies by name; subscribers that name none get `default`"},
    {"dead_letter_policies.*", "How long deliveries that were given up are kept"},
    {"dead_letter_policies.*.retention", "0 keeps them until they are retried or discarded"},
    {"dead_letter_policies.*.max_events", "The oldest go first; 0 has no limit"},

    {"subscribers", "Who gets events: instances of plugins, by name"},
    {"subscribers.*", "A subscriber", R"({"type": "object", "required": ["plugin"]})"},
    {"subscribers.*.plugin", "The subscriber type; `aragora-events plugins list` shows them"},
    {"subscribers.*.config", "What the plugin needs to know", R"({"type": ["object", "null"]})"},
    {"subscribers.*.retry", "Retry policy: the name of one, or its values"},
    {"subscribers.*.dead_letter", "Dead-letter policy: the name of one, or its values"},
    {"subscribers.*.batch", "Deliver several events at once", R"({"type": "object"})"},
    {"subscribers.*.batch.max_events", "Events in a batch"},
    {"subscribers.*.batch.max_bytes", "Size of a batch"},
    {"subscribers.*.batch.max_delay", "How long the first event of a batch waits for others"},
    {"subscribers.*.concurrency", "Events, or batches, that are in flight at once"},
    {"subscribers.*.order_by",
     "Events with the same value are delivered in order: debate_id, event_type, source, an "
     "attribute, or none"},
    {"subscribers.*.rate_limit", "At most so many events a second, minute or hour"},
    {"subscribers.*.circuit_breaker", "When to leave a receiver alone that fails"},
    {"subscribers.*.circuit_breaker.failures", "Failed attempts in a row that open it; 0: none do"},
    {"subscribers.*.circuit_breaker.cooldown", "Before one attempt is made again"},
    {"subscribers.*.timeout", "Of one attempt"},
    {"subscribers.*.attempts", "Which attempts are written to the attempt log"},

    {"routes", "Which events go where; every route that matches counts, in no order"},
    {"routes[0]", "A route", R"({"type": "object", "required": ["name", "to"]})"},
    {"routes[0].name", "What explanations, tests and metrics call it"},
    {"routes[0].default", "Takes what no other route matches; it has no match of its own"},
    {"routes[0].match", "The events it takes, as an EventBridge event pattern; without it, all",
     R"({"$ref": "#/definitions/event_pattern"})"},
    {"routes[0].to", "The subscribers that get them",
     R"({"type": ["string", "number", "array"], "minItems": 1,
         "items": {"type": ["string", "number"]}})"},

    {"tests", "Events and where they must go; `aragora-events test` runs them"},
    {"tests[0]", "A test of the routes",
     R"({"type": "object", "required": ["expect"],
         "oneOf": [{"required": ["event"]}, {"required": ["events"]}]})"},
    {"tests[0].name", "What is to hold"},
    {"tests[0].event", "An event as producers send it", R"({"$ref": "#/definitions/event"})"},
    {"tests[0].events", "Several events, of each of which the same is expected",
     R"({"type": "array", "minItems": 1, "items": {"$ref": "#/definitions/event"}})"},
    {"tests[0].expect", "What must become of it", R"({"type": "object", "minProperties": 1})"},
    {"tests[0].expect.to", "Exactly these subscribers get it; [] is nobody",
     R"({"type": ["string", "number", "array"], "items": {"type": ["string", "number"]}})"},
    {"tests[0].expect.includes", "These subscribers get it, maybe with others",
     R"({"type": ["string", "number", "array"], "minItems": 1,
         "items": {"type": ["string", "number"]}})"},
    {"tests[0].expect.excludes", "None of these subscribers get it",
     R"({"type": ["string", "number", "array"], "minItems": 1,
         "items": {"type": ["string", "number"]}})"},
    {"tests[0].expect.routes", "Exactly these routes match it; [] is none",
     R"({"type": ["string", "number", "array"], "items": {"type": ["string", "number"]}})"},
};

}  // namespace

std::span<const KeyNote> key_notes() {
  return kNotes;
}

const KeyNote* find_key_note(std::string_view path) {
  std::string shared(path);
  for (const auto& [inlined, named] : {std::pair{"subscribers.*.retry.", "retry_policies.*."},
                                       {"subscribers.*.dead_letter.", "dead_letter_policies.*."}}) {
    if (shared.rfind(inlined, 0) == 0) {
      shared = named + shared.substr(std::string_view(inlined).size());
    }
  }
  for (const KeyNote& note : kNotes) {
    if (note.path == shared) {
      return &note;
    }
  }
  return nullptr;
}

std::string_view pattern_language_definitions() {
  return R"({
  "event": {
    "type": "object",
    "properties": {
      "id": {"type": "string"},
      "event_type": {"$ref": "#/definitions/event_type"},
      "debate_id": {"type": "string"},
      "source": {"type": "string"},
      "data": {}
    }
  },
  "event_pattern": {
    "description": "Every field named here must match; a field is a list of values of which one must match",
    "type": "object",
    "minProperties": 1,
    "properties": {
      "id": {"$ref": "#/definitions/condition"},
      "event_type": {"allOf": [{"$ref": "#/definitions/condition"},
        {"type": "array", "items": {"anyOf": [{"$ref": "#/definitions/event_type"}, {}]}}]},
      "debate_id": {"$ref": "#/definitions/condition"},
      "source": {"$ref": "#/definitions/condition"},
      "timestamp": {"$ref": "#/definitions/condition"},
      "data": {"$ref": "#/definitions/condition"},
      "$or": {"description": "One of these patterns must match", "type": "array", "minItems": 2,
              "items": {"$ref": "#/definitions/event_pattern"}}
    },
    "additionalProperties": {"$ref": "#/definitions/condition"}
  },
  "condition": {
    "description": "A list of values and operators of which one must match, or a pattern of the fields within",
    "type": ["array", "object"],
    "minItems": 1,
    "items": {"$ref": "#/definitions/matcher"},
    "minProperties": 1,
    "properties": {
      "$or": {"description": "One of these patterns must match", "type": "array", "minItems": 2,
              "items": {"$ref": "#/definitions/condition", "type": "object"}}
    },
    "additionalProperties": {"$ref": "#/definitions/condition"}
  },
  "matcher": {
    "description": "A value that must be equal, or one operator",
    "type": ["string", "number", "boolean", "null", "object"],
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": false,
    "properties": {
      "prefix": {"description": "Text that begins so", "$ref": "#/definitions/affix"},
      "suffix": {"description": "Text that ends so", "$ref": "#/definitions/affix"},
      "equals-ignore-case": {"description": "Text that is equal but for case", "type": "string"},
      "exactly": {"description": "Text that is equal", "type": "string"},
      "wildcard": {"description": "Text in which * stands for any characters", "type": "string"},
      "exists": {"description": "Whether the field is there at all", "type": "boolean"},
      "cidr": {"description": "An IPv4 or IPv6 address of this network", "type": "string",
               "pattern": "^[0-9a-fA-F.:]+(/[0-9]{1,3})?$|\\$\\{(env|file):"},
      "numeric": {
        "description": "A number: [\"=\", n], [\">\", low], [\"<=\", high], or both: [\">\", low, \"<=\", high]",
        "type": "array", "minItems": 2, "maxItems": 4,
        "items": [{"enum": ["=", "<", "<=", ">", ">="]}, {"type": "number"},
                  {"enum": ["<", "<="]}, {"type": "number"}],
        "anyOf": [{"maxItems": 2}, {"minItems": 4, "items": [{"enum": [">", ">="]}]}]
      },
      "anything-but": {
        "description": "A value that is none of these; the field must be there",
        "type": ["string", "number", "array", "object"],
        "minItems": 1,
        "items": {"type": ["string", "number"]},
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": false,
        "properties": {
          "prefix": {"$ref": "#/definitions/texts"},
          "suffix": {"$ref": "#/definitions/texts"},
          "equals-ignore-case": {"$ref": "#/definitions/texts"},
          "wildcard": {"$ref": "#/definitions/texts"}
        }
      }
    }
  },
  "affix": {
    "type": ["string", "object"],
    "minProperties": 1,
    "additionalProperties": false,
    "properties": {"equals-ignore-case": {"type": "string"}}
  },
  "texts": {
    "description": "A text, or a list of them",
    "type": ["string", "array"],
    "minItems": 1,
    "items": {"type": "string"}
  }
})";
}

}  // namespace aev::config

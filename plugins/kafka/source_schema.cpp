#include "source_options.h"

namespace aev::kafka {

const char* source_schema() noexcept {
  return R"({
  "$schema": "http://json-schema.org/draft-07/schema#",
  "title": "kafka_source",
  "type": "object",
  "required": ["brokers", "topics", "group"],
  "additionalProperties": false,
  "properties": {
    "topics": {"type": "array", "minItems": 1, "uniqueItems": true,
      "items": {"type": "string", "minLength": 1},
      "description": "Topics to read; one that begins with ^ is a regular expression"},
    "group": {"type": "string", "minLength": 1,
      "description": "Consumer group: its members share the partitions, and it remembers how far they are"},
    "start": {"enum": ["earliest", "latest"], "default": "earliest",
      "description": "Where a group begins that has not read a partition yet"},
    "assignment": {"enum": ["cooperative", "eager"], "default": "cooperative",
      "description": "How partitions move when members come and go; the same for all members of a group"},
    "commit_interval": {"type": "string", "pattern": "^([0-9.]+(ms|s|m|h|d))+$", "default": "1s",
      "description": "How often offsets of durable events are committed"},
    "format": {"enum": ["event", "cloudevents", "data"], "default": "event",
      "description": "What messages without a content-type header are: events as POST /v1/events takes them, structured CloudEvents, or data to be wrapped into an event"},
    "event_type": {"type": "string", "pattern": "^[A-Za-z0-9_.:/-]{1,128}$", "default": "kafka_message",
      "description": "Type of the events that `format: data` makes"},
    "max_in_flight": {"type": "integer", "minimum": 1, "maximum": 4000, "default": 1000,
      "description": "Most messages that are read and not durable yet; then partitions are paused"},
    "max_in_flight_bytes": {"type": "string", "pattern": "^[0-9.]+([KMG]i?)?B$", "default": "16MiB"},
    "malformed": {"type": "object", "additionalProperties": false,
      "description": "What becomes of a message that is no event",
      "properties": {
        "to": {"enum": ["topic", "event"], "default": "topic",
          "description": "A dead-letter topic, or an event kafka_message_malformed of this host"},
        "topic": {"type": "string", "minLength": 1, "default": "{topic}.dlq"}}},)"
#include "connection_schema.inc"
         R"(  }
})";
}

}  // namespace aev::kafka

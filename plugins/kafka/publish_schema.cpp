#include "publish_options.h"

namespace aev::kafka {

const char* publish_schema() noexcept {
  return R"({
  "$schema": "http://json-schema.org/draft-07/schema#",
  "title": "kafka subscriber",
  "type": "object",
  "required": ["brokers"],
  "additionalProperties": false,
  "properties": {
    "topic": {"type": "string", "minLength": 1, "default": "aragora-events",
      "description": "Topic, with fields of the event: events.{event_type}, events.{data.region:-common}"},
    "key": {"type": "string", "minLength": 1, "default": "debate_id",
      "description": "Field whose value is the message's key: id, event_type, debate_id, source, data.path.to.value, attributes.name, or none"},
    "format": {"enum": ["event", "cloudevents"], "default": "event",
      "description": "Message: the canonical event, or CloudEvents 1.0"},
    "mode": {"enum": ["binary", "structured"], "default": "binary",
      "description": "CloudEvents content mode: attributes in ce_ headers and the data as the value, or one JSON document"},
    "headers": {"type": "object", "additionalProperties": {"type": "string"},
      "description": "Further headers of each message"},
    "compression": {"enum": ["none", "gzip", "snappy", "lz4", "zstd"], "default": "lz4"},
    "linger": {"type": "string", "pattern": "^([0-9.]+(ms|s|m|h|d))+$", "default": "5ms",
      "description": "How long a message waits for others that go to the broker with it"},
    "batch_messages": {"type": "integer", "minimum": 1, "maximum": 1000000, "default": 10000,
      "description": "Most messages of one batch to the broker"},
    "batch_bytes": {"type": "string", "pattern": "^[0-9.]+([KMG]i?)?B$", "default": "1000000B",
      "description": "Most bytes of one batch to the broker"},
    "max_message_bytes": {"type": "string", "pattern": "^[0-9.]+([KMG]i?)?B$", "default": "1000000B",
      "description": "Larger messages are rejected; the broker's own limit applies besides"},
    "queue_messages": {"type": "integer", "minimum": 1, "maximum": 10000000, "default": 100000,
      "description": "Most messages on their way; then the host holds back"},
    "queue_bytes": {"type": "string", "pattern": "^[0-9.]+([KMG]i?)?B$", "default": "64MiB"},)"
#include "connection_schema.inc"
         R"(  }
})";
}

}  // namespace aev::kafka

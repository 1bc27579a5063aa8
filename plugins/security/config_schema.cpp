#include "settings.h"

namespace aev::security {

const char* config_schema() noexcept {
  return R"json({
  "$schema": "http://json-schema.org/draft-07/schema#",
  "title": "security subscriber",
  "type": "object",
  "required": ["database"],
  "additionalProperties": false,
  "definitions": {
    "duration": {"type": "string", "minLength": 2, "maxLength": 32, "description": "500ms, 10s, 5m, 1h or 7d"},
    "severity": {"enum": ["info", "low", "medium", "high", "critical"]},
    "event_type": {"type": "string", "pattern": "^[A-Za-z0-9_.:/-]{1,128}$"},
    "field": {"type": "string", "pattern": "^[^.]{1,128}([.][^.]{1,128})?$"}
  },
  "properties": {
    "database": {
      "type": "string",
      "minLength": 1,
      "description": "SQLite file of the plugin: windows, alerts, audit trail; one for each subscriber"
    },
    "sync": {
      "enum": ["full", "normal"],
      "default": "full",
      "description": "full survives a power loss, normal only the end of the process"
    },
    "rules": {
      "type": "array",
      "maxItems": 1000,
      "description": "Replaces the built-in rules",
      "items": {
        "type": "object",
        "additionalProperties": false,
        "required": ["name", "events"],
        "properties": {
          "name": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
          "events": {
            "type": "array",
            "minItems": 1,
            "maxItems": 64,
            "uniqueItems": true,
            "items": {"$ref": "#/definitions/event_type"},
            "description": "Types that it looks at"
          },
          "key": {
            "type": ["string", "array"],
            "minItems": 1,
            "maxItems": 4,
            "pattern": "^[^.]{1,128}([.][^.]{1,128})?$",
            "items": {"$ref": "#/definitions/field"},
            "description": "Members of data whose values are counted apart: ip_address, metadata.country"
          },
          "distinct": {
            "type": "string",
            "pattern": "^[^.]{1,128}([.][^.]{1,128})?$",
            "description": "Count the different values of this member instead of events"
          },
          "count": {
            "type": "integer",
            "minimum": 1,
            "maximum": 10000,
            "description": "How many make it fire; without it each event does"
          },
          "within": {
            "allOf": [{"$ref": "#/definitions/duration"}],
            "description": "Length of the sliding window"
          },
          "cooldown": {
            "allOf": [{"$ref": "#/definitions/duration"}],
            "description": "A key that fired stays quiet so long; as `within` if absent"
          },
          "min_severity": {
            "allOf": [{"$ref": "#/definitions/severity"}],
            "description": "Passes over events below it"
          },
          "severity": {
            "allOf": [{"$ref": "#/definitions/severity"}],
            "default": "high",
            "description": "Of the alert"
          },
          "emit": {
            "type": "array",
            "maxItems": 8,
            "description": "What it publishes; one threat_detected if absent",
            "items": {
              "type": ["string", "object"],
              "pattern": "^[A-Za-z0-9_.:/-]{1,128}$",
              "additionalProperties": false,
              "required": ["event_type"],
              "properties": {
                "event_type": {"$ref": "#/definitions/event_type"},
                "severity": {"$ref": "#/definitions/severity"},
                "fields": {"type": "object", "description": "Further members of its data"}
              }
            }
          }
        }
      }
    },
    "debates": {
      "type": "object",
      "additionalProperties": false,
      "description": "When a finding asks for a debate (security_debate_requested)",
      "properties": {
        "enabled": {"type": "boolean", "default": true},
        "min_severity": {"allOf": [{"$ref": "#/definitions/severity"}], "default": "high"},
        "critical_finding_threshold": {"type": "integer", "minimum": 1, "maximum": 100000, "default": 1},
        "high_finding_threshold": {"type": "integer", "minimum": 1, "maximum": 100000, "default": 3},
        "always_trigger": {
          "type": "array",
          "maxItems": 64,
          "items": {"$ref": "#/definitions/event_type"},
          "description": "Types that need no severity and no count"
        },
        "repository_cooldown": {"allOf": [{"$ref": "#/definitions/duration"}], "default": "300s"},
        "max_concurrent_debates": {"type": "integer", "minimum": 1, "maximum": 10000, "default": 5},
        "debate_timeout": {
          "allOf": [{"$ref": "#/definitions/duration"}],
          "default": "300s",
          "description": "A debate that nobody completes counts as open so long"
        },
        "debate_confidence_threshold": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.7},
        "auto_start": {"type": "boolean", "default": false}
      }
    },
    "limits": {
      "type": "object",
      "additionalProperties": false,
      "description": "Memory of all windows together; each rule has an equal share",
      "properties": {
        "keys": {"type": "integer", "minimum": 100, "maximum": 10000000, "default": 200000},
        "window_events": {"type": "integer", "minimum": 1000, "maximum": 100000000, "default": 2000000},
        "events_per_key": {"type": "integer", "minimum": 16, "maximum": 100000, "default": 256}
      }
    },
    "max_late": {
      "allOf": [{"$ref": "#/definitions/duration"}],
      "default": "10m",
      "description": "Events that arrive later than this are recorded and not counted"
    },
    "max_ahead": {
      "allOf": [{"$ref": "#/definitions/duration"}],
      "default": "5m",
      "description": "Times further in the future count as the time of receipt"
    },
    "alert_life": {
      "allOf": [{"$ref": "#/definitions/duration"}],
      "default": "60m",
      "description": "How long an alert is listed as active"
    },
    "max_evidence": {
      "type": "integer",
      "minimum": 1,
      "maximum": 1000,
      "default": 20,
      "description": "Event ids that an alert names, the newest"
    },
    "audit": {
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "key_file": {
          "type": "string",
          "minLength": 1,
          "description": "Ed25519 private key (PEM) that signs checkpoints; made with mode 0600 if absent; `database` and .key by default"
        },
        "checkpoint_entries": {"type": "integer", "minimum": 1, "maximum": 1000000, "default": 1000},
        "checkpoint_interval": {"allOf": [{"$ref": "#/definitions/duration"}], "default": "1m"},
        "max_entry_data": {
          "type": "integer",
          "minimum": 256,
          "maximum": 1048576,
          "default": 16384,
          "description": "Bytes of an event's data that an entry holds; of more only the rules' fields are kept"
        },
        "retention": {
          "allOf": [{"$ref": "#/definitions/duration"}],
          "description": "Entries older than this are pruned, up to a signed checkpoint; kept for good if absent"
        }
      }
    }
  }
})json";
}

}  // namespace aev::security

#include "options.h"

namespace aev::analytics {

const char* config_schema() noexcept {
  return R"({
  "$schema": "http://json-schema.org/draft-07/schema#",
  "title": "analytics subscriber",
  "type": "object",
  "required": ["file"],
  "additionalProperties": false,
  "properties": {
    "file": {"type": "string", "minLength": 1,
      "description": "SQLite file of the figures, made if it is not there; one for each subscriber"},
    "commit_interval": {"type": "string", "pattern": "^[0-9]+(ms|s)$", "default": "50ms",
      "description": "Events are gathered for so long and then counted in one transaction; 0ms: at once"},
    "retention": {"type": "object", "additionalProperties": false,
      "description": "How long figures are kept: a duration such as 48h or 60d, or forever",
      "properties": {
        "minute": {"type": "string", "pattern": "^([0-9]+(s|m|h|d|w)|forever)$", "default": "2d",
          "description": "Counts by minute"},
        "hour": {"type": "string", "pattern": "^([0-9]+(s|m|h|d|w)|forever)$", "default": "60d",
          "description": "Counts by hour"},
        "day": {"type": "string", "pattern": "^([0-9]+(s|m|h|d|w)|forever)$", "default": "forever",
          "description": "Counts by day"},
        "debates": {"type": "string", "pattern": "^([0-9]+(s|m|h|d|w)|forever)$", "default": "400d",
          "description": "What is known of a debate, from its last event on"}}}
  }
})";
}

}  // namespace aev::analytics

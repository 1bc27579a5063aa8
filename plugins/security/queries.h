#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <aev/plugin.hpp>

#include "settings.h"

namespace aev::security {

/// What aev.query/1 says of the queries.
inline constexpr const char* kQueries = R"json([
  {
    "name": "recent",
    "description": "Security events, newest first, credentials masked",
    "offline": true,
    "parameters": {
      "event_type": "Only of this type",
      "min_severity": "info, low, medium, high or critical",
      "since": "Received at or after (RFC 3339)",
      "limit": "At most so many (100, up to 1000)"
    }
  },
  {
    "name": "counts",
    "description": "Events by type and severity",
    "offline": true,
    "parameters": {}
  },
  {
    "name": "alerts",
    "description": "Active alerts, newest first",
    "offline": true,
    "parameters": {
      "rule": "Only of this rule",
      "min_severity": "info to critical",
      "all": "true: also those that are over",
      "limit": "At most so many (100, up to 1000)"
    }
  },
  {
    "name": "status",
    "description": "Rules, windows and numbers since the start",
    "offline": false,
    "parameters": {}
  },
  {
    "name": "audit_verify",
    "description": "Is the audit trail intact, and if not, where?",
    "offline": true,
    "parameters": {
      "public_key": "PEM or whpk_ key that must have signed",
      "checkpoint": "A checkpoint kept earlier"
    }
  },
  {
    "name": "audit_export",
    "description": "Entries as NDJSON with their hashes",
    "offline": true,
    "parameters": {"since": "After this entry number", "limit": "At most so many"}
  },
  {
    "name": "audit_checkpoint",
    "description": "The last signed checkpoint",
    "offline": true,
    "parameters": {}
  },
  {
    "name": "public_key",
    "description": "The key that verifies checkpoints, PEM",
    "offline": true,
    "parameters": {}
  }
])json";

/// Answers a query from the file alone, on the caller's thread. False if there is none of that
/// name. Throws sdk::ConfigError for a parameter, std::runtime_error for the file.
[[nodiscard]] bool answer_query(const Settings& settings,
                                std::string_view name,
                                std::string_view parameters,
                                std::int64_t now_unix_ns,
                                sdk::Answer answer);

}  // namespace aev::security

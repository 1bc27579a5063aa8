#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <aev/plugin.hpp>

#include "severity.h"

namespace aev::security {

using std::chrono::nanoseconds;

/// An event that a rule publishes when it fires.
struct EmitSettings {
  std::string event_type;
  std::optional<Severity> severity;  ///< of the event; the rule's if absent
  std::string fields;                ///< further members of its data, as JSON text without braces
};

enum class RuleKind : std::uint8_t {
  kThreshold,  ///< so many events, or so many values of a field, within a time
  kEach,       ///< every event that fits
  kDebate,     ///< Aragora's security dispatcher: is the finding worth a debate?
};

struct RuleSettings {
  std::string name;
  RuleKind kind = RuleKind::kEach;
  std::vector<std::string> events;  ///< types that it looks at
  std::vector<std::string> key;     ///< fields that tell its windows apart; none: one for all
  std::string distinct;             ///< field whose values are counted; empty: events are
  std::uint32_t count = 1;
  nanoseconds within{0};
  nanoseconds cooldown{0};  ///< of a key after it fired
  Severity min_severity = Severity::kInfo;
  Severity severity = Severity::kHigh;  ///< of the alert
  std::vector<EmitSettings> emit;
  // Of RuleKind::kDebate.
  std::vector<std::string> always_trigger;
  std::uint32_t critical_findings = 1;
  std::uint32_t high_findings = 3;
  std::uint32_t max_open = 5;
  nanoseconds open_timeout{0};  ///< a debate that nobody completes counts as open so long
  double confidence = 0.7;
  bool auto_start = false;
};

/// Bounds of what is kept in memory, of all rules together; each has an equal share.
struct MemoryLimits {
  std::size_t keys = 200'000;
  std::size_t window_events = 2'000'000;
  std::size_t events_per_key = 256;  ///< or twice the rule's count if that is more
};

struct Settings {
  std::string database;
  bool sync_full = true;
  std::vector<RuleSettings> rules;
  MemoryLimits limits;
  nanoseconds max_late{0};    ///< events that come later than this do not count
  nanoseconds max_ahead{0};   ///< times further in the future count as the time of receipt
  nanoseconds alert_life{0};  ///< how long an alert is an active one
  std::size_t max_evidence = 20;
  std::string key_file;  ///< Ed25519 private key, PEM; made if it is not there
  std::uint64_t checkpoint_entries = 1000;
  nanoseconds checkpoint_interval{0};
  std::size_t max_entry_data = 16 * 1024;
  nanoseconds retention{0};  ///< of audit entries; 0: for good
};

/// Reads a configuration that fits the schema. Throws sdk::ConfigError for what the schema cannot
/// say.
[[nodiscard]] Settings parse_settings(sdk::Json config);

/// JSON Schema, draft 7, of the configuration.
[[nodiscard]] const char* config_schema() noexcept;

}  // namespace aev::security

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "observation.h"
#include "rule_engine.h"
#include "settings.h"

namespace aev::security {

/// An event that waits to be published.
struct OutboxItem {
  std::int64_t number = 0;
  std::string id;
  std::string event_type;
  std::string debate_id;
  std::int64_t time_ns = 0;
  std::string data;
};

/// What a rule that fired comes to. The same firing always comes to the same, ids included.
struct Alert {
  std::string id;
  std::string rule;
  std::string key;  ///< as Firing has it
  Severity severity = Severity::kHigh;
  std::int64_t time_ns = 0;
  std::string body;  ///< JSON object, as queries show it
  std::vector<OutboxItem> emissions;
};

/// `evidence` are the ids of the events in firing.evidence, `event` the one that made it fire.
[[nodiscard]] Alert make_alert(const Settings& settings,
                               std::string_view subscriber,
                               const Firing& firing,
                               const Observation& event,
                               const std::vector<std::string>& evidence);

/// The audit entry of an alert.
void append_alert_entry(std::string& out,
                        std::uint64_t entry,
                        const Alert& alert,
                        const Firing& firing,
                        const Observation& event);

/// Tells the engine what an alert's entry says; nothing if `body` is no alert's. Throws
/// std::runtime_error if it cannot be read.
void restore_alert_entry(std::string_view body, RuleEngine& engine);

}  // namespace aev::security

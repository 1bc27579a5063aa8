#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "severity.h"

namespace aev::security {

/// What rules look at of an event. Views into whoever read it.
struct Observation {
  std::uint64_t seq = 0;
  std::uint64_t entry = 0;  ///< in the audit trail
  std::int64_t time_ns = 0;
  std::int64_t received_ns = 0;
  std::string_view event_id;
  std::string_view event_type;
  std::string_view debate_id;
  std::string_view source;
  Severity severity = Severity::kMedium;  ///< its own
  std::uint32_t critical_findings = 0;
  std::uint32_t high_findings = 0;
  std::vector<std::string_view> fields;  ///< by number of FieldTable; empty: absent
  std::vector<std::string_view> titles;  ///< of its first findings
};

}  // namespace aev::security

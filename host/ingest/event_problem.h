#pragma once

#include <cstdint>
#include <string>

namespace aev::ingest {

/// Why something posted is not taken: enough for the answer's status.
enum class ProblemKind : std::uint8_t {
  kMalformed,   ///< not JSON, not UTF-8, not base64 (400)
  kInvalid,     ///< a field's value is out of its bounds (400)
  kNotAnEvent,  ///< well-formed, but a field is missing or of another type (422)
  kTooLarge,    ///< one event above its limit (413)
};

/// What is wrong with one event.
struct EventProblem {
  ProblemKind kind = ProblemKind::kInvalid;
  std::string pointer;  ///< JSON Pointer into the event's own object; empty: the whole
  std::string detail;   ///< what was expected, as a sentence
};

[[nodiscard]] inline int status_of(ProblemKind kind) {
  switch (kind) {
    case ProblemKind::kMalformed:
    case ProblemKind::kInvalid:
      return 400;
    case ProblemKind::kNotAnEvent:
      return 422;
    case ProblemKind::kTooLarge:
      return 413;
  }
  return 400;
}

}  // namespace aev::ingest

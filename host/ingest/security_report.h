#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "ingest/event_decoder.h"

namespace aev::ingest {

/// What may be reported in a form of its own, rather than as an event.
enum class SecurityReport : std::uint8_t {
  kAuthFailure,         ///< `/v1/security/auth-failures`, the event `auth_failure`
  kSuspiciousActivity,  ///< `/v1/security/suspicious-activity`, the event `suspicious_activity`
};

/// Begins the paths of reports.
inline constexpr std::string_view kSecurityPath = "/v1/security/";

/// The report that is posted to `path`; nothing if none is.
[[nodiscard]] std::optional<SecurityReport> security_report_of(std::string_view path);

/// Makes events of reports: checks the fields, masks what looks like a credential, and leaves the
/// rest of an event's rules to EventDecoder. Members `id`, `timestamp`, `source`, `debate_id` are
/// the event's own, all others its data. Confined to one thread; keeps its memory.
class SecurityReportReader {
 public:
  SecurityReportReader();
  ~SecurityReportReader();
  SecurityReportReader(const SecurityReportReader&) = delete;
  SecurityReportReader& operator=(const SecurityReportReader&) = delete;

  /// `body` has kJsonPadding readable bytes behind it.
  [[nodiscard]] EventDecoder::Item read(SecurityReport report,
                                        std::string_view body,
                                        std::size_t max_event_bytes,
                                        std::int64_t now_unix_ns);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace aev::ingest

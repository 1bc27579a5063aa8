#include "ingest/security_report.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <string>

#include <simdjson.h>

#include <aev/credential_mask_json.hpp>

#include "core/json_text.h"
#include "ingest/event_draft.h"

namespace aev::ingest {
namespace {

/// A member of a report that must fit.
struct Field {
  std::string_view name;
  std::size_t most_bytes;
  bool required;
};

constexpr std::array kAuthFailureFields = {Field{"user_id", 256, true}, Field{"reason", 1024, true},
                                           Field{"ip_address", 64, true},
                                           Field{"severity", 16, false}};
constexpr std::array kSuspiciousFields = {
    Field{"user_id", 256, true}, Field{"activity_type", 128, true}, Field{"ip_address", 64, false},
    Field{"severity", 16, false}};
constexpr std::array<std::string_view, 5> kSeverities = {"critical", "high", "medium", "low",
                                                         "info"};

/// Members that are the event's own, as a native event has them.
bool is_envelope(std::string_view name) {
  return name == "id" || name == "timestamp" || name == "source" || name == "debate_id";
}

bool is_address(const std::string& text) {
  std::array<unsigned char, 16> bytes{};
  return inet_pton(AF_INET, text.c_str(), bytes.data()) == 1 ||
         inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1;
}

Verdict check_text(const Field& field, std::string_view text) {
  const std::string name(field.name);
  if (text.empty() || text.size() > field.most_bytes) {
    return about(ProblemKind::kInvalid, field.name,
                 name + " is 1 to " + std::to_string(field.most_bytes) + " bytes");
  }
  if (field.name == "ip_address" && !is_address(std::string(text))) {
    return about(ProblemKind::kInvalid, field.name,
                 "ip_address is no IP address: expected one such as 203.0.113.7 or 2001:db8::7");
  }
  if (field.name == "severity" &&
      std::find(kSeverities.begin(), kSeverities.end(), text) == kSeverities.end()) {
    return about(ProblemKind::kInvalid, field.name,
                 "severity is one of critical, high, medium, low, info");
  }
  return std::nullopt;
}

Verdict check_field(const Field& field, const std::vector<JsonMember>& members) {
  const auto found = std::find_if(members.begin(), members.end(),
                                  [&](const JsonMember& each) { return each.name == field.name; });
  if (found == members.end() || found->kind == JsonKind::kNull) {
    if (!field.required) {
      return std::nullopt;
    }
    return about(ProblemKind::kNotAnEvent, field.name,
                 std::string(field.name) + " is missing: expected a string");
  }
  std::string_view text;
  if (auto wrong = take_text(*found, text)) {
    return wrong;
  }
  return check_text(field, text);
}

Verdict check_members(SecurityReport report, const std::vector<JsonMember>& members) {
  if (auto wrong = check_repeats(members)) {
    return wrong;
  }
  const bool failure = report == SecurityReport::kAuthFailure;
  for (const Field& field : failure ? kAuthFailureFields : kSuspiciousFields) {
    if (auto wrong = check_field(field, members)) {
      return wrong;
    }
  }
  for (const JsonMember& member : members) {
    if (member.name == "metadata" && member.kind != JsonKind::kObject &&
        member.kind != JsonKind::kNull) {
      return about(ProblemKind::kNotAnEvent, "metadata",
                   "metadata has the wrong type: expected an object");
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<SecurityReport> security_report_of(std::string_view path) {
  if (!path.starts_with(kSecurityPath)) {
    return std::nullopt;
  }
  path.remove_prefix(kSecurityPath.size());
  return path == "auth-failures"         ? std::optional(SecurityReport::kAuthFailure)
         : path == "suspicious-activity" ? std::optional(SecurityReport::kSuspiciousActivity)
                                         : std::nullopt;
}

struct SecurityReportReader::Impl {
  JsonEventReader reader;
  EventDecoder decoder;
  simdjson::ondemand::parser parser;
  std::string data;
  std::string scratch;
  std::string event;

  /// The event in native form, its data masked.
  void write_event(SecurityReport report, const std::vector<JsonMember>& members) {
    data = "{";
    event = "{\"event_type\":\"";
    event += report == SecurityReport::kAuthFailure ? "auth_failure" : "suspicious_activity";
    event += '"';
    for (const JsonMember& member : members) {
      std::string& to = is_envelope(member.name) ? event : data;
      to += to.back() == '{' ? "" : ",";
      append_json_string(to, member.name);
      to.append(":").append(member.raw);
    }
    data += '}';
    event += ",\"data\":";
    const simdjson::padded_string padded(data);
    auto document = parser.iterate(padded);
    simdjson::ondemand::value root;
    if (document.get_value().get(root) == simdjson::SUCCESS) {
      credentials::append_masked(root, false, scratch, event);
    }
    event += '}';
  }
};

SecurityReportReader::SecurityReportReader() : impl_(std::make_unique<Impl>()) {}

SecurityReportReader::~SecurityReportReader() = default;

EventDecoder::Item SecurityReportReader::read(SecurityReport report,
                                              std::string_view body,
                                              std::size_t max_event_bytes,
                                              std::int64_t now_unix_ns) {
  Impl& impl = *impl_;
  if (auto problem = impl.reader.open(body)) {
    return *std::move(problem);
  }
  if (impl.reader.is_array()) {
    return EventProblem{ProblemKind::kNotAnEvent, {}, "expected one report as an object"};
  }
  if (impl.reader.next() != JsonEventReader::Step::kObject) {
    return impl.reader.problem();
  }
  if (auto wrong = check_members(report, impl.reader.members())) {
    return *std::move(wrong);
  }
  try {
    impl.write_event(report, impl.reader.members());
  } catch (const std::exception&) {
    // It was read as JSON above, so what is left is nesting that the masking does not follow.
    return EventProblem{ProblemKind::kInvalid, {}, "the report is nested too deep"};
  }
  impl.event.append(kJsonPadding, ' ');
  const std::string_view event =
      std::string_view(impl.event).substr(0, impl.event.size() - kJsonPadding);
  if (auto problem = impl.decoder.open(event, Shape::kNative, max_event_bytes)) {
    return *std::move(problem);
  }
  return *impl.decoder.next(now_unix_ns);
}

}  // namespace aev::ingest

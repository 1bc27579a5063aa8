#include "ingest/cloud_event.h"

#include <algorithm>
#include <array>

#include "core/clock.h"
#include "core/json_text.h"
#include "events/canonical_json.h"

namespace aev::ingest {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'A' && c <= 'F') {
    return c - 'A' + 10;
  }
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/// CloudEvents 1.0, "Naming conventions": a-z and 0-9 only.
bool is_attribute_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  });
}

/// What both modes have in common: attributes by name, each a JSON value.
class Attributes {
 public:
  explicit Attributes(EventDraft& draft) : draft_(draft) {}

  Verdict take(const JsonMember& member) {
    if (member.kind == JsonKind::kNull) {
      return std::nullopt;  // the same as unset
    }
    for (const auto& [name, field] : std::array<std::pair<std::string_view, std::string_view*>, 8>{
             {{"specversion", &specversion_},
              {"id", &draft_.id},
              {"type", &draft_.event_type},
              {"source", &draft_.source},
              {"time", &time_},
              {"datacontenttype", &content_type_},
              {"subject", &subject_},
              {"debateid", &draft_.debate_id}}}) {
      if (member.name == name) {
        return take_text(member, *field);
      }
    }
    if (!is_attribute_name(member.name)) {
      return about(ProblemKind::kInvalid, member.name,
                   "the name of a CloudEvents attribute is made of a-z and 0-9");
    }
    if (member.kind == JsonKind::kObject || member.kind == JsonKind::kArray) {
      return about(ProblemKind::kNotAnEvent, member.name,
                   "a CloudEvents attribute is a string, a number or a boolean");
    }
    // `timestamp` is taken in the canonical form; theirs is another thing.
    const std::string_view name = member.name == "timestamp" ? "ce_timestamp" : member.name;
    draft_.attributes.push_back({name, member.raw});
    return std::nullopt;
  }

  /// After the last attribute.
  Verdict finish() {
    if (specversion_ != "1.0") {
      return about(ProblemKind::kNotAnEvent, "specversion", "specversion: expected \"1.0\"");
    }
    for (const auto& [name, value] : std::array<std::pair<std::string_view, std::string_view>, 3>{
             {{"id", draft_.id}, {"type", draft_.event_type}, {"source", draft_.source}}}) {
      if (value.empty()) {
        return about(ProblemKind::kNotAnEvent, name,
                     std::string(name) + " is missing: expected a string that is not empty");
      }
    }
    draft_.has_id = true;
    if (!time_.empty()) {
      std::int64_t unix_ns = 0;
      if (!parse_rfc3339(time_, unix_ns)) {
        return about(ProblemKind::kInvalid, "time",
                     "time: expected RFC 3339, as 2026-03-01T12:00:00Z");
      }
      draft_.time_unix_ns = unix_ns;
    }
    if (draft_.debate_id.empty()) {
      draft_.debate_id = subject_;
    } else if (!subject_.empty()) {
      draft_.attributes.push_back({"subject", draft_.own(json_string(subject_))});
    }
    return std::nullopt;
  }

  [[nodiscard]] std::string_view content_type() const { return content_type_; }

 private:
  EventDraft& draft_;
  std::string_view specversion_;
  std::string_view time_;
  std::string_view content_type_;
  std::string_view subject_;
};

}  // namespace

Verdict decode_cloud_event(const std::vector<JsonMember>& members, EventDraft& draft) {
  if (auto wrong = check_repeats(members)) {
    return wrong;
  }
  Attributes attributes(draft);
  const JsonMember* data = nullptr;
  const JsonMember* data_base64 = nullptr;
  for (const auto& member : members) {
    if (member.name == "data") {
      data = member.kind == JsonKind::kNull ? nullptr : &member;
    } else if (member.name == "data_base64") {
      data_base64 = member.kind == JsonKind::kNull ? nullptr : &member;
    } else if (auto wrong = attributes.take(member)) {
      return wrong;
    }
  }
  if (auto wrong = attributes.finish()) {
    return wrong;
  }
  return take_data(data, data_base64, attributes.content_type(), draft);
}

bool decode_header_value(std::string_view value, std::string& out) {
  out.clear();
  const bool quoted = value.size() >= 2 && value.front() == '"' && value.back() == '"';
  if (quoted) {
    value = value.substr(1, value.size() - 2);
  }
  std::string plain;
  for (std::size_t i = 0; i < value.size(); ++i) {
    i += quoted && value[i] == '\\' && i + 1 < value.size() ? 1 : 0;
    plain += value[i];
  }
  for (std::size_t i = 0; i < plain.size(); ++i) {
    if (plain[i] == '%' && i + 2 < plain.size() && hex_value(plain[i + 1]) >= 0 &&
        hex_value(plain[i + 2]) >= 0) {
      out += static_cast<char>(hex_value(plain[i + 1]) * 16 + hex_value(plain[i + 2]));
      i += 2;
    } else {
      out += plain[i];
    }
  }
  return is_utf8(out);
}

Verdict decode_binary_cloud_event(
    const std::vector<std::pair<std::string_view, std::string_view>>& headers,
    std::string_view content_type,
    std::string_view body,
    EventDraft& draft) {
  std::vector<JsonMember> members;
  members.reserve(headers.size());
  for (const auto& [header, value] : headers) {
    std::string name(header);
    std::transform(name.begin(), name.end(), name.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    });
    JsonMember member;
    member.name = draft.own(std::move(name));
    std::string text;
    if (!decode_header_value(value, text)) {
      return EventProblem{ProblemKind::kMalformed,
                          {},
                          "header ce-" + std::string(member.name) + " is not valid UTF-8"};
    }
    if (member.name == "datacontenttype" || member.name == "data" || member.name == "data_base64") {
      return EventProblem{
          ProblemKind::kInvalid,
          {},
          "header ce-" + std::string(member.name) +
              " does not exist in binary mode: the body is the data, Content-Type its "
              "type"};
    }
    member.kind = JsonKind::kString;
    member.text = draft.own(std::move(text));
    member.raw = draft.own(json_string(member.text));
    members.push_back(member);
  }
  const auto as_header = [](EventProblem problem) {
    // A JSON Pointer points nowhere here; the header's name does.
    if (!problem.pointer.empty()) {
      problem.detail = "header ce-" + problem.pointer.substr(1) + ": " + problem.detail;
      problem.pointer.clear();
    }
    return problem;
  };
  if (auto wrong = check_repeats(members)) {
    return as_header(*std::move(wrong));
  }
  Attributes attributes(draft);
  for (const auto& member : members) {
    if (auto wrong = attributes.take(member)) {
      return as_header(*std::move(wrong));
    }
  }
  if (auto wrong = attributes.finish()) {
    return as_header(*std::move(wrong));
  }
  draft.content_type = content_type.empty() ? "application/octet-stream" : content_type;
  draft.data = body;
  if (!body.empty() && events::is_json_media_type(draft.content_type)) {
    return check_json(body);
  }
  return std::nullopt;
}

}  // namespace aev::ingest

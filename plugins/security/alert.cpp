#include "alert.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include <simdjson.h>

#include <aev/credential_mask_json.hpp>

#include "digest.h"

namespace aev::security {
namespace {

using credentials::append_json_text;

/// Writes the members of an object one after the other.
class Members {
 public:
  explicit Members(std::string& out) : out_(out) { out_ += '{'; }

  Members& text(std::string_view name, std::string_view value) {
    key(name);
    append_json_text(value, out_);
    return *this;
  }

  Members& number(std::string_view name, std::int64_t value) {
    return raw(name, std::to_string(value));
  }

  Members& raw(std::string_view name, std::string_view json) {
    key(name);
    out_.append(json);
    return *this;
  }

  Members& time(std::string_view name, std::int64_t unix_ns) {
    key(name);
    out_ += '"';
    sdk::append_rfc3339(out_, unix_ns);
    out_ += '"';
    return *this;
  }

  Members& all_of(std::string_view members) {
    if (!members.empty()) {
      out_ += separator_;
      separator_ = ",";
      out_.append(members);
    }
    return *this;
  }

  void end() { out_ += '}'; }

 private:
  void key(std::string_view name) {
    out_.append(separator_);
    separator_ = ",";
    append_json_text(name, out_);
    out_ += ':';
  }

  std::string& out_;
  std::string_view separator_;
};

std::string list_of(const std::vector<std::string>& texts) {
  std::string json = "[";
  for (const std::string& text : texts) {
    json += json.size() > 1 ? "," : "";
    append_json_text(text, json);
  }
  return json + "]";
}

std::string key_object(const RuleSettings& rule, std::string_view key) {
  std::string json;
  Members members(json);
  for (std::size_t i = 0; i < rule.key.size(); ++i) {
    const std::size_t end = key.find(kKeySeparator);
    members.text(rule.key[i], key.substr(0, end));
    key = end == std::string_view::npos ? std::string_view() : key.substr(end + 1);
  }
  members.end();
  return json;
}

/// As Aragora words it: what was found, at most five of them.
std::string debate_question(const Observation& event, std::string_view repository) {
  std::string text = "Security review: " + std::string(event.event_type) + " (" +
                     std::string(to_string(event.severity)) + ")";
  if (!repository.empty()) {
    text.append(" in ").append(repository);
  }
  text += ". ";
  for (const std::string_view title : event.titles) {
    text.append("- ").append(title).append(" ");
  }
  return text + "What should be done, and how urgent is it?";
}

void add_debate(Members& members,
                const RuleSettings& rule,
                const Firing& firing,
                const Observation& event) {
  std::string protocol;
  Members(protocol)
      .number("rounds", 3)
      .text("consensus", "majority")
      .raw("convergence_threshold", "0.85")
      .number("timeout_seconds", rule.open_timeout.count() / 1'000'000'000)
      .end();
  char confidence[32];
  const auto written = std::to_chars(confidence, confidence + sizeof confidence, rule.confidence);
  members.text("repository", firing.key)
      .raw("debate_requested", "true")
      .text("debate_id", firing.debate_id)
      .text("debate_question", debate_question(event, firing.key))
      .raw("protocol", protocol)
      .raw("confidence_threshold",
           std::string_view(confidence, static_cast<std::size_t>(written.ptr - confidence)))
      .raw("auto_start", rule.auto_start ? "true" : "false")
      .number("critical_count", event.critical_findings)
      .number("high_count", event.high_findings);
}

}  // namespace

Alert make_alert(const Settings& settings,
                 std::string_view subscriber,
                 const Firing& firing,
                 const Observation& event,
                 const std::vector<std::string>& evidence) {
  const RuleSettings& rule = settings.rules[firing.rule];
  Alert alert;
  alert.rule = rule.name;
  alert.key = firing.key;
  alert.time_ns = firing.time_ns;
  // A finding is as severe as it says, a pattern as severe as its rule says.
  alert.severity = rule.kind == RuleKind::kDebate ? event.severity : rule.severity;
  alert.id = make_id("alert_", {subscriber, rule.name, firing.key, event.event_id});

  const auto write = [&](std::string& out, Severity severity, const EmitSettings* emit) {
    Members members(out);
    members.text("alert_id", alert.id)
        .text("rule", rule.name)
        .text("severity", to_string(severity))
        .raw("key", key_object(rule, firing.key))
        .number("count", firing.count)
        .time("first_seen", firing.first_ns)
        .time("last_seen", firing.last_ns)
        .text("triggered_by", event.event_id)
        .text("trigger_type", event.event_type)
        .raw("evidence", list_of(evidence));
    if (rule.within.count() > 0) {
      members.number("within_seconds", rule.within.count() / 1'000'000'000);
    }
    if (!rule.distinct.empty()) {
      members.text("distinct", rule.distinct);
    }
    if (rule.kind == RuleKind::kDebate) {
      add_debate(members, rule, firing, event);
    }
    if (emit != nullptr) {
      members.all_of(emit->fields);
    }
    members.end();
  };
  write(alert.body, alert.severity, nullptr);
  for (std::size_t i = 0; i < rule.emit.size(); ++i) {
    const EmitSettings& emit = rule.emit[i];
    OutboxItem item;
    item.id =
        make_id("sec_", {subscriber, rule.name, firing.key, event.event_id, std::to_string(i)});
    item.event_type = emit.event_type;
    item.debate_id = firing.debate_id.empty() ? std::string(event.debate_id) : firing.debate_id;
    item.time_ns = firing.time_ns;
    write(item.data, emit.severity.value_or(alert.severity), &emit);
    alert.emissions.push_back(std::move(item));
  }
  return alert;
}

void append_alert_entry(std::string& out,
                        std::uint64_t entry,
                        const Alert& alert,
                        const Firing& firing,
                        const Observation& event) {
  std::vector<std::string> emitted;
  for (const OutboxItem& item : alert.emissions) {
    emitted.push_back(item.id);
  }
  Members(out)
      .number("entry", static_cast<std::int64_t>(entry))
      .text("kind", "alert")
      .text("rule", alert.rule)
      .text("severity", to_string(alert.severity))
      .text("key", firing.key)
      .number("time", firing.time_ns)
      .number("received", event.received_ns)
      .text("debate_id", firing.debate_id)
      .raw("emitted", list_of(emitted))
      .raw("alert", alert.body)
      .end();
}

void restore_alert_entry(std::string_view body, RuleEngine& engine) {
  simdjson::dom::parser parser;
  try {
    const simdjson::dom::element root = parser.parse(body.data(), body.size());
    if (std::string_view(root["kind"]) == "alert") {
      engine.restore_firing(root["rule"], root["key"], std::int64_t(root["time"]),
                            root["debate_id"], std::int64_t(root["received"]));
    }
  } catch (const simdjson::simdjson_error& fault) {
    throw std::runtime_error(std::string("an entry of the audit trail cannot be read: ") +
                             fault.what());
  }
}

}  // namespace aev::security

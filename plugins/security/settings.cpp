#include "settings.h"

#include <algorithm>
#include <set>
#include <sstream>

#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <Poco/JSON/Stringifier.h>

#include <aev/config_units.hpp>

#include "default_rules.h"

namespace aev::security {
namespace {

using Poco::JSON::Array;
using Poco::JSON::Object;

/// Members of an emitted event's data that the plugin writes itself.
constexpr std::string_view kOwnFields[] = {"alert_id", "rule",     "severity",   "key",
                                           "count",    "evidence", "first_seen", "last_seen"};

std::string text(const Object& object, const std::string& name, const std::string& fallback = {}) {
  return object.has(name) ? object.getValue<std::string>(name) : fallback;
}

nanoseconds duration(const std::string& written, const std::string& path) {
  using namespace std::chrono_literals;
  return sdk::duration_in(path, written, 0ms, 366 * 24h);
}

nanoseconds duration_of(const Object& object,
                        const std::string& name,
                        const std::string& at,
                        nanoseconds fallback) {
  return object.has(name) ? duration(text(object, name), at + "/" + name) : fallback;
}

Severity severity_of(const Object& object, const std::string& name, Severity fallback) {
  return object.has(name) ? parse_severity(text(object, name)).value_or(fallback) : fallback;
}

std::vector<std::string> texts(const Object& object, const std::string& name) {
  std::vector<std::string> list;
  if (!object.has(name)) {
    return list;
  }
  if (const auto array = object.getArray(name)) {
    for (unsigned i = 0; i < array->size(); ++i) {
      list.push_back(array->getElement<std::string>(i));
    }
  } else {
    list.push_back(text(object, name));
  }
  return list;
}

void check_field_name(const std::string& field, const std::string& path) {
  if (std::count(field.begin(), field.end(), '.') > 1) {
    throw sdk::ConfigError(path,
                           "'" + field +
                               "' reaches too deep: name a member of data (ip_address) or one "
                               "of an object in it (metadata.country)");
  }
}

/// The members of `fields` as JSON text, without the braces.
std::string members_of(const Object& fields, const std::string& path) {
  for (const auto& [name, value] : fields) {
    if (std::find(std::begin(kOwnFields), std::end(kOwnFields), name) != std::end(kOwnFields)) {
      throw sdk::ConfigError(path + "/" + name, "'" + name + "' is written by the plugin itself");
    }
  }
  std::ostringstream out;
  fields.stringify(out);
  const std::string json = out.str();
  return json.size() <= 2 ? std::string() : json.substr(1, json.size() - 2);
}

std::vector<EmitSettings> emissions(const Object& rule, const std::string& at) {
  std::vector<EmitSettings> list;
  if (!rule.has("emit")) {
    list.push_back({"threat_detected", std::nullopt, {}});
    return list;
  }
  const auto array = rule.getArray("emit");
  for (unsigned i = 0; i < array->size(); ++i) {
    const std::string path = at + "/emit/" + std::to_string(i);
    EmitSettings emit;
    if (const auto object = array->getObject(i)) {
      emit.event_type = text(*object, "event_type");
      if (object->has("severity")) {
        emit.severity = severity_of(*object, "severity", Severity::kHigh);
      }
      if (const auto fields = object->getObject("fields")) {
        emit.fields = members_of(*fields, path + "/fields");
      }
    } else {
      emit.event_type = array->getElement<std::string>(i);
    }
    list.push_back(std::move(emit));
  }
  return list;
}

RuleSettings read_rule(const Object& object, const std::string& at) {
  RuleSettings rule;
  rule.name = text(object, "name");
  rule.events = texts(object, "events");
  rule.key = texts(object, "key");
  for (std::size_t i = 0; i < rule.key.size(); ++i) {
    check_field_name(rule.key[i], at + "/key");
  }
  rule.distinct = text(object, "distinct");
  check_field_name(rule.distinct, at + "/distinct");
  rule.count = object.optValue<std::uint32_t>("count", 1);
  rule.within = duration_of(object, "within", at, nanoseconds(0));
  const bool counts = object.has("count") || object.has("distinct");
  if (counts && rule.within.count() == 0) {
    throw sdk::ConfigError(at + (object.has("within") ? "/within" : ""),
                           "a rule that counts needs the time to count in: within: 10m");
  }
  if (!counts && object.has("within")) {
    throw sdk::ConfigError(at + "/within", "`within` needs a `count` of events to reach");
  }
  if (!rule.distinct.empty() && rule.count < 2) {
    throw sdk::ConfigError(at + (object.has("count") ? "/count" : ""),
                           "a rule with `distinct` needs a `count` of at least 2 values");
  }
  rule.kind = counts ? RuleKind::kThreshold : RuleKind::kEach;
  rule.cooldown = duration_of(object, "cooldown", at, rule.within);
  rule.min_severity = severity_of(object, "min_severity", Severity::kInfo);
  rule.severity = severity_of(object, "severity", Severity::kHigh);
  rule.emit = emissions(object, at);
  for (std::size_t i = 0; i < rule.emit.size(); ++i) {
    if (std::find(rule.events.begin(), rule.events.end(), rule.emit[i].event_type) !=
        rule.events.end()) {
      throw sdk::ConfigError(at + "/emit/" + std::to_string(i),
                             "the rule emits '" + rule.emit[i].event_type +
                                 "', which it looks at itself: two hosts with it would answer each "
                                 "other for ever");
    }
  }
  return rule;
}

std::optional<RuleSettings> read_debates(const Object& config) {
  RuleSettings rule = default_debate_rule();
  if (!config.has("debates")) {
    return rule;
  }
  const auto object = config.getObject("debates");
  if (!object->optValue("enabled", true)) {
    return std::nullopt;
  }
  rule.min_severity = severity_of(*object, "min_severity", rule.min_severity);
  rule.critical_findings = object->optValue("critical_finding_threshold", rule.critical_findings);
  rule.high_findings = object->optValue("high_finding_threshold", rule.high_findings);
  if (object->has("always_trigger")) {
    rule.always_trigger = texts(*object, "always_trigger");
    rule.events.insert(rule.events.end(), rule.always_trigger.begin(), rule.always_trigger.end());
    std::sort(rule.events.begin(), rule.events.end());
    rule.events.erase(std::unique(rule.events.begin(), rule.events.end()), rule.events.end());
  }
  rule.cooldown = duration_of(*object, "repository_cooldown", "/debates", rule.cooldown);
  rule.max_open = object->optValue("max_concurrent_debates", rule.max_open);
  rule.open_timeout = duration_of(*object, "debate_timeout", "/debates", rule.open_timeout);
  rule.confidence = object->optValue("debate_confidence_threshold", rule.confidence);
  rule.auto_start = object->optValue("auto_start", rule.auto_start);
  return rule;
}

void read_rules(const Object& config, Settings& settings) {
  if (const auto list = config.getArray("rules")) {
    for (unsigned i = 0; i < list->size(); ++i) {
      settings.rules.push_back(read_rule(*list->getObject(i), "/rules/" + std::to_string(i)));
    }
  } else {
    settings.rules = default_rules();
  }
  std::set<std::string> names = {std::string(kDebateRule)};
  for (std::size_t i = 0; i < settings.rules.size(); ++i) {
    if (!names.insert(settings.rules[i].name).second) {
      throw sdk::ConfigError("/rules/" + std::to_string(i) + "/name",
                             settings.rules[i].name == kDebateRule
                                 ? "the name '" + settings.rules[i].name +
                                       "' belongs to the rule that `debates` configures"
                                 : "another rule is called '" + settings.rules[i].name + "' too");
    }
  }
  if (auto debates = read_debates(config)) {
    settings.rules.push_back(*std::move(debates));
  }
}

}  // namespace

Settings parse_settings(sdk::Json config) {
  Object::Ptr object;
  try {
    object = Poco::JSON::Parser().parse(std::string(config)).extract<Object::Ptr>();
  } catch (const Poco::Exception& fault) {
    throw sdk::ConfigError("", "the configuration is not a JSON object: " + fault.message());
  }
  Settings settings;
  settings.database = text(*object, "database");
  settings.sync_full = text(*object, "sync", "full") == "full";
  read_rules(*object, settings);
  if (const auto limits = object->getObject("limits")) {
    settings.limits.keys = limits->optValue("keys", settings.limits.keys);
    settings.limits.window_events =
        limits->optValue("window_events", settings.limits.window_events);
    settings.limits.events_per_key =
        limits->optValue("events_per_key", settings.limits.events_per_key);
  }
  using std::chrono::minutes;
  settings.max_late = duration_of(*object, "max_late", "", minutes(10));
  settings.max_ahead = duration_of(*object, "max_ahead", "", minutes(5));
  settings.alert_life = duration_of(*object, "alert_life", "", minutes(60));
  settings.max_evidence = object->optValue("max_evidence", settings.max_evidence);
  settings.checkpoint_interval = minutes(1);
  if (const auto audit = object->getObject("audit")) {
    settings.key_file = text(*audit, "key_file");
    settings.checkpoint_entries =
        audit->optValue("checkpoint_entries", settings.checkpoint_entries);
    settings.checkpoint_interval =
        duration_of(*audit, "checkpoint_interval", "/audit", settings.checkpoint_interval);
    settings.max_entry_data = audit->optValue("max_entry_data", settings.max_entry_data);
    settings.retention = duration_of(*audit, "retention", "/audit", nanoseconds(0));
  }
  if (settings.key_file.empty()) {
    settings.key_file = settings.database + ".key";
  }
  return settings;
}

}  // namespace aev::security

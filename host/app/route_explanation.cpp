#include "app/route_explanation.h"

#include <sstream>

#include <Poco/Exception.h>
#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <Poco/JSON/Stringifier.h>

#include "core/json_text.h"
#include "events/canonical_json.h"
#include "routing/router.h"

namespace aev::app {
namespace {

using Poco::Dynamic::Var;
using Poco::JSON::Array;
using Poco::JSON::Object;

std::string text_of(const Var& value) {
  std::ostringstream out;
  Poco::JSON::Stringifier::stringify(value, out);
  return out.str();
}

Object::Ptr parse_object(const std::string& text) {
  return Poco::JSON::Parser().parse(text).extract<Object::Ptr>();
}

/// A condition of a pattern: where it is and what it wants.
struct Condition {
  std::vector<std::string> path;
  std::string wants;  // JSON
};

void collect(const Object& pattern, std::vector<std::string>& path, std::vector<Condition>& all) {
  for (const auto& [name, value] : pattern) {
    path.push_back(name);
    if (value.type() == typeid(Object::Ptr)) {
      collect(*value.extract<Object::Ptr>(), path, all);
    } else {
      all.push_back({path, text_of(value)});
    }
    path.pop_back();
  }
}

/// The pattern that has this one condition.
std::string alone(const Condition& condition) {
  std::string pattern;
  for (const std::string& step : condition.path) {
    pattern += "{" + json_string(step) + ":";
  }
  return pattern + condition.wants + std::string(condition.path.size(), '}');
}

bool matches(const std::string& pattern, const events::Event& event) {
  std::vector<routing::PatternError> errors;
  const auto router = routing::Router::compile({{"part", pattern, false, {1}}}, errors);
  return router != nullptr && errors.empty() && !router->route(event).unmatched;
}

/// What the event has at the path; elements of arrays are looked into, one after the other.
void find_values(const Var& at,
                 const std::vector<std::string>& path,
                 std::size_t step,
                 std::vector<std::string>& found) {
  if (at.type() == typeid(Array::Ptr) && step < path.size()) {
    for (const Var& each : *at.extract<Array::Ptr>()) {
      find_values(each, path, step, found);
    }
  } else if (step == path.size()) {
    found.push_back(text_of(at));
  } else if (at.type() == typeid(Object::Ptr)) {
    const auto object = at.extract<Object::Ptr>();
    if (object->has(path[step])) {
      find_values(object->get(path[step]), path, step + 1, found);
    }
  }
}

std::string describe(const Condition& condition, const Object::Ptr& event) {
  std::string line;
  for (const std::string& step : condition.path) {
    line += (line.empty() ? "" : ".") + step;
  }
  line += ": wants " + condition.wants;
  if (condition.path.back() == "$or") {
    return line + ", and none of these matches";
  }
  std::vector<std::string> found;
  find_values(Var(event), condition.path, 0, found);
  if (found.empty()) {
    return line + ", the event has none";
  }
  line += ", the event has ";
  for (std::size_t i = 0; i < found.size(); ++i) {
    line += (i == 0 ? "" : ", ") + found[i];
  }
  return line;
}

}  // namespace

std::vector<std::string> explain_mismatch(const config::Config& config,
                                          const config::RouteConfig& route,
                                          const events::Event& event) {
  if (route.is_default) {
    for (const auto& other : config.routes) {
      if (!other.is_default && (other.match_json.empty() || matches(other.match_json, event))) {
        return {"a default route gets what no other route matches, and '" + other.name +
                "' matches"};
      }
    }
    return {};
  }
  if (route.match_json.empty() || matches(route.match_json, event)) {
    return {};
  }
  try {
    std::string canonical;
    events::append_canonical_json(canonical, event);
    const Object::Ptr event_object = parse_object(canonical);
    std::vector<Condition> conditions;
    std::vector<std::string> path;
    collect(*parse_object(route.match_json), path, conditions);
    std::vector<std::string> lines;
    for (const Condition& condition : conditions) {
      if (!matches(alone(condition), event)) {
        lines.push_back(describe(condition, event_object));
      }
    }
    if (lines.empty()) {
      lines.emplace_back(
          "every field matches by itself, but not together within the same element of an array");
    }
    return lines;
  } catch (const Poco::Exception& fault) {
    return {"the event's data cannot be looked into: " + fault.displayText()};
  }
}

}  // namespace aev::app

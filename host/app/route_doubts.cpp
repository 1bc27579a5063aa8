#include "app/route_doubts.h"

#include <algorithm>
#include <optional>
#include <set>
#include <sstream>
#include <unordered_map>

#include <Poco/Exception.h>
#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <Poco/JSON/Stringifier.h>

#include "events/known_event_types.h"

namespace aev::app {
namespace {

using Poco::Dynamic::Var;
using Poco::JSON::Array;
using Poco::JSON::Object;
using Names = std::vector<std::string>;

Object::Ptr parse_object(const std::string& json) {
  try {
    const Var value = json.empty() ? Var() : Poco::JSON::Parser().parse(json);
    return value.type() == typeid(Object::Ptr) ? value.extract<Object::Ptr>() : Object::Ptr();
  } catch (const Poco::Exception&) {
    return {};
  }
}

bool contains(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string pointer_step(const std::string& name) {
  std::string out = "/";
  for (const char each : name) {
    out += each == '~' ? "~0" : each == '/' ? "~1" : std::string(1, each);
  }
  return out;
}

/// A text of a pattern and where it stands.
struct Mention {
  std::string text;
  std::string pointer;
  std::string of;  ///< `prefix`, or nothing for the whole
};

/// The event types that a pattern names, exactly or by their beginning; also within `$or`.
void collect_types(const Object& pattern, const std::string& at, std::vector<Mention>& types) {
  if (const Array::Ptr list = pattern.getArray("event_type")) {
    for (unsigned i = 0; i < list->size(); ++i) {
      const std::string where = at + "/event_type/" + std::to_string(i);
      const Object::Ptr matcher = list->getObject(i);
      if (list->get(i).isString()) {
        types.push_back({list->getElement<std::string>(i), where, {}});
      } else if (matcher && matcher->get("prefix").isString()) {
        types.push_back({matcher->getValue<std::string>("prefix"), where + "/prefix", "prefix"});
      }
    }
  }
  if (const Array::Ptr choices = pattern.getArray("$or")) {
    for (unsigned i = 0; i < choices->size(); ++i) {
      if (const Object::Ptr choice = choices->getObject(i)) {
        collect_types(*choice, at + "/$or/" + std::to_string(i), types);
      }
    }
  }
}

/// How a field of every event is, whatever its data.
enum class Presence { kAlways, kMaybe };

std::optional<Presence> envelope_field(const std::string& name) {
  if (name == "id" || name == "event_type" || name == "timestamp") {
    return Presence::kAlways;
  }
  if (name == "debate_id" || name == "source") {
    return Presence::kMaybe;
  }
  return std::nullopt;
}

/// Why a value of a pattern is never that of a text; nothing if it may be.
std::string never_text(const Var& matcher, Presence presence) {
  if (matcher.isEmpty()) {
    return "null";
  }
  if (matcher.isBoolean() || matcher.isNumeric()) {
    return matcher.toString();
  }
  if (matcher.type() == typeid(Object::Ptr)) {
    const Object& given = *matcher.extract<Object::Ptr>();
    if (given.has("numeric")) {
      return "a number";
    }
    const Var exists = given.get("exists");
    if (presence == Presence::kAlways && exists.isBoolean() && !exists.extract<bool>()) {
      return "absent";
    }
  }
  return {};
}

class Doubter {
 public:
  Doubter(const config::Config& config,
          const events::EventSchemas& schemas,
          std::vector<config::Problem>& problems)
      : config_(config), schemas_(schemas), problems_(problems) {
    for (const auto& type : events::known_event_types()) {
      known_types_.emplace_back(type.name);
    }
    for (const events::EventSchema* schema : schemas.all()) {
      known_types_.push_back(schema->event_type);
    }
  }

  void routes() {
    for (const config::RouteConfig& route : config_.routes) {
      repetition(route);
      if (const Object::Ptr pattern = parse_object(route.match_json)) {
        mistyped_types(route, *pattern);
        envelope(route, *pattern);
        data_fields(route, *pattern);
      }
    }
  }

  void tests() {
    for (const config::RouteTest& test : config_.tests) {
      for (const config::RouteTest::Event& event : test.events) {
        const Object::Ptr object = parse_object(event.json);
        const Var type = object ? object->get("event_type") : Var();
        if (type.isString()) {
          unknown_type(type.extract<std::string>(), event.where, test.path);
        }
      }
    }
  }

 private:
  void warn(const config::Location& where, std::string path, std::string message) {
    problems_.push_back({where, std::move(path), std::move(message), true});
  }

  void warn(const config::RouteConfig& route, const std::string& pointer, std::string message) {
    warn(locate(route.match_sources, pointer, route.where),
         path_of_pointer(route_path(route) + ".match", pointer), std::move(message));
  }

  void unknown_type(const std::string& type, const config::Location& where, std::string path) {
    const std::string meant =
        contains(known_types_, type) ? std::string() : config::did_you_mean(type, known_types_);
    if (!meant.empty()) {
      warn(where, std::move(path),
           "'" + type + "' is no known event type; did you mean '" + meant + "'?");
    }
  }

  void mistyped_types(const config::RouteConfig& route, const Object& pattern) {
    std::vector<Mention> mentions;
    collect_types(pattern, "", mentions);
    for (const Mention& mention : mentions) {
      if (mention.of.empty()) {
        unknown_type(mention.text, locate(route.match_sources, mention.pointer, route.where),
                     path_of_pointer(route_path(route) + ".match", mention.pointer));
        continue;
      }
      std::set<std::string> beginnings;
      for (const std::string& type : known_types_) {
        beginnings.insert(type.substr(0, mention.text.size()));
      }
      const std::string meant =
          beginnings.count(mention.text) != 0
              ? std::string()
              : config::did_you_mean(mention.text, {beginnings.begin(), beginnings.end()});
      // Short beginnings are near to anything.
      if (!meant.empty() && mention.text.size() > 4) {
        warn(route, mention.pointer,
             "no known event type begins with '" + mention.text + "'; did you mean '" + meant +
                 "'?");
      }
    }
  }

  void envelope(const config::RouteConfig& route, const Object& pattern) {
    static const Names kFields{"id", "event_type", "debate_id", "source", "timestamp", "data"};
    for (const auto& [name, value] : pattern) {
      if (name == "$or" || name == "data") {
        continue;
      }
      const std::string at = pointer_step(name);
      const std::optional<Presence> presence = envelope_field(name);
      if (!presence) {
        const std::string meant =
            name == "type" ? "event_type" : config::did_you_mean(name, kFields);
        if (!meant.empty()) {
          warn(route, at, "asks for an attribute '" + name + "'; did you mean '" + meant + "'?");
        }
      } else if (value.type() == typeid(Object::Ptr)) {
        warn(route, at, "can never match: " + name + " is a text and has no fields");
      } else if (value.type() == typeid(Array::Ptr)) {
        const Array::Ptr list = value.extract<Array::Ptr>();
        for (unsigned i = 0; i < list->size(); ++i) {
          const std::string never = never_text(list->get(i), *presence);
          if (!never.empty()) {
            warn(route, at + "/" + std::to_string(i),
                 "can never match: " + name + " is a text and never " + never);
          }
        }
      }
    }
  }

  /// Fields of the data that the schemas of the route's event types do not have, but a like one.
  void data_fields(const config::RouteConfig& route, const Object& pattern) {
    const Object::Ptr data = pattern.getObject("data");
    const Array::Ptr types = pattern.getArray("event_type");
    if (!data || !types) {
      return;
    }
    Names fields;
    std::string names;
    for (const Var& type : *types) {
      const events::EventSchema* const schema =
          type.isString() ? schemas_.find(type.extract<std::string>()) : nullptr;
      const Object::Ptr document = schema == nullptr ? Object::Ptr() : parse_object(schema->json);
      const Object::Ptr properties = document ? document->getObject("properties") : Object::Ptr();
      if (!properties) {
        return;  // nobody knows what this one may hold
      }
      for (const std::string& field : properties->getNames()) {
        fields.push_back(field);
      }
      names += (names.empty() ? "" : ", ") + schema->event_type;
    }
    for (const std::string& field : data->getNames()) {
      const std::string meant =
          contains(fields, field) ? std::string() : config::did_you_mean(field, fields);
      if (!meant.empty()) {
        warn(route, "/data" + pointer_step(field),
             "the schema of " + names + " has no field '" + field + "'; did you mean '" + meant +
                 "'?");
      }
    }
  }

  /// The pattern with the members of objects in order, so that equal ones read alike.
  static std::string normal_form(const config::RouteConfig& route) {
    const Object::Ptr pattern = parse_object(route.match_json);  // sorts by name
    std::ostringstream out;
    if (pattern) {
      Poco::JSON::Stringifier::stringify(Var(pattern), out);
    }
    return (route.is_default ? "default " : "") + out.str();
  }

  void repetition(const config::RouteConfig& route) {
    std::vector<const config::RouteConfig*>& alike = alike_[normal_form(route)];
    for (const config::RouteConfig* earlier : alike) {
      const bool nobody_new =
          std::all_of(route.to.begin(), route.to.end(),
                      [&](const std::string& name) { return contains(earlier->to, name); });
      if (nobody_new && !route.to.empty()) {
        warn(route.where, route_path(route),
             "takes the same events as the route '" + earlier->name + "' at " +
                 config::to_string(earlier->where) + " to nobody else; take it out");
        return;
      }
    }
    alike.push_back(&route);
  }

  const config::Config& config_;
  const events::EventSchemas& schemas_;
  std::vector<config::Problem>& problems_;
  Names known_types_;
  std::unordered_map<std::string, std::vector<const config::RouteConfig*>> alike_;  // by form
};

}  // namespace

std::string route_path(const config::RouteConfig& route) {
  return route.name.find('[') == std::string::npos ? "routes." + route.name : route.name;
}

std::string path_of_pointer(std::string_view prefix, std::string_view pointer) {
  std::string out(prefix);
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const std::string_view step = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(step.size());
    const bool is_index =
        !step.empty() && step.find_first_not_of("0123456789") == std::string_view::npos;
    out += is_index ? "[" + std::string(step) + "]" : "." + std::string(step);
  }
  return out;
}

config::Location locate(const config::SourceMap& sources,
                        std::string pointer,
                        const config::Location& fallback) {
  while (true) {
    if (const auto found = sources.find(pointer); found != sources.end()) {
      return found->second;
    }
    const auto slash = pointer.rfind('/');
    if (slash == std::string::npos) {
      return fallback;
    }
    pointer.resize(slash);
  }
}

void check_doubts(const config::Config& config,
                  const events::EventSchemas& schemas,
                  std::vector<config::Problem>& problems) {
  Doubter doubter(config, schemas, problems);
  doubter.routes();
  doubter.tests();
}

}  // namespace aev::app

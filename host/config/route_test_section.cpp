#include <string_view>

#include "config/json_subtree.h"
#include "config/name_list.h"
#include "config/route_section.h"

namespace aev::config {
namespace {

template <typename Named>
std::vector<std::string> names_of(const std::vector<Named>& all) {
  std::vector<std::string> names;
  for (const Named& each : all) {
    names.push_back(each.name);
  }
  return names;
}

constexpr std::string_view kEventForm =
    "must be an event, for example {event_type: consensus, data: {}}";

class TestReader {
 public:
  TestReader(Report& report,
             const std::vector<SubscriberConfig>& subscribers,
             const std::vector<RouteConfig>& routes)
      : report_(report), subscribers_(names_of(subscribers)), routes_(names_of(routes)) {}

  RouteTest read(const YamlNode& node, const std::string& path) {
    RouteTest test;
    test.where = node.where();
    test.path = path;
    MapReader map(report_, &node, path, test.where);
    if (!map.text("name", test.name)) {
      test.name = path;
    }
    read_events(map, test);
    read_expectations(map, test);
    map.finish();
    return test;
  }

 private:
  void read_events(MapReader& map, RouteTest& test) {
    const YamlNode* const one = map.take("event");
    const YamlNode* const several = map.take("events");
    if (map.has("event") && map.has("events")) {
      report_.error(map.where_of("events"), map.path_of("events"),
                    "a test has either `event` or `events`, not both");
    } else if (one != nullptr) {
      read_event(*one, map.where_of("event"), map.path_of("event"), test);
    } else if (!map.has("events")) {
      report_.error(map.where_of("event"), map.path_of("event"), std::string(kEventForm));
    } else if (several == nullptr || several->kind != YamlNode::Kind::kSequence ||
               several->items.empty()) {
      report_.error(several == nullptr ? map.where_of("events") : several->where(),
                    map.path_of("events"), "must be a list of events");
    } else {
      for (std::size_t i = 0; i < several->items.size(); ++i) {
        const YamlNode& event = *several->items[i];
        read_event(event, event.where(), map.path_of("events") + "[" + std::to_string(i) + "]",
                   test);
      }
    }
  }

  void read_event(const YamlNode& node,
                  const Location& where,
                  const std::string& path,
                  RouteTest& test) {
    if (node.kind != YamlNode::Kind::kMap) {
      report_.error(node.where(), path, std::string(kEventForm));
      return;
    }
    test.events.push_back({to_json(node, where, path, report_.problems).json, node.where()});
  }

  void read_expectations(MapReader& map, RouteTest& test) {
    MapReader expect(report_, map.take("expect"), map.path_of("expect"), map.where_of("expect"));
    bool any = false;
    const auto names = [&](std::string_view key, const NameListRule& rule) {
      if (!expect.has(key)) {
        expect.take(key);
        return std::optional<std::vector<std::string>>();
      }
      any = true;
      return std::optional(read_name_list(expect, key, rule));
    };
    test.to = names("to", {"subscriber", subscribers_, true});
    test.includes = names("includes", {"subscriber", subscribers_}).value_or(test.includes);
    test.excludes = names("excludes", {"subscriber", subscribers_}).value_or(test.excludes);
    test.routes = names("routes", {"route", routes_, true});
    if (!any && expect.entries().empty()) {
      report_.error(map.where_of("expect"), map.path_of("expect"),
                    "must say what to expect: `to`, `includes`, `excludes` or `routes`, for "
                    "example {to: []} for nobody");
    }
    expect.finish();
  }

  Report& report_;
  const std::vector<std::string> subscribers_;
  const std::vector<std::string> routes_;
};

}  // namespace

std::vector<RouteTest> read_route_tests(MapReader& root,
                                        const std::vector<SubscriberConfig>& subscribers,
                                        const std::vector<RouteConfig>& routes) {
  std::vector<RouteTest> out;
  Report& report = root.report();
  const YamlNode* const list = root.take("tests");
  if (list == nullptr) {
    return out;
  }
  if (list->kind != YamlNode::Kind::kSequence) {
    report.error(list->where(), "tests", "must be a list of {name, event, expect}");
    return out;
  }
  // Tests are no effective values, so `config show` leaves them out.
  Report quiet;
  quiet.asked = report.asked;
  TestReader reader(quiet, subscribers, routes);
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    out.push_back(reader.read(*list->items[i], "tests[" + std::to_string(i) + "]"));
  }
  report.problems.insert(report.problems.end(), quiet.problems.begin(), quiet.problems.end());
  return out;
}

}  // namespace aev::config

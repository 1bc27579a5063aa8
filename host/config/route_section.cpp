#include "config/route_section.h"

#include <algorithm>
#include <map>

#include "config/json_subtree.h"

namespace aev::config {
namespace {

std::vector<std::string> names_of(const std::vector<SubscriberConfig>& subscribers) {
  std::vector<std::string> names;
  for (const SubscriberConfig& subscriber : subscribers) {
    names.push_back(subscriber.name);
  }
  return names;
}

/// A list of subscribers, or a single one.
std::vector<std::string> read_targets(MapReader& map,
                                      std::string_view key,
                                      bool may_be_empty,
                                      const std::vector<std::string>& known) {
  Report& report = map.report();
  const YamlNode* const node = map.take(key);
  if (node == nullptr || node->kind == YamlNode::Kind::kMap) {
    report.error(map.where_of(key), map.path_of(key), "must be a list of subscribers");
    return {};
  }
  std::vector<const YamlNode*> items;
  if (node->kind == YamlNode::Kind::kScalar) {
    items.push_back(node);
  }
  for (const auto& item : node->items) {
    items.push_back(item.get());
  }
  if (items.empty() && !may_be_empty) {
    report.error(node->where(), map.path_of(key), "must name at least one subscriber");
  }
  std::vector<std::string> out;
  std::string shown;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const YamlNode& item = *items[i];
    const std::string path = node->kind == YamlNode::Kind::kScalar
                                 ? map.path_of(key)
                                 : map.path_of(key) + "[" + std::to_string(i) + "]";
    if (item.kind != YamlNode::Kind::kScalar) {
      report.error(item.where(), path, "must be the name of a subscriber");
    } else if (std::find(known.begin(), known.end(), item.text) == known.end()) {
      report.error(
          item.where(), path,
          "there is no subscriber `" + printable(item) + "`" + suggestion(item.text, known));
    } else if (std::find(out.begin(), out.end(), item.text) == out.end()) {
      shown += (shown.empty() ? "" : ", ") + item.text;
      out.push_back(item.text);
    }
  }
  report.show(map.path_of(key), shown, origin_of(*node), shown_list(out));
  return out;
}

void read_match(MapReader& map, RouteConfig& route) {
  Report& report = map.report();
  const YamlNode* const match = map.take("match");
  if (match == nullptr) {
    if (map.has("match")) {
      report.error(map.where_of("match"), map.path_of("match"),
                   "is empty; leave it out to match every event");
    }
    return;
  }
  if (match->kind != YamlNode::Kind::kMap) {
    report.error(match->where(), map.path_of("match"),
                 "must be a map from fields to lists of values");
    return;
  }
  if (route.is_default) {
    report.error(map.where_of("match"), map.path_of("match"),
                 "a default route takes what no other route matched; it has no match of its own");
    return;
  }
  JsonSubtree subtree =
      to_json(*match, map.where_of("match"), map.path_of("match"), report.problems);
  route.match_json = std::move(subtree.json);
  route.match_sources = std::move(subtree.sources);
  report.show(map.path_of("match"), subtree.redacted, origin_of(*match), std::move(subtree.shown));
}

}  // namespace

std::vector<RouteConfig> read_routes(MapReader& root,
                                     const std::vector<SubscriberConfig>& subscribers) {
  std::vector<RouteConfig> out;
  Report& report = root.report();
  const YamlNode* const list = root.take("routes");
  if (list == nullptr) {
    return out;
  }
  if (list->kind != YamlNode::Kind::kSequence) {
    report.error(list->where(), "routes", "must be a list of routes");
    return out;
  }
  const std::vector<std::string> known = names_of(subscribers);
  std::map<std::string, Location> seen;
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const YamlNode& node = *list->items[i];
    RouteConfig route;
    route.where = node.where();
    MapReader map(report, &node, "routes[" + std::to_string(i) + "]", route.where);
    if (map.text("name", route.name)) {
      const Location where = map.where_of("name");
      const auto [first, fresh] = seen.emplace(route.name, where);
      if (!is_name(route.name)) {
        report.error(where, map.path_of("name"), std::string(kNameRule));
      } else if (!fresh) {
        report.error(where, map.path_of("name"),
                     "`" + route.name + "` is already the name of the route at " +
                         first->second.file + ":" + std::to_string(first->second.line) + ":" +
                         std::to_string(first->second.column));
      }
    } else if (map.take("name") == nullptr) {
      report.error(map.where_of("name"), map.path_of("name"), "is missing; every route has a name");
    }
    map.boolean("default", route.is_default);
    read_match(map, route);
    route.to = read_targets(map, "to", false, known);
    map.finish();
    out.push_back(std::move(route));
  }
  return out;
}

std::vector<RouteTest> read_route_tests(MapReader& root,
                                        const std::vector<SubscriberConfig>& subscribers) {
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
  const std::vector<std::string> known = names_of(subscribers);
  // Tests are no effective values, so `config show` leaves them out.
  Report quiet;
  quiet.asked = report.asked;
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const YamlNode& node = *list->items[i];
    RouteTest test;
    test.where = node.where();
    const std::string path = "tests[" + std::to_string(i) + "]";
    MapReader map(quiet, &node, path, test.where);
    if (!map.text("name", test.name)) {
      test.name = path;
    }
    const YamlNode* const event = map.take("event");
    if (event == nullptr || event->kind != YamlNode::Kind::kMap) {
      quiet.error(event == nullptr ? map.where_of("event") : event->where(), map.path_of("event"),
                  "must be an event, for example {event_type: consensus, data: {}}");
    } else {
      test.event_json =
          to_json(*event, map.where_of("event"), map.path_of("event"), quiet.problems).json;
    }
    MapReader expect(quiet, map.take("expect"), map.path_of("expect"), map.where_of("expect"));
    test.expect_to = read_targets(expect, "to", true, known);
    expect.finish();
    map.finish();
    out.push_back(std::move(test));
  }
  report.problems.insert(report.problems.end(), quiet.problems.begin(), quiet.problems.end());
  return out;
}

}  // namespace aev::config

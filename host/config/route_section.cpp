#include "config/route_section.h"

#include <map>

#include "config/json_subtree.h"
#include "config/name_list.h"

namespace aev::config {
namespace {

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
  std::vector<std::string> known;
  for (const SubscriberConfig& subscriber : subscribers) {
    known.push_back(subscriber.name);
  }
  std::map<std::string, Location> seen;
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const YamlNode& node = *list->items[i];
    RouteConfig route;
    route.where = node.where();
    const std::string path = "routes[" + std::to_string(i) + "]";
    MapReader map(report, &node, path, route.where);
    if (map.text("name", route.name)) {
      const Location where = map.where_of("name");
      const auto [first, fresh] = seen.emplace(route.name, where);
      if (!is_name(route.name)) {
        report.error(where, map.path_of("name"), std::string(kNameRule));
      } else if (!fresh) {
        report.error(
            where, map.path_of("name"),
            "`" + route.name + "` is already the name of the route at " + to_string(first->second));
        route.name = path;  // for what is said of it from now on
      }
    } else {
      if (!map.has("name")) {
        report.error(map.where_of("name"), map.path_of("name"),
                     "is missing; every route has a name");
      }
      route.name = path;
    }
    map.boolean("default", route.is_default);
    read_match(map, route);
    route.to = read_name_list(map, "to", {"subscriber", known, false});
    map.finish();
    out.push_back(std::move(route));
  }
  return out;
}

}  // namespace aev::config

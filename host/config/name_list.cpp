#include "config/name_list.h"

#include <algorithm>

namespace aev::config {

std::vector<std::string> read_name_list(MapReader& map,
                                        std::string_view key,
                                        const NameListRule& rule) {
  Report& report = map.report();
  const YamlNode* const node = map.take(key);
  if (node == nullptr || node->kind == YamlNode::Kind::kMap) {
    report.error(map.where_of(key), map.path_of(key), "must be a list of " + rule.what + "s");
    return {};
  }
  std::vector<const YamlNode*> items;
  if (node->kind == YamlNode::Kind::kScalar) {
    items.push_back(node);
  }
  for (const auto& item : node->items) {
    items.push_back(item.get());
  }
  if (items.empty() && !rule.may_be_empty) {
    report.error(node->where(), map.path_of(key), "must name at least one " + rule.what);
  }
  std::vector<std::string> out;
  std::string shown;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const YamlNode& item = *items[i];
    const std::string path = node->kind == YamlNode::Kind::kScalar
                                 ? map.path_of(key)
                                 : map.path_of(key) + "[" + std::to_string(i) + "]";
    if (item.kind != YamlNode::Kind::kScalar) {
      report.error(item.where(), path, "must be the name of a " + rule.what);
    } else if (std::find(rule.known.begin(), rule.known.end(), item.text) == rule.known.end()) {
      report.error(item.where(), path,
                   "there is no " + rule.what + " `" + printable(item) + "`" +
                       suggestion(item.text, rule.known));
    } else if (std::find(out.begin(), out.end(), item.text) == out.end()) {
      shown += (shown.empty() ? "" : ", ") + item.text;
      out.push_back(item.text);
    }
  }
  report.show(map.path_of(key), shown, origin_of(*node), shown_list(out));
  return out;
}

}  // namespace aev::config

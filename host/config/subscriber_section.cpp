#include "config/subscriber_section.h"

#include <string_view>

#include "config/json_subtree.h"
#include "config/redaction.h"
#include "core/json_text.h"

namespace aev::config {
namespace {

constexpr std::string_view kWebhook = "webhook";

/// One line of `config show` per leaf.
void show_leaves(Report& report, const YamlNode& node, const std::string& path, bool secret) {
  if (node.kind == YamlNode::Kind::kSequence && !node.items.empty()) {
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      show_leaves(report, *node.items[i], path + "[" + std::to_string(i) + "]", secret);
    }
    return;
  }
  if (node.kind == YamlNode::Kind::kMap && !node.entries.empty()) {
    for (const YamlEntry& entry : node.entries) {
      show_leaves(report, *entry.value, path_step(path, entry.name),
                  secret || is_secret_key(entry.name));
    }
    return;
  }
  std::string value;
  std::string json;
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      value = json = "null";
      break;
    case YamlNode::Kind::kScalar:
      value = secret ? std::string(kRedacted) : printable(node);
      json = shown_scalar(node, secret || node.from_file);
      break;
    case YamlNode::Kind::kSequence:
      value = json = "[]";
      break;
    case YamlNode::Kind::kMap:
      value = json = "{}";
      break;
  }
  report.show(path, std::move(value), origin_of(node), std::move(json));
  report.shown.back().hidden = json_string(hidden(node));
}

/// Puts `"secret":value` at the end of a JSON object.
void add_secret(std::string& object, std::string_view value) {
  object.pop_back();
  object += object.size() > 1 ? ",\"secret\":" : "\"secret\":";
  append_json_string(object, value);
  object += '}';
}

void read_plugin_config(MapReader& map,
                        const EnvironmentDefaults& defaults,
                        SubscriberConfig& out) {
  Report& report = map.report();
  const YamlNode* node = map.take("config");
  const std::string path = map.path_of("config");
  if (node != nullptr && node->kind != YamlNode::Kind::kMap) {
    report.error(node->where(), path, "must be a map (`key: value`)");
    node = nullptr;
  }
  bool has_secret = false;
  if (node != nullptr) {
    JsonSubtree subtree = to_json(*node, map.where_of("config"), path, report.problems);
    out.config_json = std::move(subtree.json);
    out.redacted_config_json = std::move(subtree.redacted);
    out.config_sources = std::move(subtree.sources);
    has_secret = node->find("secret") != nullptr || node->find("secrets") != nullptr;
    show_leaves(report, *node, path, false);
  } else {
    out.config_json = out.redacted_config_json = "{}";
    out.config_sources.emplace("", map.where_of("config"));
  }
  if (out.plugin == kWebhook && !has_secret && !defaults.signature_secret.value.empty()) {
    add_secret(out.config_json, defaults.signature_secret.value);
    add_secret(out.redacted_config_json, kRedacted);
    report.show(path + ".secret", std::string(kRedacted), defaults.signature_secret.origin,
                json_string("${env:EVENT_SIGNATURE_SECRET}"));
  }
}

}  // namespace

std::vector<SubscriberConfig> read_subscribers(MapReader& root,
                                               NamedPolicies& named,
                                               const EnvironmentDefaults& defaults) {
  std::vector<SubscriberConfig> out;
  Report& report = root.report();
  MapReader section(report, root.take("subscribers"), "subscribers", root.where_of("subscribers"));
  for (const YamlEntry& entry : section.entries()) {
    SubscriberConfig subscriber;
    subscriber.name = entry.name;
    subscriber.where = entry.key_where();
    subscriber.plugin_where = subscriber.where;
    const std::string path = section.path_of(entry.name);
    if (!is_name(entry.name)) {
      report.error(subscriber.where, path, std::string(kNameRule));
    }
    MapReader map(report, entry.value.get(), path, subscriber.where);
    if (map.text("plugin", subscriber.plugin)) {
      subscriber.plugin_where = map.where_of("plugin");
      if (!is_name(subscriber.plugin)) {
        report.error(map.where_of("plugin"), map.path_of("plugin"), std::string(kNameRule));
      }
    } else if (!map.has("plugin")) {
      report.error(subscriber.where, map.path_of("plugin"),
                   "is missing; it names the subscriber type, for example `webhook`");
    }
    read_plugin_config(map, defaults, subscriber);
    subscriber.policy = read_delivery_policy(map, named, defaults);
    map.finish();
    out.push_back(std::move(subscriber));
  }
  return out;
}

}  // namespace aev::config

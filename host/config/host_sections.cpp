#include "config/host_sections.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <system_error>

#include "config/api_section.h"
#include "config/json_subtree.h"
#include "config/units.h"

namespace aev::config {
namespace {

constexpr std::string_view kDefaultDataDir = "data";

std::filesystem::path made_absolute(const std::filesystem::path& path) {
  std::error_code failure;
  std::filesystem::path out = std::filesystem::absolute(path, failure);
  return (failure ? path : out).lexically_normal();
}

void read_version(MapReader& root) {
  const YamlNode* const node = root.take("version");
  if (node == nullptr) {
    root.report().error(root.where_of("version"), "version", "is missing; write `version: 1`");
    return;
  }
  if (node->kind != YamlNode::Kind::kScalar || node->text != "1") {
    root.report().error(node->where(), "version", "must be 1, the only version there is");
    return;
  }
  root.report().show("version", "1", origin_of(*node), "1");
}

void read_data_dir(MapReader& root, const EnvironmentDefaults& defaults, Config& out) {
  const YamlNode* const node = root.take("data_dir");
  std::string origin = defaults.data_dir.origin;
  bool truth = false;
  if (root.has("data_dir") && (node == nullptr || node->kind != YamlNode::Kind::kScalar ||
                               node->text.empty() || is_boolean(*node, truth))) {
    root.report().error(node == nullptr ? root.where_of("data_dir") : node->where(), "data_dir",
                        "must be the path of a folder");
    return;
  }
  if (node != nullptr) {
    out.data_dir = resolve_path(*node, node->text);
    origin = origin_of(*node);
  } else if (!defaults.data_dir.value.empty()) {
    out.data_dir = made_absolute(defaults.data_dir.value);
  } else {
    out.data_dir = made_absolute(out.file.parent_path() / kDefaultDataDir);
  }
  root.report().show("data_dir", out.data_dir.string(), std::move(origin));
}

void read_store(MapReader& root, StoreConfig& out) {
  MapReader map(root.report(), root.take("store"), "store", root.where_of("store"));
  map.choice("sync", out.sync_full, {{"full", true}, {"normal", false}});
  map.size("max_size", out.max_size, 1u << 20);
  map.duration("dedup_window", out.dedup_window, {});
  MapReader retention(root.report(), map.take("retention"), map.path_of("retention"),
                      map.where_of("retention"));
  retention.duration("events", out.events_retention, {});
  retention.duration("attempts", out.attempts_retention, {});
  retention.finish();
  map.finish();
}

void read_log(MapReader& root, LogConfig& out) {
  MapReader map(root.report(), root.take("log"), "log", root.where_of("log"));
  map.choice("level", out.level,
             {{"trace", LogLevel::kTrace},
              {"debug", LogLevel::kDebug},
              {"info", LogLevel::kInfo},
              {"warning", LogLevel::kWarning},
              {"error", LogLevel::kError}});
  map.choice("format", out.format, {{"text", LogFormat::kText}, {"json", LogFormat::kJson}});
  map.finish();
}

void read_delivery(MapReader& root, DeliveryConfig& out) {
  MapReader map(root.report(), root.take("delivery"), "delivery", root.where_of("delivery"));
  map.size("memory", out.memory, 64u << 10);
  map.duration("checkpoint_interval", out.checkpoint_interval, std::chrono::milliseconds(1));
  map.duration("drain_timeout", out.drain_timeout, {});
  map.finish();
}

/// A list of folders, or one.
void read_folders(MapReader& map, std::string_view key, std::vector<std::filesystem::path>& out) {
  const YamlNode* const path = map.take(key);
  if (path == nullptr) {
    return;
  }
  std::vector<const YamlNode*> folders;
  if (path->kind == YamlNode::Kind::kScalar) {
    folders.push_back(path);
  }
  for (const auto& item : path->items) {
    folders.push_back(item.get());
  }
  if (path->kind == YamlNode::Kind::kMap) {
    map.report().error(path->where(), map.path_of(key), "must be a list of folders");
  }
  for (std::size_t i = 0; i < folders.size(); ++i) {
    const YamlNode& folder = *folders[i];
    const std::string name = map.path_of(key) + "[" + std::to_string(i) + "]";
    bool truth = false;
    if (folder.kind != YamlNode::Kind::kScalar || folder.text.empty() ||
        is_boolean(folder, truth)) {
      map.report().error(folder.where(), name, "must be the path of a folder");
      continue;
    }
    out.push_back(resolve_path(folder, folder.text));
    map.report().show(name, out.back().string(), origin_of(folder));
  }
}

void read_plugins(MapReader& root, Config& out) {
  MapReader map(root.report(), root.take("plugins"), "plugins", root.where_of("plugins"));
  read_folders(map, "path", out.plugin_path);
  map.finish();
}

void read_schema_mode(MapReader& map, std::string_view key, SchemaMode& mode) {
  map.choice(
      key, mode,
      {{"off", SchemaMode::kOff}, {"warn", SchemaMode::kWarn}, {"enforce", SchemaMode::kEnforce}});
}

void read_schemas(MapReader& root, SchemaConfig& out) {
  MapReader map(root.report(), root.take("schemas"), "schemas", root.where_of("schemas"));
  read_folders(map, "path", out.path);
  read_schema_mode(map, "default", out.standard);
  MapReader events(root.report(), map.take("events"), map.path_of("events"),
                   map.where_of("events"));
  for (const YamlEntry& entry : events.entries()) {
    read_schema_mode(events, entry.name, out.events[entry.name]);
    out.places[entry.name] = entry.key_where();
  }
  events.finish();
  map.finish();
}

}  // namespace

std::filesystem::path resolve_path(const YamlNode& node, const std::string& path) {
  const std::filesystem::path folder =
      node.file ? std::filesystem::path(*node.file).parent_path() : std::filesystem::path();
  return made_absolute(folder / path);
}

void read_host_sections(MapReader& root, const EnvironmentDefaults& defaults, Config& out) {
  read_version(root);
  read_data_dir(root, defaults, out);
  read_api(root, defaults, out.api);
  read_store(root, out.store);
  read_log(root, out.log);
  read_delivery(root, out.delivery);
  read_plugins(root, out);
  read_schemas(root, out.schemas);
}

}  // namespace aev::config

#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/log.h"
#include "core/metrics.h"
#include "core/result.h"
#include "loader/host_services.h"
#include "loader/instance.h"

namespace aev::loader {

/// What a subscriber type says about itself.
struct TypeInfo {
  std::string id;
  std::string name;
  std::string version;
  std::string vendor;
  std::string config_schema_json;
  bool source = false;  ///< brings events in and takes none
};

/// A loaded plugin file.
struct PluginInfo {
  std::filesystem::path path;
  std::uint16_t abi_major = 0;
  std::uint16_t abi_minor = 0;
  std::vector<TypeInfo> types;
  /// The file is not the one that this process loaded: libraries are never unloaded, so what was
  /// loaded goes on until the host is started anew.
  bool changed_since_loaded = false;
};

/// A file that was refused, with a reason that a person understands and what to do.
struct RefusedPlugin {
  std::filesystem::path path;
  std::string reason;
};

/// How patient the loader is with plugin code, by the injected clock unless said otherwise.
struct LoaderOptions {
  Duration call_warning = std::chrono::seconds(1);  ///< a call that takes longer is logged
  Duration call_limit = std::chrono::seconds(30);   ///< then the instance is given up
  Duration stop_grace = std::chrono::seconds(5);    ///< for a call that runs past a stop's deadline
  Duration drop_timeout = std::chrono::seconds(2);  ///< real time; for ~Instance without a stop()
  Duration watchdog_interval = std::chrono::milliseconds(100);  ///< real time
};

/// What a search of plugin directories found: opaque, for Plugins::use().
class Catalogue;

/// The plugin files of the search path and what they offer. Libraries are never unloaded.
/// Thread-safe after open(). Outlives the instances it creates. What it returns by reference or
/// pointer stays valid as long as it lives, also beyond use().
class Plugins : public InstanceFactory {
 public:
  /// Loads every `*.so` of the directories (earlier directories win on the same type id). A missing
  /// directory is skipped. A refused file does not stop the others.
  [[nodiscard]] static std::unique_ptr<Plugins> open(
      const std::vector<std::filesystem::path>& directories,
      const Clock& clock,
      Metrics& metrics,
      Logger logger,
      const LoaderOptions& options = {});

  /// Gives instances the extensions emit, history and state, which they do without otherwise.
  /// Before the first create(); `host` outlives the instances.
  virtual void serve(HostServices& host) = 0;

  /// What was found; also another Plugins may use() it.
  [[nodiscard]] virtual std::shared_ptr<const Catalogue> catalogue() const = 0;
  /// Goes on with what another search found. Instances that run are not touched, and one that was
  /// created before can be created again whatever was found.
  virtual void use(std::shared_ptr<const Catalogue> catalogue) = 0;

  [[nodiscard]] virtual const std::vector<PluginInfo>& plugins() const = 0;
  [[nodiscard]] virtual const std::vector<RefusedPlugin>& refused() const = 0;
  [[nodiscard]] virtual const TypeInfo* find_type(std::string_view id) const = 0;
  /// The file that offers the type; empty if none does.
  [[nodiscard]] virtual std::filesystem::path file_of(std::string_view type) const = 0;

  /// The plugin's own cross-field check: pure, no I/O. kInvalid with `pointer`.
  [[nodiscard]] virtual Result<void> validate(std::string_view type,
                                              const std::string& config_json) const = 0;
};

/// Loads one file and describes it, or says why not. For `plugins inspect`.
[[nodiscard]] Result<PluginInfo> inspect_plugin(const std::filesystem::path& file);

}  // namespace aev::loader

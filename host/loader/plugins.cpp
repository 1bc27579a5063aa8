#include "loader/plugins.h"

#include <algorithm>
#include <map>
#include <system_error>
#include <utility>

#include "loader/guarded_call.h"
#include "loader/instance_core.h"
#include "loader/library_use.h"
#include "loader/loader_services.h"
#include "loader/plugin_instance.h"
#include "loader/watchdog.h"

namespace aev::loader {
namespace {

namespace fs = std::filesystem;

class LoadedPlugins final : public Plugins {
 public:
  LoadedPlugins(const Clock& clock, Metrics& metrics, Logger logger, const LoaderOptions& options)
      : services_{clock, metrics, std::move(logger), options, nullptr, {}},
        watchdog_(clock, options.watchdog_interval) {}

  void load_directory(const fs::path& directory) {
    std::error_code error;
    std::vector<fs::path> files;
    fs::directory_iterator entries(directory, error);
    if (error == std::errc::no_such_file_or_directory) {
      return;
    }
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
      if (entries->path().extension() == ".so") {
        files.push_back(entries->path());
      }
    }
    if (error) {
      refuse(directory,
             "cannot be read (" + error.message() +
                 "): make the plugin directory readable for the account that runs the host");
    }
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) {
      load_file(file);
    }
  }

  void serve(HostServices& host) override { services_.host = &host; }

  [[nodiscard]] const std::vector<PluginInfo>& plugins() const override { return infos_; }

  [[nodiscard]] const std::vector<RefusedPlugin>& refused() const override { return refused_; }

  [[nodiscard]] const TypeInfo* find_type(std::string_view id) const override {
    const auto found = types_.find(id);
    return found == types_.end() ? nullptr : &found->second.info;
  }

  [[nodiscard]] Result<void> validate(std::string_view type,
                                      const std::string& config_json) const override {
    const auto found = types_.find(type);
    if (found == types_.end()) {
      return unknown_type(type);
    }
    const aev_entry& entry = found->second.use->entry();
    if (entry.validate == nullptr) {
      return {};
    }
    aev_error error = new_plugin_error();
    aev_status status = AEV_OK;
    const auto call = [&] {
      status = entry.validate(found->first.c_str(), to_aev_str(config_json), &error);
    };
    if (auto thrown = guarded_call(call)) {
      return Error{
          ErrorCode::kInternal,
          "plugin \"" + found->first + "\": validate() " + *thrown + ": report this to its vendor",
          {}};
    }
    if (status == AEV_OK) {
      return {};
    }
    const ErrorCode code = status == AEV_E_CONFIG ? ErrorCode::kInvalid : ErrorCode::kInternal;
    return to_error(error, code,
                    "plugin \"" + found->first +
                        "\" refuses the configuration without saying why "
                        "(status " +
                        std::to_string(status) + ")");
  }

  [[nodiscard]] Result<std::unique_ptr<Instance>> create(std::string_view type,
                                                         const std::string& name,
                                                         const std::string& config_json,
                                                         InstanceListener& listener) override {
    const auto found = types_.find(type);
    if (found == types_.end()) {
      return unknown_type(type);
    }
    auto core = std::make_shared<InstanceCore>(found->second.use, name, services_, listener);
    AEV_RETURN_IF_ERROR(core->create(found->first, config_json));
    return PluginInstance::open(std::move(core), watchdog_);
  }

 private:
  struct Type {
    TypeInfo info;
    std::shared_ptr<const LibraryUse> use;
  };

  static Error unknown_type(std::string_view type) {
    return Error{ErrorCode::kNotFound,
                 "no plugin offers the subscriber type \"" + std::string(type) +
                     "\": install the plugin, or see `aragora-events plugins list` for those that "
                     "are there and those that were refused",
                 {}};
  }

  void load_file(const fs::path& file) {
    auto opened = LibraryUse::open(file);
    if (!opened) {
      refuse(file, opened.error().message);
      return;
    }
    const std::shared_ptr<const LibraryUse>& library = *opened;
    for (const TypeInfo& type : library->info().types) {
      if (const auto found = types_.find(type.id); found != types_.end()) {
        refuse(file, "offers the subscriber type \"" + type.id + "\", which " +
                         found->second.use->info().path.string() +
                         " offers already: remove one of the two files");
        return;
      }
    }
    for (const TypeInfo& type : library->info().types) {
      types_.emplace(type.id, Type{type, library});
    }
    infos_.push_back(library->info());
    services_.logger.debug("plugin loaded", {{"file", file.string()}});
  }

  void refuse(const fs::path& path, std::string reason) {
    services_.logger.warning("plugin refused", {{"file", path.string()}, {"reason", reason}});
    refused_.push_back({path, std::move(reason)});
  }

  LoaderServices services_;
  std::vector<PluginInfo> infos_;
  std::vector<RefusedPlugin> refused_;
  std::map<std::string, Type, std::less<>> types_;
  Watchdog watchdog_;
};

}  // namespace

std::unique_ptr<Plugins> Plugins::open(const std::vector<fs::path>& directories,
                                       const Clock& clock,
                                       Metrics& metrics,
                                       Logger logger,
                                       const LoaderOptions& options) {
  auto plugins = std::make_unique<LoadedPlugins>(clock, metrics, std::move(logger), options);
  for (const fs::path& directory : directories) {
    plugins->load_directory(directory);
  }
  return plugins;
}

Result<PluginInfo> inspect_plugin(const fs::path& file) {
  auto library = LibraryUse::open(file);
  if (!library) {
    Error error = std::move(library.error());
    error.message = file.string() + " " + error.message;
    return error;
  }
  return (*library)->info();
}

}  // namespace aev::loader

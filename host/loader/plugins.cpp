#include "loader/plugins.h"

#include <algorithm>
#include <map>
#include <system_error>
#include <utility>

#include "core/mutex.h"
#include "loader/guarded_call.h"
#include "loader/instance_core.h"
#include "loader/library_use.h"
#include "loader/loader_services.h"
#include "loader/plugin_instance.h"
#include "loader/watchdog.h"

namespace aev::loader {
namespace {

namespace fs = std::filesystem;

/// A type and the library that offers it.
struct Type {
  TypeInfo info;
  std::shared_ptr<const LibraryUse> use;
};

}  // namespace

/// Immutable once the directories are searched.
class Catalogue {
 public:
  explicit Catalogue(const Logger& logger) : log_(logger) {}

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

  [[nodiscard]] const std::vector<PluginInfo>& plugins() const { return infos_; }

  [[nodiscard]] const std::vector<RefusedPlugin>& refused() const { return refused_; }

  [[nodiscard]] const Type* find(std::string_view id) const {
    const auto found = types_.find(id);
    return found == types_.end() ? nullptr : &found->second;
  }

 private:
  void load_file(const fs::path& file) {
    auto opened = LibraryUse::open(file);
    if (!opened) {
      refuse(file, opened.error().message);
      return;
    }
    const std::shared_ptr<const LibraryUse>& library = *opened;
    for (const TypeInfo& type : library->info().types) {
      if (const Type* const known = find(type.id)) {
        refuse(file, "offers the subscriber type \"" + type.id + "\", which " +
                         known->use->info().path.string() +
                         " offers already: remove one of the two files");
        return;
      }
    }
    for (const TypeInfo& type : library->info().types) {
      types_.emplace(type.id, Type{type, library});
    }
    infos_.push_back(library->info());
    log_.debug("plugin loaded", {{"file", file.string()}});
  }

  void refuse(const fs::path& path, std::string reason) {
    log_.warning("plugin refused", {{"file", path.string()}, {"reason", reason}});
    refused_.push_back({path, std::move(reason)});
  }

  const Logger log_;
  std::vector<PluginInfo> infos_;
  std::vector<RefusedPlugin> refused_;
  std::map<std::string, Type, std::less<>> types_;
};

namespace {

bool same(const Catalogue& a, const Catalogue& b) {
  return std::equal(a.plugins().begin(), a.plugins().end(), b.plugins().begin(), b.plugins().end(),
                    [](const PluginInfo& one, const PluginInfo& other) {
                      return one.path == other.path &&
                             one.changed_since_loaded == other.changed_since_loaded;
                    }) &&
         std::equal(a.refused().begin(), a.refused().end(), b.refused().begin(), b.refused().end(),
                    [](const RefusedPlugin& one, const RefusedPlugin& other) {
                      return one.path == other.path && one.reason == other.reason;
                    });
}

/// The one Plugins there is.
class LoadedPlugins final : public Plugins {
 public:
  LoadedPlugins(std::shared_ptr<const Catalogue> found,
                const Clock& clock,
                Metrics& metrics,
                Logger logger,
                const LoaderOptions& options)
      : services_{clock, metrics, std::move(logger), options, nullptr, {}},
        watchdog_(clock, options.watchdog_interval) {
    catalogues_.push_back(std::move(found));
  }

  void serve(HostServices& host) override { services_.host = &host; }

  [[nodiscard]] std::shared_ptr<const Catalogue> catalogue() const override { return now(); }

  void use(std::shared_ptr<const Catalogue> catalogue) override {
    const MutexLock lock(mutex_);
    const auto known = std::find_if(catalogues_.begin(), catalogues_.end(),
                                    [&](const auto& each) { return same(*each, *catalogue); });
    if (known == catalogues_.end()) {
      catalogues_.push_back(std::move(catalogue));
    } else {
      std::rotate(known, std::next(known), catalogues_.end());
    }
  }

  [[nodiscard]] const std::vector<PluginInfo>& plugins() const override { return now()->plugins(); }

  [[nodiscard]] const std::vector<RefusedPlugin>& refused() const override {
    return now()->refused();
  }

  [[nodiscard]] const TypeInfo* find_type(std::string_view id) const override {
    const Type* const found = now()->find(id);
    return found == nullptr ? nullptr : &found->info;
  }

  [[nodiscard]] fs::path file_of(std::string_view type) const override {
    const Type* const found = now()->find(type);
    return found == nullptr ? fs::path() : found->use->info().path;
  }

  [[nodiscard]] Result<void> validate(std::string_view type,
                                      const std::string& config_json) const override {
    const Type* const found = now()->find(type);
    if (found == nullptr) {
      return unknown_type(type);
    }
    const aev_entry& entry = found->use->entry();
    const std::string& id = found->info.id;
    if (entry.validate == nullptr) {
      return {};
    }
    aev_error error = new_plugin_error();
    aev_status status = AEV_OK;
    const auto call = [&] { status = entry.validate(id.c_str(), to_aev_str(config_json), &error); };
    if (auto thrown = guarded_call(call)) {
      return Error{ErrorCode::kInternal,
                   "plugin \"" + id + "\": validate() " + *thrown + ": report this to its vendor",
                   {}};
    }
    if (status == AEV_OK) {
      return {};
    }
    const ErrorCode code = status == AEV_E_CONFIG ? ErrorCode::kInvalid : ErrorCode::kInternal;
    return to_error(error, code,
                    "plugin \"" + id +
                        "\" refuses the configuration without saying why "
                        "(status " +
                        std::to_string(status) + ")");
  }

  [[nodiscard]] Result<std::unique_ptr<Instance>> create(std::string_view type,
                                                         const std::string& name,
                                                         const std::string& config_json,
                                                         InstanceListener& listener) override {
    const Type* const found = find_ever(type);
    if (found == nullptr) {
      return unknown_type(type);
    }
    auto core = std::make_shared<InstanceCore>(found->use, name, services_, listener);
    AEV_RETURN_IF_ERROR(core->create(found->info.id, config_json));
    return PluginInstance::open(std::move(core), watchdog_);
  }

 private:
  static Error unknown_type(std::string_view type) {
    return Error{ErrorCode::kNotFound,
                 "no plugin offers the subscriber type \"" + std::string(type) +
                     "\": install the plugin, or see `aragora-events plugins list` for those that "
                     "are there and those that were refused",
                 {}};
  }

  [[nodiscard]] std::shared_ptr<const Catalogue> now() const AEV_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return catalogues_.back();
  }

  /// The newest that ever was, for instances that must be started again.
  [[nodiscard]] const Type* find_ever(std::string_view id) const AEV_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    for (auto each = catalogues_.rbegin(); each != catalogues_.rend(); ++each) {
      if (const Type* const found = (*each)->find(id)) {
        return found;
      }
    }
    return nullptr;
  }

  LoaderServices services_;
  mutable Mutex mutex_;
  /// The last one counts. Those before it stay for whoever holds references into them; no two are
  /// the same, so there are no more than plugin files came, went or changed.
  std::vector<std::shared_ptr<const Catalogue>> catalogues_ AEV_GUARDED_BY(mutex_);
  Watchdog watchdog_;
};

}  // namespace

std::unique_ptr<Plugins> Plugins::open(const std::vector<fs::path>& directories,
                                       const Clock& clock,
                                       Metrics& metrics,
                                       Logger logger,
                                       const LoaderOptions& options) {
  auto found = std::make_shared<Catalogue>(logger);
  for (const fs::path& directory : directories) {
    found->load_directory(directory);
  }
  return std::make_unique<LoadedPlugins>(std::move(found), clock, metrics, std::move(logger),
                                         options);
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

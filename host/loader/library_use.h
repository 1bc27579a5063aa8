#pragma once

#include <filesystem>
#include <memory>

#include <aev/plugin.h>

#include "core/result.h"
#include "loader/plugins.h"

namespace aev::loader {

/// A checked and initialised plugin library. Immutable, thread-safe; shared by those who may still
/// call into it. The plugin's init() runs with the first use in the process and its deinit() with
/// the end of the last, so a library that an abandoned instance still runs in is never
/// deinitialised.
class LibraryUse {
 public:
  [[nodiscard]] static Result<std::shared_ptr<const LibraryUse>> open(
      const std::filesystem::path& file);

  ~LibraryUse();
  LibraryUse(const LibraryUse&) = delete;
  LibraryUse& operator=(const LibraryUse&) = delete;

  /// Members past the plugin's struct_size are null.
  [[nodiscard]] const aev_entry& entry() const { return entry_; }

  [[nodiscard]] const PluginInfo& info() const { return info_; }

 private:
  LibraryUse(const aev_entry* symbol, const aev_entry& entry) : symbol_(symbol), entry_(entry) {}

  const aev_entry* const symbol_;
  const aev_entry entry_;
  PluginInfo info_;
};

}  // namespace aev::loader

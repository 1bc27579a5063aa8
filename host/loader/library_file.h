#pragma once

#include <filesystem>

#include <aev/plugin.h>

#include "core/result.h"

namespace aev::loader {

/// Maps the library (never to be unmapped) and finds its `aev_plugin_entry`; calls none of the
/// plugin's functions, though the library's own constructors run. The errors say what is wrong with
/// the file and what to do about it.
[[nodiscard]] Result<const aev_entry*> open_library_file(const std::filesystem::path& file);

}  // namespace aev::loader

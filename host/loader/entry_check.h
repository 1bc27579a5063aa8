#pragma once

#include <vector>

#include <aev/plugin.h>

#include "core/result.h"
#include "loader/plugins.h"

namespace aev::loader {

/// The entry as this host knows it: members that the plugin's struct_size does not cover are null.
/// Refuses one of a wrong magic, size or version, or without a required function. Calls nothing.
[[nodiscard]] Result<aev_entry> check_entry(const aev_entry& entry);

/// The subscriber types, in the plugin's order. Calls entry.descriptor; refuses a plugin whose
/// descriptors are malformed, repeated, none or too many, or that throws.
[[nodiscard]] Result<std::vector<TypeInfo>> read_types(const aev_entry& entry);

}  // namespace aev::loader

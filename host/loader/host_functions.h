#pragma once

#include <aev/plugin.h>

namespace aev::loader {

class InstanceCore;

/// Fills the struct through which the plugin reaches the host; `core` becomes its host_data.
void fill_host(aev_host& host, InstanceCore& core);

}  // namespace aev::loader

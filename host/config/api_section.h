#pragma once

#include "config/environment_defaults.h"
#include "config/map_reader.h"

namespace aev::config {

/// `api`: where to listen, who may call, and the bounds of a request. Without tokens only a
/// loopback address is accepted.
void read_api(MapReader& root, const EnvironmentDefaults& defaults, ApiConfig& out);

}  // namespace aev::config

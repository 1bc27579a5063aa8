#pragma once

#include <aev/plugin.hpp>

#include "client_options.h"

namespace aev::kafka {

/// Asks a broker for the cluster's metadata, with the credentials of `options`. Throws
/// std::runtime_error with the brokers' names and what is wrong. Blocks until `deadline` at most.
void probe_cluster(const ClientOptions& options, sdk::MonoTime deadline);

}  // namespace aev::kafka

#pragma once

#include <memory>

#include "config/config.h"
#include "delivery/dispatcher.h"
#include "http/authenticator.h"
#include "http/server.h"
#include "ingest/ingest_handler.h"
#include "store/store.h"

namespace aev::app {

// The configuration in the words of each layer.

[[nodiscard]] store::StoreOptions store_options(const config::Config& config);

[[nodiscard]] http::ServerOptions server_options(const config::Config& config);

[[nodiscard]] std::shared_ptr<const http::Authenticator> authenticator(
    const config::Config& config);

[[nodiscard]] ingest::IngestLimits ingest_limits(const config::Config& config);

[[nodiscard]] delivery::DispatcherOptions dispatcher_options(const config::Config& config);

}  // namespace aev::app

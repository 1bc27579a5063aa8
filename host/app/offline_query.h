#pragma once

#include <string>
#include <string_view>

#include "config/config.h"
#include "core/result.h"
#include "loader/instance.h"

namespace aev::app {

/// Asks a subscriber's plugin a query that it answers offline, without a running host: makes an
/// instance of the subscriber that is never started. `subscriber` empty: the only one whose plugin
/// offers the query, kInvalid if there are several. kNotFound if none does. Blocks in plugin code.
[[nodiscard]] Result<loader::QueryAnswer> query_offline(const config::Config& config,
                                                        const std::string& subscriber,
                                                        std::string_view query,
                                                        std::string_view parameters_json);

}  // namespace aev::app

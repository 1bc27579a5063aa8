#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "admin/api_message.h"
#include "core/result.h"
#include "delivery/dispatcher.h"
#include "store/store.h"

namespace aev::admin {

/// A time as filters take it: RFC 3339, Unix seconds, or a span back from now such as `90m`, `2d`.
[[nodiscard]] Result<std::int64_t> parse_time(std::string_view text, std::int64_t now_unix_ns);

/// Refuses parameters that the call does not know, so that a misspelt filter never widens a
/// request.
[[nodiscard]] Result<void> only_these(const ApiRequest& request,
                                      const std::vector<std::string>& known);

[[nodiscard]] Result<store::EventFilter> event_filter(const ApiRequest& request,
                                                      std::int64_t now_unix_ns);
[[nodiscard]] Result<store::DeadLetterFilter> dead_letter_filter(const ApiRequest& request,
                                                                 std::int64_t now_unix_ns);
[[nodiscard]] Result<delivery::ReplayRequest> replay_request(const ApiRequest& request,
                                                             std::int64_t now_unix_ns);
/// `rate` as events per second: `50`, `50/s`, `600/m`; 0 when absent.
[[nodiscard]] Result<double> rate_of(const ApiRequest& request);

/// A whole number parameter, or `fallback` when absent; kInvalid when it is not one or out of
/// range.
[[nodiscard]] Result<std::uint64_t> number_of(const ApiRequest& request,
                                              std::string_view name,
                                              std::uint64_t fallback,
                                              std::uint64_t most);

}  // namespace aev::admin

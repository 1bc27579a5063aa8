#pragma once

#include <chrono>
#include <string>

#include <aev/plugin.hpp>

namespace aev::webhook {

/// What an answer means (Standard Webhooks, and the CloudEvents webhook rules): 2xx delivered; 410
/// the endpoint is gone for good; 429, 502, 503, 504 the endpoint asks for less; 408 and other 5xx
/// failed this time; everything else, redirects included, will never be taken. `reason` is kept by
/// the caller while the result is used; `retry_after` 0 is none.
[[nodiscard]] sdk::Result outcome_of(long status,
                                     std::chrono::milliseconds retry_after,
                                     const std::string& reason);

/// `HTTP 503: first words of the answer`, as valid UTF-8.
[[nodiscard]] std::string describe_answer(long status, std::string_view body);

}  // namespace aev::webhook

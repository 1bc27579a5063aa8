#pragma once

#include <string_view>

namespace aev::config {

inline constexpr std::string_view kRedacted = "[redacted]";

/// True if a key of this name is taken to hold a secret (`secret`, `api_token`, `Authorization` …).
/// A guess for everything that is printed before the plugin's schema can say; it errs on the side
/// of hiding.
[[nodiscard]] bool is_secret_key(std::string_view key);

}  // namespace aev::config

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aev::websocket {

/// A configured bearer token.
struct AccessToken {
  std::string name;                  ///< for the log
  std::string token;                 ///< secret
  std::vector<std::string> debates;  ///< ids or globs it may see; empty: all
};

/// Who may connect.
struct AccessRules {
  std::vector<AccessToken> tokens;
  std::string signing_secret;  ///< of Aragora's tokens `{loop_id}:{expires}:{hex}`; empty: none
  bool required = false;       ///< without a valid token nobody gets in
  bool query_token = true;     ///< `?token=` counts
};

/// What a client may see. Immutable once it is connected.
struct Grant {
  bool authenticated = false;
  std::string name;
  std::vector<std::string> debates;       ///< ids or globs; empty: all
  std::optional<std::int64_t> expires_s;  ///< Unix seconds; nothing: never

  [[nodiscard]] bool allows(std::string_view debate_id) const noexcept;
};

/// Checks `token` against the rules, in constant time for each. Nothing: it is not valid, or has
/// expired. `now_s` is Unix seconds.
[[nodiscard]] std::optional<Grant> check_token(const AccessRules& rules,
                                               std::string_view token,
                                               std::int64_t now_s);

/// Lower-case hex HMAC-SHA256.
[[nodiscard]] std::string hmac_hex(std::string_view key, std::string_view message);

/// True if a page of `origin` (the header's value) may connect to `host` (the Host header). No
/// origin: not a browser, always true. Without `allowed`: the same host, and pages of this machine.
/// Otherwise one of the globs, in which `*` alone stands for any.
[[nodiscard]] bool origin_allowed(const std::vector<std::string>& allowed,
                                  std::string_view origin,
                                  std::string_view host);

}  // namespace aev::websocket

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace aev::http {

enum class Access : std::uint8_t { kIngest = 1, kRead = 2, kAdmin = 4 };

/// A bearer token and what it opens. `scopes` is a set of Access bits; admin includes read.
struct Token {
  std::string name;
  std::string secret;
  std::uint8_t scopes = 0;
};

/// Checks `Authorization: Bearer …`. Without tokens everything is open (the configuration then
/// allows loopback only). Immutable, thread-safe; the comparison takes the same time wherever it
/// differs.
class Authenticator {
 public:
  enum class Verdict : std::uint8_t { kAllowed, kNoToken, kUnknownToken, kWrongScope };

  explicit Authenticator(const std::vector<Token>& tokens);

  [[nodiscard]] Verdict check(std::string_view authorization, Access wanted) const;

 private:
  struct Entry {
    std::string digest;  // SHA-256 of the secret, so that lengths do not show
    std::uint8_t scopes;
  };

  std::vector<Entry> entries_;
};

}  // namespace aev::http

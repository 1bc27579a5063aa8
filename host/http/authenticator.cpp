#include "http/authenticator.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

namespace aev::http {
namespace {

std::string sha256(std::string_view text) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

/// The token of `Bearer <token>`, empty if it is not that. The scheme is case-insensitive (RFC
/// 9110).
std::string_view bearer_token(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer";
  if (authorization.size() <= kScheme.size() || authorization[kScheme.size()] != ' ') {
    return {};
  }
  for (std::size_t i = 0; i < kScheme.size(); ++i) {
    if ((authorization[i] | 0x20) != kScheme[i]) {
      return {};
    }
  }
  std::string_view token = authorization.substr(kScheme.size());
  while (!token.empty() && token.front() == ' ') {
    token.remove_prefix(1);
  }
  return token;
}

std::uint8_t implied(std::uint8_t scopes) {
  const auto admin = static_cast<std::uint8_t>(Access::kAdmin);
  const auto read = static_cast<std::uint8_t>(Access::kRead);
  return (scopes & admin) != 0 ? static_cast<std::uint8_t>(scopes | read) : scopes;
}

}  // namespace

Authenticator::Authenticator(const std::vector<Token>& tokens) {
  entries_.reserve(tokens.size());
  for (const Token& token : tokens) {
    entries_.push_back(Entry{sha256(token.secret), implied(token.scopes)});
  }
}

Authenticator::Verdict Authenticator::check(std::string_view authorization, Access wanted) const {
  if (entries_.empty()) {
    return Verdict::kAllowed;
  }
  const std::string_view token = bearer_token(authorization);
  if (token.empty()) {
    return Verdict::kNoToken;
  }
  const std::string digest = sha256(token);
  bool known = false;
  std::uint8_t scopes = 0;
  // Every entry is compared, so that the time does not tell which one matched.
  for (const Entry& entry : entries_) {
    if (CRYPTO_memcmp(entry.digest.data(), digest.data(), digest.size()) == 0) {
      known = true;
      scopes = static_cast<std::uint8_t>(scopes | entry.scopes);
    }
  }
  if (!known) {
    return Verdict::kUnknownToken;
  }
  return (scopes & static_cast<std::uint8_t>(wanted)) != 0 ? Verdict::kAllowed
                                                           : Verdict::kWrongScope;
}

}  // namespace aev::http

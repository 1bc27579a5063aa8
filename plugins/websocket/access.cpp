#include "access.h"

#include <algorithm>
#include <charconv>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "glob.h"

namespace aev::websocket {
namespace {

constexpr std::size_t kHexDigits = 64;

/// Hashes first, so that neither the length nor the common start of a guess shows in the time.
bool same_secret(std::string_view a, std::string_view b) {
  unsigned char left[EVP_MAX_MD_SIZE];
  unsigned char right[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(a.data(), a.size(), left, &size, EVP_sha256(), nullptr) != 1 ||
      EVP_Digest(b.data(), b.size(), right, &size, EVP_sha256(), nullptr) != 1) {
    return false;
  }
  return CRYPTO_memcmp(left, right, size) == 0;
}

/// `{loop_id}:{expires}:{hex}`, read from its end because a loop_id may hold colons.
std::optional<Grant> check_signed(std::string_view secret,
                                  std::string_view token,
                                  std::int64_t now_s) {
  if (token.size() < kHexDigits + 2 || token[token.size() - kHexDigits - 1] != ':') {
    return std::nullopt;
  }
  const std::string_view signed_part = token.substr(0, token.size() - kHexDigits - 1);
  const std::size_t colon = signed_part.rfind(':');
  if (colon == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view digits = signed_part.substr(colon + 1);
  std::int64_t expires = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), expires);
  if (error != std::errc() || end != digits.data() + digits.size() ||
      !same_secret(hmac_hex(secret, signed_part), token.substr(token.size() - kHexDigits)) ||
      expires <= now_s) {
    return std::nullopt;
  }
  Grant grant;
  grant.authenticated = true;
  grant.name = "signed token";
  grant.expires_s = expires;
  if (colon != 0) {
    grant.debates.emplace_back(signed_part.substr(0, colon));
  }
  return grant;
}

std::string_view host_of_origin(std::string_view origin) {
  const std::size_t scheme = origin.find("://");
  return scheme == std::string_view::npos ? std::string_view() : origin.substr(scheme + 3);
}

std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) {
    return host.substr(0, host.find(']') + 1);
  }
  return host.substr(0, host.find(':'));
}

}  // namespace

bool Grant::allows(std::string_view debate_id) const noexcept {
  return debates.empty() || std::any_of(debates.begin(), debates.end(), [&](const auto& pattern) {
           return glob_matches(pattern, debate_id);
         });
}

std::string hmac_hex(std::string_view key, std::string_view message) {
  constexpr char kHex[] = "0123456789abcdef";
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(message.data()), message.size(), digest, &size);
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) {
    hex += kHex[digest[i] >> 4];
    hex += kHex[digest[i] & 15];
  }
  return hex;
}

std::optional<Grant> check_token(const AccessRules& rules,
                                 std::string_view token,
                                 std::int64_t now_s) {
  std::optional<Grant> grant;
  for (const AccessToken& known : rules.tokens) {  // all of them, so that time tells nothing
    if (same_secret(known.token, token) && !grant) {
      grant = Grant{true, known.name, known.debates, std::nullopt};
    }
  }
  if (!grant && !rules.signing_secret.empty()) {
    grant = check_signed(rules.signing_secret, token, now_s);
  }
  return grant;
}

bool origin_allowed(const std::vector<std::string>& allowed,
                    std::string_view origin,
                    std::string_view host) {
  if (origin.empty()) {
    return true;
  }
  if (!allowed.empty()) {
    return std::any_of(allowed.begin(), allowed.end(),
                       [&](const std::string& pattern) { return glob_matches(pattern, origin); });
  }
  const std::string_view from = host_of_origin(origin);
  const std::string_view name = without_port(from);
  return (!from.empty() && from == host) || name == "localhost" || name == "127.0.0.1" ||
         name == "[::1]";
}

}  // namespace aev::websocket

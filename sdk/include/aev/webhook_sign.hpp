/// webhook_sign.hpp - signatures of webhook deliveries, for senders and for tests of receivers.
///
///     const auto secret = aev::webhook::parse_secret("whsec_…");
///     const auto headers = aev::webhook::signature_headers("standard", {&secret, 1}, id, now,
///     body);
///
/// Three schemes:
///   standard             Standard Webhooks 1.0: `webhook-signature: v1,<base64>` (HMAC-SHA256) and
///                        `v1a,<base64>` (ed25519) over `<id>.<timestamp>.<body>`
///   aragora              `X-Aragora-Signature: sha256=<hex>`, HMAC-SHA256 over the body alone
///   aragora-timestamped  `X-Aragora-Signature: t=<unix>,v1=<hex>`, HMAC-SHA256 over `<t>.<body>`
///
/// Sign the very bytes that are sent. Header-only; needs OpenSSL 3 (libcrypto). Everything is
/// thread-safe. Errors are exceptions: std::invalid_argument for what the caller gave,
/// std::runtime_error if libcrypto fails.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace aev::webhook {

/// RFC 4648 section 4, with padding.
[[nodiscard]] inline std::string encode_base64(std::string_view bytes) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  std::uint32_t window = 0;
  unsigned bits = 0;
  for (const char each : bytes) {
    window = (window << 8) | static_cast<unsigned char>(each);
    for (bits += 8; bits >= 6; bits -= 6) {
      out += kAlphabet[(window >> (bits - 6)) & 63];
    }
  }
  if (bits > 0) {
    out += kAlphabet[(window << (6 - bits)) & 63];
    out.append(bits == 2 ? "==" : "=");
  }
  return out;
}

/// RFC 4648 section 4; padding may be left out, unused bits are ignored. nullopt if it is not that.
[[nodiscard]] inline std::optional<std::string> decode_base64(std::string_view text) {
  for (int i = 0; i < 2 && text.size() % 4 == 0 && text.ends_with('='); ++i) {
    text.remove_suffix(1);
    if (i == 0 && text.ends_with('=')) {
      text.remove_suffix(1);
      break;
    }
  }
  if (text.size() % 4 == 1) {
    return std::nullopt;
  }
  std::string out;
  out.reserve(text.size() * 3 / 4);
  std::uint32_t window = 0;
  unsigned bits = 0;
  for (const char each : text) {
    std::uint32_t value = 0;
    if (each >= 'A' && each <= 'Z') {
      value = static_cast<std::uint32_t>(each - 'A');
    } else if (each >= 'a' && each <= 'z') {
      value = static_cast<std::uint32_t>(each - 'a') + 26;
    } else if (each >= '0' && each <= '9') {
      value = static_cast<std::uint32_t>(each - '0') + 52;
    } else if (each == '+' || each == '/') {
      value = each == '+' ? 62 : 63;
    } else {
      return std::nullopt;
    }
    window = (window << 6) | value;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out += static_cast<char>((window >> bits) & 0xff);
    }
  }
  return out;
}

namespace detail {

inline constexpr std::size_t kSha256Size = 32;
inline constexpr std::size_t kEd25519KeySize = 32;
inline constexpr std::size_t kEd25519SignatureSize = 64;

using Digest = std::array<unsigned char, kSha256Size>;

inline const unsigned char* bytes_of(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

inline std::string_view view_of(const Digest& digest) noexcept {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

inline void require(bool done, const char* what) {
  if (!done) {
    throw std::runtime_error(std::string("libcrypto: ") + what);
  }
}

/// HMAC-SHA256 with one key, whose schedule is computed once. Immutable.
class Hmac {
 public:
  explicit Hmac(std::string_view key) {
    const std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> mac(
        EVP_MAC_fetch(nullptr, "HMAC", nullptr), &EVP_MAC_free);
    require(mac != nullptr, "no HMAC");
    keyed_.reset(EVP_MAC_CTX_new(mac.get()), &EVP_MAC_CTX_free);
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end()};
    require(keyed_ && EVP_MAC_init(keyed_.get(), bytes_of(key), key.size(), parameters) == 1,
            "HMAC cannot be keyed");
  }

  /// Of the parts, one after the other.
  [[nodiscard]] Digest digest(std::initializer_list<std::string_view> parts) const {
    const std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)> context(
        EVP_MAC_CTX_dup(keyed_.get()), &EVP_MAC_CTX_free);
    bool done = context != nullptr;
    for (const std::string_view part : parts) {
      done = done && EVP_MAC_update(context.get(), bytes_of(part), part.size()) == 1;
    }
    Digest out{};
    std::size_t length = 0;
    done = done && EVP_MAC_final(context.get(), out.data(), &length, out.size()) == 1;
    require(done && length == out.size(), "HMAC failed");
    return out;
  }

 private:
  std::shared_ptr<EVP_MAC_CTX> keyed_;
};

inline void append_hex(std::string& out, std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (const char each : bytes) {
    const auto byte = static_cast<unsigned char>(each);
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
}

}  // namespace detail

/// A parsed key. Cheap to copy, immutable.
class Secret {
 public:
  /// True if it can make or check `v1` or `v1a` entries.
  [[nodiscard]] bool fits_standard() const noexcept {
    return standard_.has_value() || key_pair_ != nullptr;
  }

  /// True if it can make or check signatures of the two aragora schemes: any symmetric secret.
  [[nodiscard]] bool fits_aragora() const noexcept { return aragora_.has_value(); }

  /// True for `whsk_` and symmetric secrets, false for `whpk_`, which can only verify.
  [[nodiscard]] bool can_sign() const noexcept { return can_sign_; }

 private:
  friend Secret parse_secret(std::string_view text);
  friend struct SecretAccess;

  std::optional<detail::Hmac> standard_;
  std::optional<detail::Hmac> aragora_;
  std::shared_ptr<EVP_PKEY> key_pair_;
  bool can_sign_ = true;
};

/// The way from a Secret to its keys, for these two headers only.
struct SecretAccess {
  static const std::optional<detail::Hmac>& standard(const Secret& secret) {
    return secret.standard_;
  }

  static const std::optional<detail::Hmac>& aragora(const Secret& secret) {
    return secret.aragora_;
  }

  static EVP_PKEY* key_pair(const Secret& secret) { return secret.key_pair_.get(); }
};

/// Reads the text form of a key:
///   `whsec_<base64>`  symmetric. The decoded bytes are the key of `standard`.
///   `whsk_<base64>`   ed25519 private key, 32 bytes of seed, or seed and public key: `v1a` only.
///   `whpk_<base64>`   ed25519 public key: verifies `v1a` only.
///   other text        symmetric. The key of `standard` is what it decodes to if it is base64, as
///                     the Standard Webhooks libraries read it, else its bytes.
/// The key of the aragora schemes is always the whole text, prefix included, as UTF-8. A `whsec_`
/// whose rest is not base64 fits those schemes only.
/// Throws std::invalid_argument; the message never repeats the secret.
[[nodiscard]] inline Secret parse_secret(std::string_view text) {
  constexpr std::string_view kSymmetric = "whsec_";
  constexpr std::string_view kPrivate = "whsk_";
  constexpr std::string_view kPublic = "whpk_";
  if (text.empty() || text == kSymmetric || text == kPrivate || text == kPublic) {
    throw std::invalid_argument("Secret key is required");
  }
  Secret secret;
  if (text.starts_with(kPrivate)) {
    const auto key = decode_base64(text.substr(kPrivate.size()));
    if (!key ||
        (key->size() != detail::kEd25519KeySize && key->size() != 2 * detail::kEd25519KeySize)) {
      throw std::invalid_argument("the whsk_ key is not base64 of 32 or 64 bytes");
    }
    secret.key_pair_.reset(
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, detail::bytes_of(*key),
                                     detail::kEd25519KeySize),
        &EVP_PKEY_free);
    detail::require(secret.key_pair_ != nullptr, "the whsk_ key cannot be used");
    std::array<unsigned char, detail::kEd25519KeySize> derived{};
    std::size_t length = derived.size();
    detail::require(
        EVP_PKEY_get_raw_public_key(secret.key_pair_.get(), derived.data(), &length) == 1,
        "the whsk_ key has no public half");
    if (key->size() == 2 * detail::kEd25519KeySize &&
        CRYPTO_memcmp(key->data() + detail::kEd25519KeySize, derived.data(), derived.size()) != 0) {
      throw std::invalid_argument("the two halves of the whsk_ key do not belong together");
    }
    return secret;
  }
  if (text.starts_with(kPublic)) {
    const auto key = decode_base64(text.substr(kPublic.size()));
    if (!key || key->size() != detail::kEd25519KeySize) {
      throw std::invalid_argument("the whpk_ key is not base64 of 32 bytes");
    }
    secret.key_pair_.reset(
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, detail::bytes_of(*key), key->size()),
        &EVP_PKEY_free);
    detail::require(secret.key_pair_ != nullptr, "the whpk_ key cannot be used");
    secret.can_sign_ = false;
    return secret;
  }
  const bool prefixed = text.starts_with(kSymmetric);
  const auto decoded = decode_base64(prefixed ? text.substr(kSymmetric.size()) : text);
  if (decoded && !decoded->empty()) {
    secret.standard_.emplace(*decoded);
  } else if (!prefixed) {
    secret.standard_.emplace(text);
  }
  secret.aragora_.emplace(text);
  return secret;
}

/// Value of `webhook-signature`: one entry per key, separated by spaces, so that receivers with the
/// old and with the new key both find theirs. Keys that do not fit are left out; throws
/// std::invalid_argument if none is left, or if `id` is empty or holds a dot.
[[nodiscard]] inline std::string standard_signature(std::span<const Secret> secrets,
                                                    std::string_view id,
                                                    std::int64_t timestamp,
                                                    std::string_view body) {
  if (id.empty() || id.find('.') != std::string_view::npos) {
    throw std::invalid_argument("the id of a webhook must not be empty or hold a dot");
  }
  const std::string time = std::to_string(timestamp);
  std::string out;
  for (const Secret& secret : secrets) {
    if (!secret.can_sign() || !secret.fits_standard()) {
      continue;
    }
    if (!out.empty()) {
      out += ' ';
    }
    if (const auto& hmac = SecretAccess::standard(secret)) {
      out += "v1,";
      out += encode_base64(detail::view_of(hmac->digest({id, ".", time, ".", body})));
      continue;
    }
    std::string message;
    message.reserve(id.size() + time.size() + body.size() + 2);
    message.append(id).append(".").append(time).append(".").append(body);
    std::string signature(detail::kEd25519SignatureSize, '\0');
    std::size_t length = signature.size();
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          &EVP_MD_CTX_free);
    detail::require(
        context != nullptr &&
            EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr,
                               SecretAccess::key_pair(secret)) == 1 &&
            EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()),
                           &length, detail::bytes_of(message), message.size()) == 1,
        "ed25519 failed");
    out += "v1a,";
    out += encode_base64(signature);
  }
  if (out.empty()) {
    throw std::invalid_argument("no secret that fits the signature scheme 'standard'");
  }
  return out;
}

/// `sha256=<hex>` over the body, with the first key that fits: the header has room for one. Throws
/// std::invalid_argument if none fits.
[[nodiscard]] inline std::string aragora_signature(std::span<const Secret> secrets,
                                                   std::string_view body) {
  for (const Secret& secret : secrets) {
    if (const auto& hmac = SecretAccess::aragora(secret)) {
      std::string out = "sha256=";
      detail::append_hex(out, detail::view_of(hmac->digest({body})));
      return out;
    }
  }
  throw std::invalid_argument("no secret that fits the signature scheme 'aragora'");
}

/// `t=<unix>,v1=<hex>` over `<t>.<body>`; with several keys `v1=` is repeated. Throws
/// std::invalid_argument if no key fits.
[[nodiscard]] inline std::string timestamped_signature(std::span<const Secret> secrets,
                                                       std::int64_t timestamp,
                                                       std::string_view body) {
  const std::string time = std::to_string(timestamp);
  std::string out = "t=" + time;
  const std::size_t without_entries = out.size();
  for (const Secret& secret : secrets) {
    if (const auto& hmac = SecretAccess::aragora(secret)) {
      out += ",v1=";
      detail::append_hex(out, detail::view_of(hmac->digest({time, ".", body})));
    }
  }
  if (out.size() == without_entries) {
    throw std::invalid_argument("no secret that fits the signature scheme 'aragora-timestamped'");
  }
  return out;
}

/// The headers, names and values, that a delivery signed with `scheme` carries. `timestamp` is the
/// unix time of this attempt in seconds; `id` matters for `standard` only. Throws
/// std::invalid_argument for an unknown scheme and as the functions above.
[[nodiscard]] inline std::vector<std::pair<std::string, std::string>> signature_headers(
    std::string_view scheme,
    std::span<const Secret> secrets,
    std::string_view id,
    std::int64_t timestamp,
    std::string_view body) {
  const std::string time = std::to_string(timestamp);
  if (scheme == "standard") {
    return {{"webhook-id", std::string(id)},
            {"webhook-timestamp", time},
            {"webhook-signature", standard_signature(secrets, id, timestamp, body)}};
  }
  if (scheme == "aragora") {
    return {{"X-Aragora-Signature", aragora_signature(secrets, body)},
            {"X-Aragora-Timestamp", time}};
  }
  if (scheme == "aragora-timestamped") {
    return {{"X-Aragora-Signature", timestamped_signature(secrets, timestamp, body)},
            {"X-Aragora-Timestamp", time}};
  }
  throw std::invalid_argument("unknown signature scheme '" + std::string(scheme) +
                              "': it is standard, aragora or aragora-timestamped");
}

/// Aragora's own function: `sha256=<hex>`, HMAC-SHA256 of `payload` with the UTF-8 bytes of
/// `secret`. Throws std::invalid_argument if `secret` is empty.
[[nodiscard]] inline std::string generate_signature(std::string_view payload,
                                                    std::string_view secret) {
  if (secret.empty()) {
    throw std::invalid_argument("Secret key is required");
  }
  std::string out = "sha256=";
  detail::append_hex(out, detail::view_of(detail::Hmac(secret).digest({payload})));
  return out;
}

}  // namespace aev::webhook

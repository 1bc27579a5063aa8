/// webhook_sign.hpp - the three signature schemes of webhook deliveries, for senders in C++. Needs
/// OpenSSL's libcrypto. Sources: Standard Webhooks 1.0.0 (v1, v1a); Aragora's webhook format.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace aev::webhook {

/// Name and value of a header.
using Header = std::pair<std::string, std::string>;

/// A signing key. `text` is as configured: Aragora's schemes key the HMAC with its bytes; the
/// standard scheme with `key`, which is what the base64 after `whsec_` holds, or the text itself
/// where it is not base64. `whsk_` marks an ed25519 private key, which signs v1a.
struct Secret {
  std::string text;
  std::string key;
  bool ed25519 = false;
};

namespace detail {

/// Decodes base64, padded or not; false if it is not base64.
inline bool decode_base64(std::string_view text, std::string& bytes) {
  while (!text.empty() && text.back() == '=') {
    text.remove_suffix(1);
  }
  bytes.clear();
  std::uint32_t window = 0;
  int bits = 0;
  for (const char c : text) {
    std::uint32_t value = 0;
    if (c >= 'A' && c <= 'Z') {
      value = static_cast<std::uint32_t>(c - 'A');
    } else if (c >= 'a' && c <= 'z') {
      value = static_cast<std::uint32_t>(c - 'a' + 26);
    } else if (c >= '0' && c <= '9') {
      value = static_cast<std::uint32_t>(c - '0' + 52);
    } else if (c == '+' || c == '/') {
      value = c == '+' ? 62 : 63;
    } else {
      return false;
    }
    window = (window << 6) | value;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes += static_cast<char>((window >> bits) & 0xff);
    }
  }
  return text.size() % 4 != 1;
}

inline std::string encode_base64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

inline std::string encode_hex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char each : bytes) {
    const auto byte = static_cast<unsigned char>(each);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

inline std::string hmac_sha256(std::string_view key, std::string_view message) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(message.data()), message.size(), digest, &length);
  return std::string(reinterpret_cast<const char*>(digest), length);
}

inline std::string ed25519_sign(std::string_view key, std::string_view message) {
  // The first 32 of the 64 bytes are the seed, the others the public key.
  EVP_PKEY* const pkey = EVP_PKEY_new_raw_private_key(
      EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(key.data()), 32);
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  unsigned char signature[64];
  std::size_t length = sizeof(signature);
  const bool good =
      pkey != nullptr && EVP_DigestSignInit(context, nullptr, nullptr, nullptr, pkey) == 1 &&
      EVP_DigestSign(context, signature, &length,
                     reinterpret_cast<const unsigned char*>(message.data()), message.size()) == 1;
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(pkey);
  return good ? std::string(reinterpret_cast<const char*>(signature), length) : std::string();
}

inline std::string standard_content(std::string_view id,
                                    std::int64_t timestamp,
                                    std::string_view body) {
  std::string content(id);
  content += '.';
  content += std::to_string(timestamp);
  content += '.';
  content += body;
  return content;
}

}  // namespace detail

/// Throws std::invalid_argument with what is wrong; never with the secret in it.
inline Secret parse_secret(std::string_view text) {
  constexpr std::string_view kSymmetric = "whsec_";
  constexpr std::string_view kPrivate = "whsk_";
  Secret secret{std::string(text), {}, false};
  if (text.empty() || text == kSymmetric || text == kPrivate) {
    throw std::invalid_argument("a webhook secret must not be empty");
  }
  if (text.substr(0, kPrivate.size()) == kPrivate) {
    if (!detail::decode_base64(text.substr(kPrivate.size()), secret.key) ||
        (secret.key.size() != 64 && secret.key.size() != 32)) {
      throw std::invalid_argument("a whsk_ secret is base64 of a 32 or 64 byte ed25519 key");
    }
    secret.ed25519 = true;
    return secret;
  }
  const bool prefixed = text.substr(0, kSymmetric.size()) == kSymmetric;
  const std::string_view encoded = prefixed ? text.substr(kSymmetric.size()) : text;
  if (!detail::decode_base64(encoded, secret.key) || secret.key.empty()) {
    secret.key = prefixed ? std::string(encoded) : std::string(text);
  }
  return secret;
}

/// `v1,<base64>` or `v1a,<base64>` of one key.
inline std::string sign_standard(const Secret& secret,
                                 std::string_view id,
                                 std::int64_t timestamp,
                                 std::string_view body) {
  const std::string content = detail::standard_content(id, timestamp, body);
  return secret.ed25519 ? "v1a," + detail::encode_base64(detail::ed25519_sign(secret.key, content))
                        : "v1," + detail::encode_base64(detail::hmac_sha256(secret.key, content));
}

/// Aragora's `sha256=<hex>` over the body.
inline std::string generate_signature(std::string_view payload, std::string_view secret) {
  return "sha256=" + detail::encode_hex(detail::hmac_sha256(secret, payload));
}

/// `t=<unix>,v1=<hex>` over `<t>.<body>`.
inline std::string sign_aragora_timestamped(std::string_view payload,
                                            std::string_view secret,
                                            std::int64_t timestamp) {
  const std::string t = std::to_string(timestamp);
  return "t=" + t +
         ",v1=" + detail::encode_hex(detail::hmac_sha256(secret, t + "." + std::string(payload)));
}

/// The headers of a scheme (`standard`, `aragora`, `aragora-timestamped`); every key of the list
/// signs the standard scheme, the first symmetric one the others. Throws std::invalid_argument for
/// an unknown scheme, or one that has no key it can use.
inline std::vector<Header> signature_headers(std::string_view scheme,
                                             const std::vector<Secret>& secrets,
                                             std::string_view id,
                                             std::int64_t timestamp,
                                             std::string_view body) {
  if (scheme == "standard") {
    std::string signatures;
    for (const Secret& secret : secrets) {
      signatures += (signatures.empty() ? "" : " ") + sign_standard(secret, id, timestamp, body);
    }
    return {{"webhook-id", std::string(id)},
            {"webhook-timestamp", std::to_string(timestamp)},
            {"webhook-signature", signatures}};
  }
  for (const Secret& secret : secrets) {
    if (secret.ed25519) {
      continue;
    }
    if (scheme == "aragora") {
      return {{"X-Aragora-Signature", generate_signature(body, secret.text)},
              {"X-Aragora-Timestamp", std::to_string(timestamp)}};
    }
    if (scheme == "aragora-timestamped") {
      return {{"X-Aragora-Signature", sign_aragora_timestamped(body, secret.text, timestamp)},
              {"X-Aragora-Timestamp", std::to_string(timestamp)}};
    }
    throw std::invalid_argument("unknown signature scheme '" + std::string(scheme) + "'");
  }
  throw std::invalid_argument("the scheme '" + std::string(scheme) +
                              "' needs a symmetric secret, not a whsk_ key");
}

}  // namespace aev::webhook

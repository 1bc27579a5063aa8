/// webhook_verify.hpp - verifies webhook deliveries, for receivers in C++. Needs OpenSSL's
/// libcrypto. Understands the schemes of webhook_sign.hpp by the headers that are there, and
/// answers with Aragora's error texts.
#pragma once

#include <cctype>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <openssl/crypto.h>

#include <aev/webhook_sign.hpp>

namespace aev::webhook {

/// Converts to true if the delivery is genuine and fresh; otherwise `error` says why not.
struct Verification {
  bool valid = false;
  std::string error;

  explicit operator bool() const { return valid; }
};

namespace detail {

inline bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

inline bool same_name(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) {
    return false;
  }
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::tolower(static_cast<unsigned char>(a[i])) !=
        std::tolower(static_cast<unsigned char>(b[i]))) {
      return false;
    }
  }
  return true;
}

template <typename Headers>
std::optional<std::string_view> find_header(const Headers& headers, std::string_view name) {
  for (const auto& [each, value] : headers) {
    if (same_name(each, name)) {
      return std::string_view(value);
    }
  }
  return std::nullopt;
}

/// Digits only: what std::stod takes beyond that (`nan`, `inf`, hex) has no place in a timestamp. A
/// fraction, as Aragora's senders may write it, is cut off where `fraction` allows it.
inline std::optional<std::int64_t> parse_timestamp(std::string_view text, bool fraction) {
  const auto dot = text.find('.');
  if (dot != std::string_view::npos) {
    const std::string_view digits = text.substr(dot + 1);
    if (!fraction || digits.empty() || digits.find_first_not_of("0123456789") != digits.npos) {
      return std::nullopt;
    }
    text = text.substr(0, dot);
  }
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value)
                                                                  : std::nullopt;
}

inline Verification check_age(std::optional<std::int64_t> timestamp,
                              std::int64_t now,
                              std::int64_t max_age,
                              std::int64_t max_ahead) {
  const std::string failed = "Timestamp validation failed: ";
  if (!timestamp) {
    return {false, failed + "Invalid timestamp format"};
  }
  if (*timestamp > now && *timestamp - now > max_ahead) {
    return {false, failed + "Timestamp is in the future"};
  }
  if (now - *timestamp > max_age) {
    return {false, failed + "Timestamp too old (" + std::to_string(now - *timestamp) + "s > " +
                       std::to_string(max_age) + "s)"};
  }
  return {true, {}};
}

inline bool ed25519_verify(std::string_view public_key,
                           std::string_view message,
                           std::string_view signature) {
  EVP_PKEY* const pkey = EVP_PKEY_new_raw_public_key(
      EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(public_key.data()),
      public_key.size());
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  const bool good =
      pkey != nullptr && EVP_DigestVerifyInit(context, nullptr, nullptr, nullptr, pkey) == 1 &&
      EVP_DigestVerify(context, reinterpret_cast<const unsigned char*>(signature.data()),
                       signature.size(), reinterpret_cast<const unsigned char*>(message.data()),
                       message.size()) == 1;
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(pkey);
  return good;
}

/// True if any entry of the space-separated list is right; entries of unknown versions are skipped.
inline bool standard_matches(std::string_view list,
                             std::string_view secret,
                             std::string_view content) {
  constexpr std::string_view kPublic = "whpk_";
  std::string public_key;
  std::string expected;
  if (secret.substr(0, kPublic.size()) == kPublic) {
    if (!decode_base64(secret.substr(kPublic.size()), public_key)) {
      return false;
    }
  } else {
    const Secret parsed = parse_secret(secret);
    if (parsed.ed25519) {
      return false;  // a private key has no business at a receiver
    }
    expected = "v1," + encode_base64(hmac_sha256(parsed.key, content));
  }
  bool matches = false;
  while (!list.empty()) {
    const auto space = list.find(' ');
    const std::string_view entry = list.substr(0, space);
    list = space == std::string_view::npos ? std::string_view() : list.substr(space + 1);
    if (!expected.empty()) {
      matches = equal_in_constant_time(entry, expected) || matches;
    } else if (entry.substr(0, 4) == "v1a,") {
      std::string signature;
      matches = (decode_base64(entry.substr(4), signature) &&
                 ed25519_verify(public_key, content, signature)) ||
                matches;
    }
  }
  return matches;
}

template <typename Headers>
Verification verify_standard(const Headers& headers,
                             std::string_view signatures,
                             std::string_view body,
                             std::string_view secret,
                             std::int64_t max_age,
                             std::int64_t now) {
  const auto id = find_header(headers, "webhook-id");
  const auto timestamp = find_header(headers, "webhook-timestamp");
  if (!id || id->empty()) {
    return {false, "Missing webhook-id header"};
  }
  if (!timestamp || timestamp->empty()) {
    return {false, "Missing timestamp header"};
  }
  const auto seconds = parse_timestamp(*timestamp, false);
  if (Verification fresh = check_age(seconds, now, max_age, max_age); !fresh.valid) {
    return fresh;
  }
  // The header's own text is what was signed.
  std::string content(*id);
  content += '.';
  content += *timestamp;
  content += '.';
  content += body;
  return standard_matches(signatures, secret, content) ? Verification{true, {}}
                                                       : Verification{false, "Invalid signature"};
}

/// `t=<unix>,v1=<hex>`.
inline Verification verify_timestamped(std::string_view signature,
                                       std::string_view body,
                                       std::string_view secret,
                                       std::int64_t max_age,
                                       std::int64_t now) {
  const auto comma = signature.find(",v1=");
  if (comma == std::string_view::npos) {
    return {false, "Invalid signature"};
  }
  const auto timestamp = parse_timestamp(signature.substr(2, comma - 2), false);
  if (Verification fresh = check_age(timestamp, now, max_age, 60); !fresh.valid) {
    return fresh;
  }
  return equal_in_constant_time(signature, sign_aragora_timestamped(body, secret, *timestamp))
             ? Verification{true, {}}
             : Verification{false, "Invalid signature"};
}

}  // namespace detail

/// Aragora's `sha256=<hex>` over the payload. Constant time; false for anything malformed.
inline bool verify_signature(std::string_view payload,
                             std::string_view signature,
                             std::string_view secret) {
  return !secret.empty() &&
         detail::equal_in_constant_time(signature, generate_signature(payload, secret));
}

/// Verifies a delivery. `headers` is any range of name and value pairs; names in any case. `secret`
/// is as the sender has it (`whsec_…`, or `whpk_…` for v1a). `now_unix_seconds` is the clock unless
/// given. A timestamp of the `aragora` scheme is checked but not signed: prefer one of the others.
template <typename Headers>
[[nodiscard]] Verification verify_webhook_request(
    const Headers& headers,
    std::string_view body,
    std::string_view secret,
    std::int64_t max_age_seconds = 300,
    std::optional<std::int64_t> now_unix_seconds = std::nullopt) {
  if (secret.empty()) {
    return {false, "Secret key is required"};
  }
  const std::int64_t now =
      now_unix_seconds.value_or(std::chrono::duration_cast<std::chrono::seconds>(
                                    std::chrono::system_clock::now().time_since_epoch())
                                    .count());
  try {
    if (const auto standard = detail::find_header(headers, "webhook-signature");
        standard && !standard->empty()) {
      return detail::verify_standard(headers, *standard, body, secret, max_age_seconds, now);
    }
    const auto signature = detail::find_header(headers, "X-Aragora-Signature");
    if (!signature || signature->empty()) {
      return {false, "Missing signature header"};
    }
    if (signature->substr(0, 2) == "t=") {
      return detail::verify_timestamped(*signature, body, secret, max_age_seconds, now);
    }
    const auto timestamp = detail::find_header(headers, "X-Aragora-Timestamp");
    if (!timestamp || timestamp->empty()) {
      return {false, "Missing timestamp header"};
    }
    if (Verification fresh =
            detail::check_age(detail::parse_timestamp(*timestamp, true), now, max_age_seconds, 60);
        !fresh.valid) {
      return fresh;
    }
    return verify_signature(body, *signature, secret) ? Verification{true, {}}
                                                      : Verification{false, "Invalid signature"};
  } catch (const std::invalid_argument& fault) {
    return {false, fault.what()};
  }
}

}  // namespace aev::webhook

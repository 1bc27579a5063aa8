/// webhook_verify.hpp - for receivers of webhooks: is this delivery genuine and fresh?
///
///     const auto check = aev::webhook::verify_webhook_request(headers, body, secret);
///     if (!check) respond(401, check.error);
///
/// Verify the raw bytes of the body, before any parser has touched them. Header-only; needs OpenSSL
/// 3 (libcrypto). Everything is thread-safe. Nothing that a stranger sends makes these functions
/// throw; only a failure of libcrypto or of memory does.
#pragma once

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <aev/webhook_sign.hpp>

namespace aev::webhook {

/// Seconds that a timestamp of the aragora schemes may lie in the future.
inline constexpr std::int64_t kMaxFutureSeconds = 60;

/// What came of a verification. `error` is empty if it is valid.
struct Verification {
  bool valid = false;
  std::string error;

  explicit operator bool() const noexcept { return valid; }
};

namespace detail {

inline bool equal_in_constant_time(std::string_view left, std::string_view right) noexcept {
  return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

inline bool equal_ignoring_case(std::string_view name, std::string_view lower) noexcept {
  if (name.size() != lower.size()) {
    return false;
  }
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char each = name[i];
    if ((each >= 'A' && each <= 'Z' ? static_cast<char>(each + 32) : each) != lower[i]) {
      return false;
    }
  }
  return true;
}

inline std::string_view trimmed(std::string_view text) noexcept {
  const auto first = text.find_first_not_of(" \t");
  return first == std::string_view::npos
             ? std::string_view()
             : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// RFC 3629.
inline bool is_utf8(std::string_view text) noexcept {
  std::size_t i = 0;
  while (i < text.size()) {
    const unsigned lead = static_cast<unsigned char>(text[i++]);
    if (lead < 0x80) {
      continue;
    }
    const int follow = lead >= 0xc2 && lead <= 0xdf   ? 1
                       : lead >= 0xe0 && lead <= 0xef ? 2
                       : lead >= 0xf0 && lead <= 0xf4 ? 3
                                                      : 0;
    if (follow == 0) {
      return false;
    }
    // The first continuation byte excludes overlong forms, surrogates and what lies over U+10FFFF.
    unsigned low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    unsigned high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    for (int n = 0; n < follow; ++n) {
      const unsigned byte = i < text.size() ? static_cast<unsigned char>(text[i++]) : 0u;
      if (byte < low || byte > high) {
        return false;
      }
      low = 0x80;
      high = 0xbf;
    }
  }
  return true;
}

/// Digits only, as Standard Webhooks has it.
inline std::optional<std::int64_t> parse_seconds(std::string_view text) noexcept {
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [after, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || after != end || text.front() == '-') {
    return std::nullopt;
  }
  return value;
}

/// Any finite decimal number, as Aragora has it.
inline std::optional<double> parse_number(std::string_view text) noexcept {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [after, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || after != end || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

/// The headers that matter; of one that is there several times, the first.
struct SignedHeaders {
  std::optional<std::string> id;
  std::optional<std::string> timestamp;
  std::optional<std::string> signature;
  std::optional<std::string> aragora_timestamp;
  std::optional<std::string> aragora_signature;

  void take(std::string_view name, std::string_view value) {
    const auto keep = [&](std::string_view wanted, std::optional<std::string>& slot) {
      if (!slot && equal_ignoring_case(name, wanted)) {
        slot = std::string(trimmed(value));
      }
    };
    keep("webhook-id", id);
    keep("webhook-timestamp", timestamp);
    keep("webhook-signature", signature);
    keep("x-aragora-timestamp", aragora_timestamp);
    keep("x-aragora-signature", aragora_signature);
  }
};

/// Empty, or why a timestamp is refused. Doubles: no difference of two of them can overflow.
inline std::string timestamp_fault(double time,
                                   std::int64_t now,
                                   std::int64_t max_age,
                                   std::int64_t max_future) {
  const double age = static_cast<double>(now) - time;
  if (-age > static_cast<double>(max_future)) {
    return "Timestamp validation failed: Timestamp is in the future";
  }
  if (age > static_cast<double>(max_age)) {
    char seconds[400];  // the largest double has 309 digits
    std::snprintf(seconds, sizeof(seconds), "%.0f", age);
    return std::string("Timestamp validation failed: Timestamp too old (") + seconds + "s > " +
           std::to_string(max_age) + "s)";
  }
  return {};
}

inline bool verify_ed25519(EVP_PKEY* key, std::string_view message, std::string_view base64) {
  const auto signature = decode_base64(base64);
  if (!signature || signature->size() != kEd25519SignatureSize) {
    return false;
  }
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  require(context != nullptr &&
              EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key) == 1,
          "ed25519 failed");
  return EVP_DigestVerify(context.get(), bytes_of(*signature), signature->size(), bytes_of(message),
                          message.size()) == 1;
}

/// True if one of the space-separated entries is right; unknown versions are passed over.
inline bool matches_standard(const Secret& secret,
                             std::string_view entries,
                             std::string_view id,
                             std::string_view time,
                             std::string_view body) {
  constexpr int kMaxAsymmetric = 16;  // each costs a curve operation, and strangers choose how many
  std::string expected;
  std::string message;
  if (const auto& hmac = SecretAccess::standard(secret)) {
    expected = encode_base64(view_of(hmac->digest({id, ".", time, ".", body})));
  } else {
    message.append(id).append(".").append(time).append(".").append(body);
  }
  int asymmetric = 0;
  bool found = false;
  while (!entries.empty()) {
    const std::string_view entry = entries.substr(0, entries.find(' '));
    entries.remove_prefix(entry.size() < entries.size() ? entry.size() + 1 : entry.size());
    if (!expected.empty() && entry.starts_with("v1,")) {
      found |= equal_in_constant_time(entry.substr(3), expected);
    } else if (expected.empty() && entry.starts_with("v1a,") && ++asymmetric <= kMaxAsymmetric) {
      found |= verify_ed25519(SecretAccess::key_pair(secret), message, entry.substr(4));
    }
  }
  return found;
}

inline Verification verify_standard(const SignedHeaders& headers,
                                    std::string_view body,
                                    const Secret& secret,
                                    std::int64_t max_age,
                                    std::int64_t now) {
  if (!headers.id || headers.id->empty()) {
    return {false, "Missing id header"};
  }
  if (!headers.timestamp || headers.timestamp->empty()) {
    return {false, "Missing timestamp header"};
  }
  const auto time = parse_seconds(*headers.timestamp);
  if (!time) {
    return {false, "Timestamp validation failed: Invalid timestamp format"};
  }
  if (std::string fault = timestamp_fault(static_cast<double>(*time), now, max_age, max_age);
      !fault.empty()) {
    return {false, std::move(fault)};
  }
  if (!secret.fits_standard() ||
      !matches_standard(secret, *headers.signature, *headers.id, *headers.timestamp, body)) {
    return {false, "Invalid signature"};
  }
  return {true, {}};
}

inline Verification verify_aragora(std::string_view signature,
                                   std::string_view time_text,
                                   std::string_view body,
                                   const Secret& secret,
                                   std::int64_t max_age,
                                   std::int64_t now) {
  if (!is_utf8(body)) {
    return {false, "Invalid payload encoding"};
  }
  const bool timestamped = signature.starts_with("t=");
  std::string_view entries;
  if (timestamped) {  // only the time inside of the signature is signed
    time_text = signature.substr(2, signature.find(',') - 2);
    entries = signature.substr(std::min(signature.size(), 2 + time_text.size() + 1));
  }
  if (time_text.empty()) {
    return {false, "Missing timestamp header"};
  }
  std::optional<double> time;
  if (!timestamped) {
    time = parse_number(time_text);
  } else if (const auto seconds = parse_seconds(time_text)) {
    time = static_cast<double>(*seconds);
  }
  if (!time) {
    return {false, "Timestamp validation failed: Invalid timestamp format"};
  }
  if (std::string fault = timestamp_fault(*time, now, max_age, kMaxFutureSeconds); !fault.empty()) {
    return {false, std::move(fault)};
  }
  const auto& hmac = SecretAccess::aragora(secret);
  bool found = false;
  if (hmac && !timestamped) {
    std::string expected = "sha256=";
    append_hex(expected, view_of(hmac->digest({body})));
    found = equal_in_constant_time(signature, expected);
  } else if (hmac) {
    std::string expected;
    append_hex(expected, view_of(hmac->digest({time_text, ".", body})));
    while (!entries.empty()) {
      const std::string_view entry = entries.substr(0, entries.find(','));
      entries.remove_prefix(entry.size() < entries.size() ? entry.size() + 1 : entry.size());
      if (entry.starts_with("v1=")) {
        found |= equal_in_constant_time(entry.substr(3), expected);
      }
    }
  }
  return found ? Verification{true, {}} : Verification{false, "Invalid signature"};
}

}  // namespace detail

/// Aragora's own function: true if `signature` is `sha256=<lower-case hex>` of `payload` under
/// `secret`. False for an empty secret or signature. Says nothing about freshness.
[[nodiscard]] inline bool verify_signature(std::string_view payload,
                                           std::string_view signature,
                                           std::string_view secret) {
  return !secret.empty() &&
         detail::equal_in_constant_time(signature, generate_signature(payload, secret));
}

/// Checks signature and age of a delivery, in whichever of the three schemes it was signed; if it
/// carries a `webhook-signature`, that one alone decides.
///
/// `headers`: pairs of name and value, convertible to std::string_view, in a map or a vector; the
/// case of names does not matter. `body`: the exact bytes. `secret`: as parse_secret() reads it; a
/// `whpk_` public key verifies `v1a`. `max_age_seconds`: how old a timestamp may be; a standard one
/// may also lie that far in the future, one of the aragora schemes 60 seconds.
///
/// The plain aragora scheme does not sign its timestamp, so it cannot tell a replay: prefer
/// another.
template <typename Headers>
[[nodiscard]] Verification verify_webhook_request(
    const Headers& headers,
    std::string_view body,
    std::string_view secret,
    std::int64_t max_age_seconds = 300,
    std::chrono::system_clock::time_point now = std::chrono::system_clock::now()) {
  std::optional<Secret> key;
  try {
    key = parse_secret(secret);
  } catch (const std::invalid_argument& fault) {
    return {false, fault.what()};
  }
  detail::SignedHeaders found;
  for (const auto& [name, value] : headers) {
    found.take(name, value);
  }
  const std::int64_t unix_now =
      std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  if (found.signature && !found.signature->empty()) {
    return detail::verify_standard(found, body, *key, max_age_seconds, unix_now);
  }
  if (found.aragora_signature && !found.aragora_signature->empty()) {
    return detail::verify_aragora(*found.aragora_signature,
                                  found.aragora_timestamp.value_or(std::string()), body, *key,
                                  max_age_seconds, unix_now);
  }
  return {false, "Missing signature header"};
}

}  // namespace aev::webhook

/// credential_mask.hpp - hides what looks like a credential before a text is stored or sent on.
///
///     std::string out;
///     aev::credentials::mask_text("login with ghp_0123…", out);   // login with
///     ghp_[masked:5f1c09aa]
///
/// A masked credential keeps the public prefix of its kind, and a tag of eight hexadecimal digits:
/// equal credentials have equal tags, so that an analyst can tell whether two events speak of the
/// same one. The tag is 32 bits of a hash, which says nothing useful about a random credential. A
/// value that only its name makes secret may be as guessable as a password, so it gets a tag only
/// if it is long and random.
///
/// What is recognised anywhere in a text: AWS access key ids; tokens of GitHub, GitLab, Slack,
/// Stripe, Google, npm, PyPI, Hugging Face, SendGrid, DigitalOcean, OpenAI, Anthropic and Standard
/// Webhooks; JWTs; PEM private keys; `Bearer …` and `Basic …`; the password of a URL; and
/// `password=…`, `token: …` and the like. What is recognised by its name alone: names_a_secret().
///
/// False positives, on purpose: a number under a name such as `token`, words behind `password:`, a
/// sample key in a documentation text. What is left alone: hashes, UUIDs and other random strings
/// under a name that promises no secret. Masking what is masked changes nothing.
///
/// Everything is linear in the length of the text. Header-only, standard library only, thread-safe.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace aev::credentials {

/// What a masked value that has no tag looks like.
inline constexpr std::string_view kMasked = "[masked]";

namespace detail {

inline constexpr std::string_view kMarker = "[masked";

[[nodiscard]] inline bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

[[nodiscard]] inline bool is_upper(char c) noexcept {
  return c >= 'A' && c <= 'Z';
}

[[nodiscard]] inline bool is_lower(char c) noexcept {
  return c >= 'a' && c <= 'z';
}

[[nodiscard]] inline char lower(char c) noexcept {
  return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}

inline constexpr unsigned char kWord = 1;     // A-Z a-z 0-9 _ -
inline constexpr unsigned char kToken68 = 2;  // RFC 9110: also . ~ + / =
inline constexpr unsigned char kValue = 4;    // of an assignment: up to a blank, quote or separator

[[nodiscard]] constexpr std::array<unsigned char, 256> make_classes() {
  std::array<unsigned char, 256> classes{};
  for (unsigned c = 0; c < 256; ++c) {
    const char each = static_cast<char>(c);
    const bool alnum = (each >= '0' && each <= '9') || (each >= 'A' && each <= 'Z') ||
                       (each >= 'a' && each <= 'z');
    const bool word = alnum || each == '_' || each == '-';
    const bool token =
        word || each == '.' || each == '~' || each == '+' || each == '/' || each == '=';
    const bool value =
        c > 0x20 && std::string_view("\"'`&;,(){}<>|").find(each) == std::string_view::npos;
    classes[c] = static_cast<unsigned char>((word ? kWord : 0) | (token ? kToken68 : 0) |
                                            (value ? kValue : 0));
  }
  return classes;
}

inline constexpr std::array<unsigned char, 256> kClasses = make_classes();

/// End of the run of characters of a class that begins at `at`.
[[nodiscard]] inline std::size_t run_end(std::string_view text,
                                         std::size_t at,
                                         unsigned char wanted) noexcept {
  while (at < text.size() && (kClasses[static_cast<unsigned char>(text[at])] & wanted) != 0) {
    ++at;
  }
  return at;
}

/// A letter's or digit's variety that prose does not have.
[[nodiscard]] inline bool looks_random(std::string_view text) noexcept {
  bool digit = false;
  bool upper_inside = false;
  bool low = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    digit = digit || is_digit(text[i]);
    upper_inside = upper_inside || (i > 0 && is_upper(text[i]));
    low = low || is_lower(text[i]);
  }
  return digit || (upper_inside && low);
}

/// Long, and at least 3.5 bits of entropy a character by its own frequencies.
[[nodiscard]] inline bool is_long_and_random(std::string_view text) {
  if (text.size() < 20) {
    return false;
  }
  std::array<std::uint32_t, 256> counts{};
  for (const char c : text) {
    ++counts[static_cast<unsigned char>(c)];
  }
  double bits = 0;
  for (const std::uint32_t count : counts) {
    if (count > 0) {
      const double share = static_cast<double>(count) / static_cast<double>(text.size());
      bits -= share * std::log2(share);
    }
  }
  return bits >= 3.5;
}

/// Appends `[masked:` and the tag of `secret`.
inline void append_tagged(std::string_view secret, std::string& out) {
  std::uint64_t hash = 14695981039346656037ull;
  for (const char c : secret) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  }
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccdull;
  hash ^= hash >> 33;
  const auto tag = static_cast<std::uint32_t>(hash ^ (hash >> 32));
  out.append("[masked:");
  for (int shift = 28; shift >= 0; shift -= 4) {
    out += "0123456789abcdef"[(tag >> shift) & 15];
  }
  out += ']';
}

/// A credential in a text: [begin, end), of which the first `shown` characters are public.
struct Found {
  std::size_t end = 0;  // 0: none
  std::size_t shown = 0;
};

/// Prefixes that vendors gave their credentials so that scanners find them.
struct Prefix {
  std::string_view text;
  std::size_t shortest;  // of the whole word
};

inline constexpr Prefix kPrefixes[] = {
    {"ghp_", 36},        {"gho_", 36},     {"ghu_", 36},    {"ghs_", 36},     {"ghr_", 36},
    {"github_pat_", 30}, {"glpat-", 26},   {"xoxb-", 20},   {"xoxa-", 20},    {"xoxp-", 20},
    {"xoxr-", 20},       {"xoxs-", 20},    {"xapp-", 20},   {"sk_live_", 20}, {"sk_test_", 20},
    {"rk_live_", 20},    {"rk_test_", 20}, {"sk-", 24},     {"AIza", 39},     {"npm_", 40},
    {"hf_", 30},         {"pypi-", 40},    {"dop_v1_", 40}, {"whsec_", 20},   {"whsk_", 20},
    {"shpat_", 30},      {"ya29", 20},
};

[[nodiscard]] inline bool is_aws_key_id(std::string_view word) noexcept {
  if (word.size() != 20 || (!word.starts_with("AKIA") && !word.starts_with("ASIA"))) {
    return false;
  }
  for (const char c : word) {
    if (!is_upper(c) && !is_digit(c)) {
      return false;
    }
  }
  return true;
}

/// Three base64url parts of which the first is a JSON object.
[[nodiscard]] inline Found find_jwt(std::string_view text, std::size_t first_end) noexcept {
  std::size_t at = first_end;
  for (int part = 0; part < 2; ++part) {
    if (at >= text.size() || text[at] != '.') {
      return {};
    }
    const std::size_t end = run_end(text, at + 1, kWord);
    if (part == 0 && end - at < 3) {
      return {};
    }
    at = end;
  }
  return {at, 3};
}

/// A credential that begins with the word [begin, word_end).
[[nodiscard]] inline Found find_token(std::string_view text,
                                      std::size_t begin,
                                      std::size_t word_end) noexcept {
  const std::string_view word = text.substr(begin, word_end - begin);
  switch (word[0]) {
    case 'e':
      if (word.size() >= 8 && word.starts_with("eyJ")) {
        Found jwt = find_jwt(text, word_end);
        return jwt;
      }
      return {};
    case 'S':
      if (word == "SG" && word_end < text.size() && text[word_end] == '.') {
        const std::size_t end = run_end(text, begin, kToken68);
        return end - begin >= 40 ? Found{end, 3} : Found{};
      }
      return {};
    case 'A':
      if (is_aws_key_id(word)) {
        return {word_end, 4};
      }
      break;
    case 'g':
    case 'x':
    case 's':
    case 'r':
    case 'n':
    case 'h':
    case 'p':
    case 'd':
    case 'w':
    case 'y':
      break;
    default:
      return {};
  }
  if (word.size() < 4) {
    return {};
  }
  for (const Prefix& prefix : kPrefixes) {
    if (word.starts_with(prefix.text)) {
      const bool base64 = prefix.text[0] == 'w' || prefix.text[0] == 'y';
      const std::size_t end = base64 ? run_end(text, begin, kToken68) : word_end;
      const std::string_view secret = text.substr(begin, end - begin);
      if (secret.size() >= prefix.shortest && looks_random(secret.substr(prefix.text.size()))) {
        return {end, prefix.text.size()};
      }
    }
  }
  return {};
}

[[nodiscard]] inline bool same_letters(std::string_view text,
                                       std::string_view lower_case) noexcept {
  if (text.size() != lower_case.size()) {
    return false;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (lower(text[i]) != lower_case[i]) {
      return false;
    }
  }
  return true;
}

[[nodiscard]] inline bool is_scheme(std::string_view word) noexcept {
  return same_letters(word, "bearer") || same_letters(word, "basic");
}

}  // namespace detail

/// True if a member of that name holds a secret: its name ends in password, secret, token, api_key,
/// authorization and the like, whatever its case and separators, also with digits, `value` or
/// `hash` behind. `token_count` and `secret_type` do not.
[[nodiscard]] inline bool names_a_secret(std::string_view name) noexcept {
  using detail::is_digit;
  std::array<char, 64> buffer{};
  std::size_t begin = buffer.size();
  bool digits_only = true;  // so far, from the end
  for (std::size_t i = name.size(); i > 0 && begin > 0; --i) {
    const char c = detail::lower(name[i - 1]);
    if ((digits_only && is_digit(c)) || c == '_' || c == '-' || c == '.' || c == ' ') {
      continue;
    }
    digits_only = false;
    buffer[--begin] = c;
  }
  std::string_view plain(buffer.data() + begin, buffer.size() - begin);
  for (const std::string_view tail : {"value", "hash", "plaintext"}) {
    if (plain.size() > tail.size() && plain.ends_with(tail)) {
      plain.remove_suffix(tail.size());
      break;
    }
  }
  if (plain.size() < 3) {
    return false;
  }
  switch (plain.back()) {
    case 'd':
      return plain.ends_with("password") || plain.ends_with("passwd") || plain.ends_with("pwd") ||
             plain.ends_with("sessionid");
    case 'e':
      return plain.ends_with("passphrase") || plain.ends_with("cookie");
    case 't':
      return plain.ends_with("secret") || plain == "jwt";
    case 'n':
      return plain.ends_with("token") || plain.ends_with("authorization");
    case 'y':
      return plain.ends_with("apikey") || plain.ends_with("privatekey") ||
             plain.ends_with("secretkey") || plain.ends_with("accesskey") ||
             plain.ends_with("signingkey") || plain.ends_with("encryptionkey");
    case 'l':
      return plain.ends_with("credential");
    case 's':
      return plain.ends_with("credentials") || plain.ends_with("passwords") ||
             plain.ends_with("secrets") || plain.ends_with("cookies") || plain == "pass";
    case 'r':
      return plain == "bearer";
    default:
      return false;
  }
}

namespace detail {

/// The value of `name = value`, `name: value` or `"name": "value"` behind a word that names a
/// secret; `word_end` is where the word ends. Gives its place, or end 0.
struct Assigned {
  std::size_t begin = 0;
  std::size_t end = 0;
};

[[nodiscard]] inline Assigned find_assigned(std::string_view text, std::size_t word_end) noexcept {
  const auto at = [&](std::size_t i) { return i < text.size() ? text[i] : '\0'; };
  std::size_t i = word_end;
  i += at(i) == '"' || at(i) == '\'' ? 1 : 0;
  i += at(i) == ' ' ? 1 : 0;
  if (at(i) != '=' && at(i) != ':') {
    return {};
  }
  ++i;
  i += at(i) == ' ' ? 1 : 0;
  i += at(i) == '"' || at(i) == '\'' ? 1 : 0;
  std::size_t end = run_end(text, i, kValue);
  if (is_scheme(text.substr(i, end - i)) && at(end) == ' ') {
    i = end + 1;
    end = run_end(text, i, kValue);
  }
  if (end == i || text.substr(i).starts_with(kMarker) ||
      text.substr(i, end - i).starts_with("//")) {
    return {};
  }
  return {i, end};
}

/// The password of the authority that follows `://` at `at`, or end 0.
[[nodiscard]] inline Assigned find_url_password(std::string_view text, std::size_t at) noexcept {
  std::size_t colon = 0;
  std::size_t sign = 0;
  std::size_t i = at + 3;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '/' || c == '?' || c == '#' || c == '"' || c == '\'' || c == '<' || c == '>' ||
        static_cast<unsigned char>(c) <= 0x20) {
      break;
    }
    if (c == ':' && colon == 0) {
      colon = i;
    } else if (c == '@') {
      sign = i;
    }
  }
  if (colon == 0 || sign <= colon + 1 || text.substr(colon + 1).starts_with(kMarker)) {
    return {};
  }
  return {colon + 1, sign};
}

/// End of the PEM private key that begins at `at`, or 0 if none does. A key without an end goes on
/// to the end of the text.
[[nodiscard]] inline std::size_t find_private_key(std::string_view text, std::size_t at) noexcept {
  constexpr std::string_view kBegin = "-----BEGIN ";
  constexpr std::string_view kLabel = "PRIVATE KEY-----";
  if (!text.substr(at).starts_with(kBegin)) {
    return 0;
  }
  const std::string_view head = text.substr(at + kBegin.size(), 40);
  const std::size_t label = head.find(kLabel);
  if (label == std::string_view::npos) {
    return 0;
  }
  const std::size_t body = at + kBegin.size() + label + kLabel.size();
  if (text.substr(body).starts_with(kMarker)) {
    return 0;  // masked before
  }
  const std::size_t end = text.find("-----END ", body);
  if (end == std::string_view::npos) {
    return text.size();
  }
  const std::size_t close = text.find("-----", end + 9);
  return close == std::string_view::npos ? text.size() : close + 5;
}

}  // namespace detail

/// Appends `text` to `out` with every credential in it masked; true if there was any.
inline bool mask_text(std::string_view text, std::string& out) {
  using namespace detail;
  std::size_t copied = 0;
  bool any = false;
  const auto mask = [&](std::size_t begin, std::size_t end, bool tagged) {
    out.append(text, copied, begin - copied);
    if (tagged) {
      append_tagged(text.substr(begin, end - begin), out);
    } else {
      out.append(kMasked);
    }
    copied = end;
    any = true;
  };
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if ((kClasses[static_cast<unsigned char>(c)] & kWord) == 0) {
      if (c == ':' && text.substr(i, 3) == "://") {
        if (const Assigned found = find_url_password(text, i); found.end != 0) {
          mask(found.begin, found.end,
               is_long_and_random(text.substr(found.begin, found.end - found.begin)));
          i = found.end;
          continue;
        }
      }
      ++i;
      continue;
    }
    if (c == '-') {
      if (const std::size_t end = find_private_key(text, i); end != 0) {
        out.append(text, copied, i - copied);
        out.append("-----BEGIN PRIVATE KEY-----");
        append_tagged(text.substr(i, end - i), out);
        copied = i = end;
        any = true;
        continue;
      }
    }
    const std::size_t end = run_end(text, i, kWord);
    if (const Found found = find_token(text, i, end); found.end != 0) {
      out.append(text, copied, i + found.shown - copied);
      append_tagged(text.substr(i, found.end - i), out);
      copied = i = found.end;
      any = true;
      continue;
    }
    const std::string_view word = text.substr(i, end - i);
    if (end < text.size() && text[end] == ' ' && is_scheme(word)) {
      const std::size_t token_end = run_end(text, end + 1, kToken68);
      const std::string_view token = text.substr(end + 1, token_end - end - 1);
      if (token.size() >= 8 && looks_random(token)) {
        mask(end + 1, token_end, is_long_and_random(token));
        i = token_end;
        continue;
      }
    } else if (end < text.size() && names_a_secret(word)) {
      if (const Assigned found = find_assigned(text, end); found.end != 0) {
        mask(found.begin, found.end,
             is_long_and_random(text.substr(found.begin, found.end - found.begin)));
        i = found.end;
        continue;
      }
    }
    // A PEM key may follow dashes that belong to the word.
    i = end;
  }
  out.append(text, copied, text.size() - copied);
  return any;
}

/// Appends the mask of a value that its name makes secret.
inline void mask_secret(std::string_view value, std::string& out) {
  using namespace detail;
  if (value.find(kMarker) != std::string_view::npos) {
    out.append(value);  // masked before
    return;
  }
  const std::size_t end = run_end(value, 0, kWord);
  if (end > 0) {
    if (const Found found = find_token(value, 0, end); found.end == value.size()) {
      out.append(value, 0, found.shown);
      append_tagged(value, out);
      return;
    }
  }
  if (is_long_and_random(value)) {
    append_tagged(value, out);
  } else {
    out.append(value.empty() ? value : kMasked);
  }
}

}  // namespace aev::credentials

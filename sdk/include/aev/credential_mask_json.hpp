/// credential_mask_json.hpp - the masking of credential_mask.hpp over JSON, read by simdjson.
///
/// Header-only; needs simdjson 3 with exceptions. Thread-safe as far as the parser is confined.
#pragma once

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>

#include <simdjson.h>

#include <aev/credential_mask.hpp>

namespace aev::credentials {

/// Deepest nesting that is masked; what is deeper throws.
inline constexpr unsigned kMaxDepth = 128;

namespace detail {

[[nodiscard]] constexpr std::array<bool, 256> make_escapes() {
  std::array<bool, 256> escapes{};
  for (unsigned c = 0; c < 256; ++c) {
    escapes[c] = c < 0x20 || c == '"' || c == '\\';
  }
  return escapes;
}

inline constexpr std::array<bool, 256> kEscapes = make_escapes();

}  // namespace detail

/// Appends valid UTF-8 as a JSON string with its quotes.
inline void append_json_text(std::string_view text, std::string& out) {
  out += '"';
  std::size_t copied = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (!detail::kEscapes[c]) {
      continue;
    }
    out.append(text, copied, i - copied);
    copied = i + 1;
    if (c == '"' || c == '\\') {
      out += '\\';
      out += text[i];
    } else if (c == '\n') {
      out.append("\\n");
    } else {
      out.append("\\u00");
      out += "0123456789abcdef"[c >> 4];
      out += "0123456789abcdef"[c & 15];
    }
  }
  out.append(text, copied, text.size() - copied);
  out += '"';
}

/// Appends `text`, masked, as a JSON string with its quotes; `secret` says that its name makes all
/// of it a secret. `scratch` is working memory.
inline void append_masked_text(std::string_view text,
                               bool secret,
                               std::string& scratch,
                               std::string& out) {
  scratch.clear();
  if (secret) {
    mask_secret(text, scratch);
  } else {
    static_cast<void>(mask_text(text, scratch));
  }
  append_json_text(scratch, out);
}

/// Appends a JSON value, compact, with credentials in strings and member names masked. `secret`
/// says that the value's own name makes it one: then strings and numbers below it are masked
/// whatever they look like. Throws simdjson::simdjson_error for what is no JSON, std::length_error
/// for nesting beyond kMaxDepth.
inline void append_masked(simdjson::ondemand::value value,
                          bool secret,
                          std::string& scratch,
                          std::string& out,
                          unsigned depth = 0) {
  if (depth > kMaxDepth) {
    throw std::length_error("nested too deep");
  }
  const simdjson::ondemand::json_type type = value.type();
  switch (type) {
    case simdjson::ondemand::json_type::string: {
      const std::string_view text = value.get_string();
      append_masked_text(text, secret, scratch, out);
      return;
    }
    case simdjson::ondemand::json_type::object: {
      char separator = '{';
      for (auto field : value.get_object()) {
        const std::string_view name = field.unescaped_key();
        const bool below = secret || names_a_secret(name);
        out += separator;
        separator = ',';
        append_masked_text(name, false, scratch, out);
        out += ':';
        append_masked(field.value(), below, scratch, out, depth + 1);
      }
      out.append(separator == '{' ? "{}" : "}");
      return;
    }
    case simdjson::ondemand::json_type::array: {
      char separator = '[';
      for (auto item : value.get_array()) {
        out += separator;
        separator = ',';
        append_masked(item.value(), secret, scratch, out, depth + 1);
      }
      out.append(separator == '[' ? "[]" : "]");
      return;
    }
    case simdjson::ondemand::json_type::number:
    case simdjson::ondemand::json_type::boolean:
    case simdjson::ondemand::json_type::null: {
      std::string_view raw = value.raw_json_token();
      while (!raw.empty() && static_cast<unsigned char>(raw.back()) <= 0x20) {
        raw.remove_suffix(1);
      }
      if (secret && type == simdjson::ondemand::json_type::number) {
        append_json_text(kMasked, out);
      } else {
        out.append(raw);
      }
      return;
    }
  }
}

}  // namespace aev::credentials

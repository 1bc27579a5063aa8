// Part of <aev/plugin.hpp>: the canonical JSON of an event.
#pragma once

#include <array>

#include <aev/plugin.hpp>

namespace aev::sdk {
inline namespace v1 {
namespace detail {

/// Length of the valid UTF-8 sequence at the start of `text` (RFC 3629), 0 if there is none.
inline std::size_t utf8_sequence(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto continues = [&](std::size_t i, unsigned low, unsigned high) {
    return i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  const unsigned lead = byte(0);
  if (lead < 0x80) {
    return 1;
  }
  if (lead >= 0xc2 && lead <= 0xdf) {
    return continues(1, 0x80, 0xbf) ? 2 : 0;
  }
  if (lead >= 0xe0 && lead <= 0xef) {
    const unsigned low = lead == 0xe0 ? 0xa0 : 0x80;
    const unsigned high = lead == 0xed ? 0x9f : 0xbf;
    return continues(1, low, high) && continues(2, 0x80, 0xbf) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const unsigned low = lead == 0xf0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xf4 ? 0x8f : 0xbf;
    return continues(1, low, high) && continues(2, 0x80, 0xbf) && continues(3, 0x80, 0xbf) ? 4 : 0;
  }
  return 0;
}

inline bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::size_t length = utf8_sequence(text);
    if (length == 0) {
      return false;
    }
    text.remove_prefix(length);
  }
  return true;
}

/// RFC 4648 section 4.
inline void append_base64(std::string& out, std::string_view bytes) {
  constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::uint32_t window = 0;
  int bits = 0;
  for (const char each : bytes) {
    window = (window << 8) | static_cast<unsigned char>(each);
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      out += kAlphabet[(window >> bits) & 63];
    }
  }
  if (bits > 0) {
    out += kAlphabet[(window << (6 - bits)) & 63];
    out.append(bits == 2 ? "==" : "=");
  }
}

inline bool ends_with_json(std::string_view type) noexcept {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  const auto ends = [&](std::string_view suffix) {
    if (type.size() < suffix.size()) {
      return false;
    }
    const std::string_view tail = type.substr(type.size() - suffix.size());
    for (std::size_t i = 0; i < suffix.size(); ++i) {
      if (lower(tail[i]) != suffix[i]) {
        return false;
      }
    }
    return true;
  };
  return ends("+json") || ends("/json");
}

}  // namespace detail

inline bool is_json_media_type(std::string_view content_type) noexcept {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) {
    type.remove_suffix(1);
  }
  return detail::ends_with_json(type);
}

inline void append_json_string(std::string& out, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  std::size_t clean = 0;  // start of the run that needs no escape
  std::size_t i = 0;
  const auto flush = [&] { out.append(text.substr(clean, i - clean)); };
  while (i < text.size()) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\') {
      ++i;
      continue;
    }
    if (byte >= 0x80) {
      if (const std::size_t length = detail::utf8_sequence(text.substr(i)); length != 0) {
        i += length;
        continue;
      }
      flush();
      out += "\xef\xbf\xbd";
    } else {
      flush();
      out += '\\';
      switch (byte) {
        case '"':
        case '\\':
          out += static_cast<char>(byte);
          break;
        case '\n':
          out += 'n';
          break;
        case '\r':
          out += 'r';
          break;
        case '\t':
          out += 't';
          break;
        default:
          out += "u00";
          out += kHex[byte >> 4];
          out += kHex[byte & 15];
      }
    }
    clean = ++i;
  }
  flush();
  out += '"';
}

inline void append_rfc3339(std::string& out, std::int64_t unix_ns) {
  using namespace std::chrono;
  const sys_time<nanoseconds> time{nanoseconds(unix_ns)};
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  // Digits by hand: every event that goes out has a time, and printf would cost as much as the
  // rest.
  std::array<char, 32> text{};
  std::size_t length = 0;
  const auto digits = [&](long value, std::size_t count) {
    for (std::size_t i = count; i-- > 0; value /= 10) {
      text[length + i] = static_cast<char>('0' + value % 10);
    }
    length += count;
  };
  const auto part = [&](char before, long value) {
    text[length++] = before;
    digits(value, 2);
  };
  digits(static_cast<int>(date.year()), 4);  // 64 bits of nanoseconds reach from 1677 to 2262
  part('-', static_cast<long>(static_cast<unsigned>(date.month())));
  part('-', static_cast<long>(static_cast<unsigned>(date.day())));
  part('T', clock.hours().count());
  part(':', clock.minutes().count());
  part(':', clock.seconds().count());
  if (const long fraction = clock.subseconds().count(); fraction != 0) {
    text[length++] = '.';
    if (fraction % 1'000'000 == 0) {
      digits(fraction / 1'000'000, 3);
    } else if (fraction % 1'000 == 0) {
      digits(fraction / 1'000, 6);
    } else {
      digits(fraction, 9);
    }
  }
  text[length++] = 'Z';
  out.append(text.data(), length);
}

inline void append_canonical_json(std::string& out, const Event& event) {
  const auto text_member = [&](std::string_view name, std::string_view value) {
    out += name;
    append_json_string(out, value);
  };
  out.reserve(out.size() + event.data().size() + 256);
  text_member("{\"id\":", event.id());
  text_member(",\"event_type\":", event.event_type());
  if (!event.debate_id().empty()) {
    text_member(",\"debate_id\":", event.debate_id());
  }
  if (!event.source().empty()) {
    text_member(",\"source\":", event.source());
  }
  out += ",\"timestamp\":\"";
  append_rfc3339(out, event.time_unix_ns());
  out += '"';
  const bool json = is_json_media_type(event.content_type());
  if (!event.data().empty()) {
    if (json) {
      out += ",\"data\":";
      out += event.data();
    } else if (detail::is_utf8(event.data())) {
      text_member(",\"data\":", event.data());
    } else {
      out += ",\"data_base64\":\"";
      detail::append_base64(out, event.data());
      out += '"';
    }
  }
  if (!json && !event.content_type().empty()) {
    text_member(",\"content_type\":", event.content_type());
  }
  for (std::uint32_t i = 0; i < event.attribute_count(); ++i) {
    const Attribute attribute = event.attribute(i);
    out += ',';
    append_json_string(out, attribute.name);
    out += ':';
    out += attribute.value;
  }
  out += '}';
}

}  // namespace v1
}  // namespace aev::sdk

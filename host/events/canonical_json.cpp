#include "events/canonical_json.h"

#include <algorithm>
#include <cstdint>

#include "core/clock.h"
#include "core/json_text.h"

namespace aev::events {
namespace {

/// RFC 4648 section 4.
void append_base64(std::string& out, std::string_view bytes) {
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

bool ends_with_ignoring_case(std::string_view text, std::string_view lower_suffix) {
  if (text.size() < lower_suffix.size()) {
    return false;
  }
  return std::equal(lower_suffix.begin(), lower_suffix.end(),
                    text.end() - static_cast<std::ptrdiff_t>(lower_suffix.size()),
                    [](char wanted, char given) {
                      return wanted == (given >= 'A' && given <= 'Z' ? given + ('a' - 'A') : given);
                    });
}

}  // namespace

bool is_json_media_type(std::string_view content_type) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) {
    type.remove_suffix(1);
  }
  return ends_with_ignoring_case(type, "/json") || ends_with_ignoring_case(type, "+json");
}

void append_canonical_json(std::string& out, const Event& event) {
  const auto text_member = [&out](std::string_view name, std::string_view value) {
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
  out += format_rfc3339(event.time_unix_ns());
  out += '"';
  const bool json = is_json_media_type(event.content_type());
  if (!event.data().empty()) {
    if (json) {
      out += ",\"data\":";
      out += event.data();
    } else if (is_utf8(event.data())) {
      text_member(",\"data\":", event.data());
    } else {
      out += ",\"data_base64\":\"";
      append_base64(out, event.data());
      out += '"';
    }
  }
  if (!json && !event.content_type().empty()) {
    text_member(",\"content_type\":", event.content_type());
  }
  for (const Attribute& attribute : event.attributes()) {
    out += ',';
    append_json_string(out, attribute.name);
    out += ':';
    out += attribute.value;
  }
  out += '}';
}

}  // namespace aev::events

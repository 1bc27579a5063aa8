#include "loader/plugin_text.h"

#include <cstring>

#include "core/json_text.h"

namespace aev::loader {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

std::size_t sequence_length(unsigned char lead) {
  if (lead < 0x80) {
    return 1;
  }
  if (lead >= 0xC2 && lead <= 0xDF) {
    return 2;
  }
  if (lead >= 0xE0 && lead <= 0xEF) {
    return 3;
  }
  return lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
}

std::string repaired(std::string_view text, std::size_t max_bytes) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = sequence_length(static_cast<unsigned char>(text[at]));
    const std::string_view character = text.substr(at, length);
    const bool valid = length != 0 && character.size() == length && is_utf8(character);
    const std::string_view written = valid ? character : kReplacement;
    if (out.size() + written.size() > max_bytes) {
      break;
    }
    out += written;
    at += valid ? length : 1;
  }
  return out;
}

std::string terminated_text(const char* text, std::size_t size) {
  return plugin_text(std::string_view(text, strnlen(text, size)), size);
}

}  // namespace

std::string plugin_text(std::string_view text, std::size_t max_bytes) {
  // Three more bytes than are kept: enough to see whether the last character is whole.
  const std::string_view looked_at = text.substr(0, max_bytes + 3);
  if (looked_at.size() <= max_bytes && is_utf8(looked_at)) {
    return std::string(looked_at);
  }
  return repaired(looked_at, max_bytes);
}

std::string plugin_text(aev_str text, std::size_t max_bytes) {
  if (text.ptr == nullptr) {
    return {};
  }
  return plugin_text(std::string_view(text.ptr, static_cast<std::size_t>(text.len)), max_bytes);
}

aev_error new_plugin_error() {
  aev_error error{};
  error.struct_size = sizeof(aev_error);
  return error;
}

Error to_error(const aev_error& error, ErrorCode code, std::string_view fallback) {
  Error result{code, terminated_text(error.message, sizeof error.message), {}};
  if (result.message.empty()) {
    result.message = fallback;
  }
  if (error.code != 0) {
    result.message += " (code " + std::to_string(error.code) + ")";
  }
  std::string pointer = terminated_text(error.path, sizeof error.path);
  if (pointer.starts_with('/')) {
    result.pointer = std::move(pointer);
  }
  return result;
}

}  // namespace aev::loader

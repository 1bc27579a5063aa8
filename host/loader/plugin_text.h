#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <aev/plugin.h>

#include "core/result.h"

namespace aev::loader {

/// A copy of text that came from a plugin: at most `max_bytes`, cut between characters, with bytes
/// that are not UTF-8 replaced by U+FFFD. A null pointer is empty text, whatever its length says.
[[nodiscard]] std::string plugin_text(aev_str text, std::size_t max_bytes);
[[nodiscard]] std::string plugin_text(std::string_view text, std::size_t max_bytes);

/// A view into our own text for the plugin to read.
[[nodiscard]] inline aev_str to_aev_str(std::string_view text) {
  return aev_str{text.data(), text.size()};
}

/// An empty aev_error for a plugin to fill.
[[nodiscard]] aev_error new_plugin_error();

/// What a plugin wrote into an aev_error: `message` or, when it left that empty, `fallback`; its
/// code in parentheses; the pointer if it is a JSON Pointer.
[[nodiscard]] Error to_error(const aev_error& error, ErrorCode code, std::string_view fallback);

}  // namespace aev::loader

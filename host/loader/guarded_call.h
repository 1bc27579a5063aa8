#pragma once

#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "loader/plugin_text.h"

namespace aev::loader {

/// Calls into a plugin. Exceptions must not cross the border; one that does anyway is caught here
/// if the plugin's frames let it through, and its description returned.
template <typename Function>
[[nodiscard]] std::optional<std::string> guarded_call(Function&& function) {
  constexpr std::size_t kMaxBytes = 512;
  try {
    std::forward<Function>(function)();
    return std::nullopt;
  } catch (const std::exception& thrown) {
    return "let an exception escape: " + plugin_text(std::string_view(thrown.what()), kMaxBytes);
  } catch (...) {
    return "let an exception of an unknown type escape";
  }
}

}  // namespace aev::loader

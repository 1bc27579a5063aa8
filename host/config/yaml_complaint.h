#pragma once

#include <string>
#include <string_view>

namespace aev::config {

/// The YAML library's complaint in words that help whoever wrote the line (counted from 0) of
/// `text`.
[[nodiscard]] std::string explain_yaml_error(const std::string& message,
                                             int line,
                                             std::string_view text);

/// True if a quote begins there (line and column counted from 0) and is never closed, which the
/// library lets pass at the end of a file.
[[nodiscard]] bool is_open_quote(std::string_view text, int line, int column);

}  // namespace aev::config

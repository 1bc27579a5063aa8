#include "config/yaml_complaint.h"

#include <algorithm>
#include <array>
#include <utility>

namespace aev::config {
namespace {

/// The line without its end; empty after the last.
std::string_view line_of(std::string_view text, int number) {
  for (; number > 0 && !text.empty(); --number) {
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  }
  return text.substr(0, text.find('\n'));
}

}  // namespace

bool is_open_quote(std::string_view text, int line_number, int column_number) {
  const std::string_view line = line_of(text, line_number);
  const auto column = static_cast<std::size_t>(column_number);
  if (column_number < 0 || column >= line.size() || (line[column] != '"' && line[column] != '\'')) {
    return false;
  }
  const char quote = line[column];
  text.remove_prefix(static_cast<std::size_t>(line.data() - text.data()) + column + 1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escaped =
        quote == '"' ? text[i] == '\\' : text[i] == quote && text.substr(i + 1, 1) == "'";
    if (escaped) {
      ++i;
    } else if (text[i] == quote) {
      return false;
    }
  }
  return true;
}

std::string explain_yaml_error(const std::string& message, int line_number, std::string_view text) {
  const std::string_view line = line_of(text, line_number);
  const std::size_t tab = std::min(line.find_first_not_of(" "), line.size());
  if (tab < line.size() && line[tab] == '\t') {
    return "a tab; YAML is indented with spaces only";
  }
  if (message.find("flow not found") != std::string::npos) {
    const bool is_map = message.find("map") != std::string::npos;
    return std::string(is_map ? "a `{` without its `}`" : "a `[` without its `]`") +
           ", somewhere above; a text that holds any of {}[], or a `: ` needs quotes within them, "
           "and so does ${…}";
  }
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kWords{{
      {"illegal map value",
       "no `key: value` is possible here; is the line before it complete, and "
       "indented by as much?"},
      {"end of map not found", "the indentation fits no line above"},
      {"end of sequence not found", "the indentation fits no line above"},
      {"unknown token", "a value cannot begin so; put it in quotes"},
      {"the referenced anchor is not defined", "no value above is named so (`&name`)"},
      {"illegal EOF in scalar", "a quote that is never closed"},
  }};
  for (const auto& [theirs, ours] : kWords) {
    if (message == theirs) {
      return std::string(ours);
    }
  }
  return message;
}

}  // namespace aev::config

#include "core/log.h"

#include <array>
#include <unistd.h>

#include "core/clock.h"
#include "core/json_text.h"

namespace aev {
namespace {

constexpr std::array<std::string_view, 5> kLevelNames{"trace", "debug", "info", "warning", "error"};
constexpr std::array<std::string_view, 5> kLevelLabels{"TRACE", "DEBUG", "INFO", "WARN", "ERROR"};

bool needs_quotes(std::string_view value) {
  if (value.empty()) {
    return true;
  }
  for (const char c : value) {
    if (c == ' ' || c == '"' || c == '=' || c == '\\' || static_cast<unsigned char>(c) < 0x20) {
      return true;
    }
  }
  return false;
}

void append_text_line(std::string& line,
                      LogLevel level,
                      std::string_view component,
                      std::string_view message,
                      const LogField* fields,
                      std::size_t count) {
  line += ' ';
  line += kLevelLabels[static_cast<std::size_t>(level)];
  line += ' ';
  line += component;
  line += ": ";
  for (const char c : message) {
    // One entry is one line, whatever a plugin or a peer put into the message.
    line += (c == '\n' || c == '\r') ? ' ' : c;
  }
  for (std::size_t i = 0; i < count; ++i) {
    line += ' ';
    line += fields[i].key;
    line += '=';
    if (needs_quotes(fields[i].value)) {
      append_json_string(line, fields[i].value);
    } else {
      line += fields[i].value;
    }
  }
}

void append_json_line(std::string& line,
                      LogLevel level,
                      std::string_view component,
                      std::string_view message,
                      const LogField* fields,
                      std::size_t count) {
  line += ",\"level\":";
  append_json_string(line, kLevelNames[static_cast<std::size_t>(level)]);
  line += ",\"component\":";
  append_json_string(line, component);
  line += ",\"message\":";
  append_json_string(line, message);
  for (std::size_t i = 0; i < count; ++i) {
    line += ',';
    append_json_string(line, fields[i].key);
    line += ':';
    if (fields[i].number) {
      line += fields[i].value;
    } else {
      append_json_string(line, fields[i].value);
    }
  }
  line += '}';
}

}  // namespace

std::string_view to_string(LogLevel level) {
  return kLevelNames[static_cast<std::size_t>(level)];
}

std::optional<LogLevel> parse_log_level(std::string_view text) {
  for (std::size_t i = 0; i < kLevelNames.size(); ++i) {
    if (kLevelNames[i] == text) {
      return static_cast<LogLevel>(i);
    }
  }
  return std::nullopt;
}

Log::Log(int fd, LogLevel level, LogFormat format) : fd_(fd), level_(level), format_(format) {}

void Log::write(LogLevel level,
                std::string_view component,
                std::string_view message,
                std::initializer_list<LogField> fields) const {
  write(level, component, message, fields.begin(), fields.size());
}

void Log::write(LogLevel level,
                std::string_view component,
                std::string_view message,
                const LogField* fields,
                std::size_t count) const {
  if (!enabled(level)) {
    return;
  }
  const std::string now = format_rfc3339(SystemClock().unix_now_ns() / 1'000'000 * 1'000'000);
  std::string line;
  line.reserve(160);
  if (format_.load(std::memory_order_relaxed) == LogFormat::kJson) {
    line += "{\"time\":";
    append_json_string(line, now);
    append_json_line(line, level, component, message, fields, count);
  } else {
    line += now;
    append_text_line(line, level, component, message, fields, count);
  }
  line += '\n';
  // A log that cannot be written has nowhere to complain; the service manager sees the descriptor.
  [[maybe_unused]] const ssize_t written = ::write(fd_, line.data(), line.size());
}

}  // namespace aev

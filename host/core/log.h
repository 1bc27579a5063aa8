#pragma once

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace aev {

enum class LogLevel : std::uint8_t { kTrace, kDebug, kInfo, kWarning, kError };
enum class LogFormat : std::uint8_t { kText, kJson };

[[nodiscard]] std::string_view to_string(LogLevel level);
[[nodiscard]] std::optional<LogLevel> parse_log_level(std::string_view text);

/// One structured pair of a log line. Numbers are written without quotes in JSON.
struct LogField {
  LogField(std::string_view field_key, std::string_view field_value)
      : key(field_key), value(field_value) {}

  LogField(std::string_view field_key, const char* field_value)
      : key(field_key), value(field_value) {}

  LogField(std::string_view field_key, const std::string& field_value)
      : key(field_key), value(field_value) {}

  template <typename T>

  requires std::is_arithmetic_v<T> LogField(std::string_view field_key, T field_value)
      : key(field_key), value(std::to_string(field_value)), number(true) {}

  std::string_view key;
  std::string value;
  bool number = false;
};

/// Writes one line per entry to a file descriptor: `2026-… INFO component: message key=value …`, or
/// a JSON object. Thread-safe; a line is one write(2), so lines never mix. Never throws, never
/// blocks on anything but the descriptor.
class Log {
 public:
  /// `fd` is borrowed and stays open for the life of this object (2 is standard error).
  explicit Log(int fd = 2, LogLevel level = LogLevel::kInfo, LogFormat format = LogFormat::kText);

  void set_level(LogLevel level) { level_.store(level, std::memory_order_relaxed); }

  void set_format(LogFormat format) { format_.store(format, std::memory_order_relaxed); }

  [[nodiscard]] bool enabled(LogLevel level) const {
    return level >= level_.load(std::memory_order_relaxed);
  }

  void write(LogLevel level,
             std::string_view component,
             std::string_view message,
             std::initializer_list<LogField> fields = {}) const;
  void write(LogLevel level,
             std::string_view component,
             std::string_view message,
             const LogField* fields,
             std::size_t count) const;

 private:
  const int fd_;
  std::atomic<LogLevel> level_;
  std::atomic<LogFormat> format_;
};

/// A Log with a component name, which is what a part of the host holds. Cheap to copy.
class Logger {
 public:
  Logger(const Log& log, std::string component) : log_(&log), component_(std::move(component)) {}

  void debug(std::string_view message, std::initializer_list<LogField> fields = {}) const {
    log_->write(LogLevel::kDebug, component_, message, fields);
  }

  void info(std::string_view message, std::initializer_list<LogField> fields = {}) const {
    log_->write(LogLevel::kInfo, component_, message, fields);
  }

  void warning(std::string_view message, std::initializer_list<LogField> fields = {}) const {
    log_->write(LogLevel::kWarning, component_, message, fields);
  }

  void error(std::string_view message, std::initializer_list<LogField> fields = {}) const {
    log_->write(LogLevel::kError, component_, message, fields);
  }

  [[nodiscard]] const Log& log() const { return *log_; }

  [[nodiscard]] const std::string& component() const { return component_; }

 private:
  const Log* log_;
  std::string component_;
};

}  // namespace aev

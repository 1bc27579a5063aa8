#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace aev {

/// Writes one JSON document front to back into a string; the caller keeps begin and end in pairs.
/// Confined to one thread. Commas and escaping are the writer's business, structure is the
/// caller's.
class JsonWriter {
 public:
  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& key(std::string_view name);
  JsonWriter& value(std::string_view text);

  JsonWriter& value(const char* text) { return value(std::string_view(text)); }

  JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }

  JsonWriter& value(bool flag);
  JsonWriter& value(double number);

  template <std::integral T>

  requires(!std::same_as<T, bool>) JsonWriter& value(T number) {
    return raw(std::to_string(number));
  }

  JsonWriter& null() { return raw("null"); }

  /// `json` must be valid JSON text; it is taken as it is.
  JsonWriter& raw(std::string_view json);

  /// `members` must be valid JSON members (`"a":1,"b":2`) of the object that is open.
  JsonWriter& members(std::string_view members) { return raw(members); }

  template <typename T>
  JsonWriter& field(std::string_view name, const T& content) {
    key(name);
    return value(content);
  }

  [[nodiscard]] std::string take() { return std::move(out_); }

  [[nodiscard]] std::string& buffer() { return out_; }

 private:
  void separate();

  std::string out_;
  bool needs_comma_ = false;
};

}  // namespace aev

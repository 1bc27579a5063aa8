#pragma once

#include <cstdint>
#include <string_view>

namespace aev::routing {

/// A JSON value that is neither object nor array, as a view.
struct Leaf {
  enum class Type : std::uint8_t { kNull, kFalse, kTrue, kNumber, kString };

  Type type = Type::kNull;
  /// Of a number: a double stands for exactly the number that was written, so that it can be
  /// compared and 300 equals 3.0e2. Other numbers equal only what is spelled the same.
  bool comparable = false;
  std::string_view text;  ///< of a string, unescaped; of a number, as spelled
  double number = 0;      ///< if comparable
};

/// Reads a number of RFC 8259 section 6 that takes up all of `text`; false if it is none.
[[nodiscard]] bool parse_number(std::string_view text, Leaf& leaf);

}  // namespace aev::routing

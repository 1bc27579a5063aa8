#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "routing/leaf.h"

namespace aev::routing {

/// A JSON value that keeps what patterns need and parsers lose: how numbers were spelled, and that
/// a name occurs twice. Immutable once read.
struct JsonTree {
  enum class Kind { kLeaf, kObject, kArray };

  Kind kind = Kind::kLeaf;
  Leaf leaf;                       ///< without its text
  std::string text;                ///< of a string, or a number as spelled
  std::vector<std::string> names;  ///< of an object's members, in the order of the text
  std::vector<JsonTree> elements;  ///< of an array, or an object's values beside their names

  [[nodiscard]] bool is_text() const {
    return kind == Kind::kLeaf && leaf.type == Leaf::Type::kString;
  }

  [[nodiscard]] bool is_number() const {
    return kind == Kind::kLeaf && leaf.type == Leaf::Type::kNumber;
  }

  /// As JSON again.
  [[nodiscard]] std::string write() const;

  /// kInvalid with the reason if `json` is none, or is nested too deep.
  [[nodiscard]] static Result<JsonTree> read(std::string_view json, int max_depth);
};

}  // namespace aev::routing

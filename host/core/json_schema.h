#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace aev {

/// One violation as the schema library words it: `pointer` is the JSON Pointer of the value.
struct SchemaViolation {
  std::string pointer;
  std::string description;
};

/// A compiled JSON Schema (draft 7 as valijson reads it). Types are taken strictly: no text counts
/// as a number. Immutable and thread-safe. Never throws.
class JsonSchema {
 public:
  /// kInvalid: the text is not JSON or no usable schema.
  [[nodiscard]] static Result<JsonSchema> compile(std::string_view schema_json);
  JsonSchema(JsonSchema&&) noexcept;
  JsonSchema& operator=(JsonSchema&&) noexcept;
  ~JsonSchema();

  /// Whether the document fits: the quick question. kInvalid: it is not JSON.
  [[nodiscard]] Result<bool> accepts(std::string_view document_json) const;

  /// Everything that does not fit.
  [[nodiscard]] Result<std::vector<SchemaViolation>> violations(
      std::string_view document_json) const;

 private:
  struct Impl;
  explicit JsonSchema(std::unique_ptr<const Impl> impl);
  std::unique_ptr<const Impl> impl_;
};

}  // namespace aev

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace aev::config {

/// One violation as the schema library words it: `pointer` is the JSON Pointer of the value.
struct SchemaViolation {
  std::string pointer;
  std::string description;
};

/// Validates with types taken strictly (no text as a number). The error says why the schema or the
/// document cannot be used at all. Never throws.
[[nodiscard]] Result<std::vector<SchemaViolation>> validate_json(std::string_view document_json,
                                                                 std::string_view schema_json);

}  // namespace aev::config

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "routing/json_tree.h"
#include "routing/matcher.h"
#include "routing/router.h"

namespace aev::routing {

/// Collects what is wrong with one route's pattern.
class PatternErrors {
 public:
  PatternErrors(std::string route, std::vector<PatternError>& errors)
      : route_(std::move(route)), errors_(errors) {}

  void add(const std::string& pointer, std::string message) {
    errors_.push_back({route_, pointer, std::move(message)});
  }

 private:
  std::string route_;
  std::vector<PatternError>& errors_;
};

/// One element of a field's list, compiled.
struct CompiledElement {
  bool absent = false;  ///< `{exists: false}`; then there is no matcher
  Matcher matcher;
};

/// One element of a field's list: a plain value or `{operator: argument}`. nullopt after an error.
[[nodiscard]] std::optional<CompiledElement> compile_element(const JsonTree& element,
                                                             const std::string& pointer,
                                                             PatternErrors& errors);

/// Words that cannot be names of fields inside `$or`, as there they would be taken for operators.
[[nodiscard]] bool is_reserved_in_or(std::string_view name);

/// One step of a JSON Pointer with its slash.
[[nodiscard]] std::string pointer_step(std::string_view name);

}  // namespace aev::routing

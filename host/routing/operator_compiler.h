#pragma once

#include <optional>
#include <string>
#include <vector>

#include <simdjson.h>

#include "routing/matcher.h"
#include "routing/router.h"

namespace aev::routing {

/// Private to this layer's .cpp files. Collects what is wrong with one route's pattern.
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

/// One element of a field's list: a plain value or `{operator: argument}`. nullopt after an error.
[[nodiscard]] std::optional<Matcher> compile_matcher(simdjson::dom::element element,
                                                     const std::string& pointer,
                                                     PatternErrors& errors);

/// `element` as a leaf; nullopt for an object or an array.
[[nodiscard]] std::optional<Leaf> leaf_of(simdjson::dom::element element);

/// One step of a JSON Pointer with its slash.
[[nodiscard]] std::string pointer_step(std::string_view name);

}  // namespace aev::routing

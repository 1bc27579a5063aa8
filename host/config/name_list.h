#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/map_reader.h"

namespace aev::config {

/// What a list of names may hold.
struct NameListRule {
  std::string what;  ///< `subscriber`, `route`
  const std::vector<std::string>& known;
  bool may_be_empty = false;
};

/// A list of names of known things, or a single one; duplicates are dropped. The key must be there.
[[nodiscard]] std::vector<std::string> read_name_list(MapReader& map,
                                                      std::string_view key,
                                                      const NameListRule& rule);

}  // namespace aev::config

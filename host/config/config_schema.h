#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace aev::config {

/// A subscriber type and the JSON Schema of its `config:`.
struct PluginSchema {
  std::string type;
  std::string schema_json;
};

/// A JSON Schema (draft 7) of the whole configuration file, pretty-printed: the keys that the
/// reader asks for (all_reader_keys()) with their notes, the pattern language of `match`, and the
/// schemas of `plugins` by the subscriber's `plugin`. `event_types` are suggested, others are
/// allowed. Where the reader replaces ${env:…} and ${file:…}, so does the schema allow them. It
/// says nothing about what several keys mean together. A plugin's schema that is no JSON object is
/// left out.
[[nodiscard]] std::string config_schema(const std::vector<PluginSchema>& plugins,
                                        const std::vector<std::string_view>& event_types);

}  // namespace aev::config

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace aev::config {

struct YamlEntry;

/// A parsed YAML value with its place; anchors are resolved, so a node may have several parents.
/// Confined to one load.
struct YamlNode {
  enum class Kind : std::uint8_t { kNull, kScalar, kSequence, kMap };

  Kind kind = Kind::kNull;
  /// A scalar that is text whatever it looks like: quoted, tagged !!str, or interpolated.
  bool is_text = false;
  bool interpolated = false;  ///< interpolation has been done (a node may be reached twice)
  bool is_lost = false;       ///< interpolation failed, which has been said
  bool from_file = false;     ///< holds text of a ${file:}: never printed
  int line = 0;
  int column = 0;
  std::shared_ptr<const std::string> file;
  std::string text;          ///< of a scalar
  std::string as_written{};  ///< the text before interpolation, paths of files made absolute
  std::string environment;   ///< names of the variables that ${env:} put in, for `config show`
  std::vector<std::shared_ptr<YamlNode>> items;
  std::vector<YamlEntry> entries;  ///< of a map, in file order, names unique
  std::size_t expanded = 1;        ///< nodes below and including this, aliases counted in full
  std::size_t height = 1;

  [[nodiscard]] Location where() const { return {file ? *file : std::string(), line, column}; }

  [[nodiscard]] const YamlEntry* find(std::string_view name) const;
};

struct YamlEntry {
  std::string name;
  int line = 0;  ///< of the key
  int column = 0;
  std::shared_ptr<YamlNode> value;

  [[nodiscard]] Location key_where() const {
    return {value->file ? *value->file : std::string(), line, column};
  }
};

inline const YamlEntry* YamlNode::find(std::string_view name) const {
  for (const YamlEntry& entry : entries) {
    if (entry.name == name) {
      return &entry;
    }
  }
  return nullptr;
}

}  // namespace aev::config

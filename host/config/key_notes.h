#pragma once

#include <span>
#include <string_view>

namespace aev::config {

/// What an editor says about a key of the configuration file, and what its reader cannot tell.
struct KeyNote {
  std::string_view path;  ///< as in ReaderKey; a subscriber's policies as in `retry_policies`
  std::string_view description;
  /// Further members of its JSON Schema, as a JSON object. Needed where the reader takes a value of
  /// a form of its own (ReaderKey::Kind::kStructure) that is neither a map nor a list of maps.
  std::string_view schema = {};
};

/// A note for each key that the reader knows; a test compares the two.
[[nodiscard]] std::span<const KeyNote> key_notes();

/// The note for a path of all_reader_keys(), or null.
[[nodiscard]] const KeyNote* find_key_note(std::string_view path);

/// Definitions of the pattern language for `match`, as members of a JSON object:
/// `event_pattern`, `pattern`, `condition` and `matcher`.
[[nodiscard]] std::string_view pattern_language_definitions();

}  // namespace aev::config

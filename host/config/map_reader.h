#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/reader_keys.h"
#include "config/yaml_node.h"
#include "core/clock.h"

namespace aev::config {

/// What a load says about the file: problems, and the effective values for `config show`.
struct Report {
  std::vector<Problem> problems;
  std::vector<Loaded::Shown> shown;
  ReaderKeys* asked = nullptr;  ///< if set, takes every key that is asked for

  void error(const Location& where, std::string_view path, std::string message);

  /// `json`: the value with its type; without it the value is text.
  void show(std::string_view path, std::string value, std::string origin, std::string json = {});
};

inline constexpr std::string_view kBuiltIn = "default";

/// `file:line:column`, with the variables that were put in.
[[nodiscard]] std::string origin_of(const YamlNode& node);

/// The scalar for a message or for `config show`; hidden if it came from a file.
[[nodiscard]] std::string printable(const YamlNode& node);

/// What `config show` writes for a scalar that must not be seen: the `${…}` it was written with, or
/// `[redacted]` for one that stands in the file itself.
[[nodiscard]] std::string hidden(const YamlNode& node);

/// `text` such that interpolation gives it back: `$${` for each `${`.
[[nodiscard]] std::string without_interpolation(std::string_view text);

/// A JSON list of strings for Loaded::Shown::json.
[[nodiscard]] std::string shown_list(const std::vector<std::string>& items);

/// "; did you mean `x`?" or nothing.
[[nodiscard]] std::string suggestion(std::string_view word,
                                     const std::vector<std::string>& candidates);

/// Reads the members of one map by name into variables that already hold the default, noting each
/// effective value; whatever is left over at finish() is an unknown key. A map that is absent reads
/// as one without members. Confined to one load.
class MapReader {
 public:
  /// `node` may be null (absent). Anything but a map or nothing is a problem.
  MapReader(Report& report, const YamlNode* node, std::string path, Location where);

  /// The member, or null if it is absent or empty; from now on the key is known.
  const YamlNode* take(std::string_view key);

  /// True if the key is there, with a value or without.
  [[nodiscard]] bool has(std::string_view key) const;

  [[nodiscard]] std::string path_of(std::string_view key) const;

  /// Where to point for what is missing in this map.
  [[nodiscard]] const Location& where() const { return where_; }

  /// Where the key stands, else where the map does.
  [[nodiscard]] Location where_of(std::string_view key) const;
  [[nodiscard]] std::span<const YamlEntry> entries() const;

  void duration(std::string_view key,
                Duration& value,
                Duration least,
                std::string_view origin = kBuiltIn);
  void size(std::string_view key, std::uint64_t& value, std::uint64_t least);
  void rate(std::string_view key, double& per_second);
  void real(std::string_view key, double& value, double least, double most);
  void boolean(std::string_view key, bool& value);

  template <typename T>
  void count(std::string_view key,
             T& value,
             std::uint64_t least,
             std::uint64_t most = std::numeric_limits<T>::max(),
             std::string_view origin = kBuiltIn) {
    value = static_cast<T>(count64(key, value, least, most, origin));
  }

  /// Not empty. `shown_default`: what `config show` prints while the key is absent; empty: nothing.
  bool text(std::string_view key, std::string& value, std::string_view shown_default = {});

  template <typename T>
  void choice(std::string_view key,
              T& value,
              std::initializer_list<std::pair<std::string_view, T>> choices) {
    std::vector<std::string> names;
    std::string current;
    for (const auto& [name, meaning] : choices) {
      names.emplace_back(name);
      if (meaning == value) {
        current = name;
      }
    }
    const std::string chosen = choose(key, std::move(current), names);
    for (const auto& [name, meaning] : choices) {
      if (name == chosen) {
        value = meaning;
      }
    }
  }

  /// Reports the keys that nothing asked for.
  void finish();

  Report& report() { return report_; }

 private:
  const YamlNode* scalar(std::string_view key);
  void ask(ReaderKey key);
  std::uint64_t count64(std::string_view key,
                        std::uint64_t value,
                        std::uint64_t least,
                        std::uint64_t most,
                        std::string_view origin);
  std::string choose(std::string_view key,
                     std::string current,
                     const std::vector<std::string>& names);

  Report& report_;
  const YamlNode* node_;
  std::string path_;
  Location where_;
  std::vector<std::string> known_;
};

/// True if `name` can name a subscriber, a route or a policy: ^[A-Za-z0-9_.-]{1,64}$.
[[nodiscard]] bool is_name(std::string_view name);

inline constexpr std::string_view kNameRule =
    "a name is 1 to 64 letters, digits, `_`, `.` or `-` (no spaces)";

}  // namespace aev::config

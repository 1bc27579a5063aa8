#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <aev/plugin.hpp>

namespace aev::analytics {

/// From `since` up to and without `until`, in Unix nanoseconds; nothing: no bound.
struct Period {
  std::optional<std::int64_t> since_ns;
  std::optional<std::int64_t> until_ns;
};

/// The parameters of a query. Every function throws sdk::ConfigError that names the parameter which
/// is wrong.
class QueryParameters {
 public:
  /// `json` is an object of strings; all names that are not `known` are wrong.
  QueryParameters(std::string_view json, std::initializer_list<std::string_view> known);

  /// Empty if absent.
  [[nodiscard]] const std::string& text(const std::string& name) const;
  /// One of `choices`; the first of them if absent.
  [[nodiscard]] std::string choice(const std::string& name,
                                   std::initializer_list<std::string_view> choices) const;
  [[nodiscard]] bool flag(const std::string& name) const;
  [[nodiscard]] std::int64_t number(const std::string& name,
                                    std::int64_t by_default,
                                    std::int64_t least,
                                    std::int64_t most) const;

  /// `since` and `until` (RFC 3339, Unix seconds, or a duration before now), or `period`, a
  /// duration up to now.
  [[nodiscard]] Period period(std::int64_t now_ns) const;

  /// True if the answer is to be CSV.
  [[nodiscard]] bool csv() const { return choice("format", {"json", "csv"}) == "csv"; }

 private:
  [[nodiscard]] std::optional<std::int64_t> time(const std::string& name,
                                                 std::int64_t now_ns) const;

  std::map<std::string, std::string> values_;
};

/// Seconds that a duration such as 90s, 48h or 7d says; nothing if it is none.
[[nodiscard]] std::optional<std::int64_t> parse_duration_s(std::string_view text);

/// Unix nanoseconds of an RFC 3339 time; nothing if it is none.
[[nodiscard]] std::optional<std::int64_t> parse_rfc3339_ns(std::string_view text);

}  // namespace aev::analytics

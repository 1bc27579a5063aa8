#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace aev::websocket {

/// Which event types a client wants: exact names, or globs such as `gauntlet_*`. Immutable.
class EventFilter {
 public:
  static constexpr std::size_t kMaxPatterns = 64;
  static constexpr std::size_t kMaxPatternBytes = 128;

  explicit EventFilter(std::vector<std::string> patterns);

  [[nodiscard]] bool wants(std::string_view event_type) const noexcept;

  [[nodiscard]] const std::vector<std::string>& patterns() const noexcept { return patterns_; }

 private:
  std::vector<std::string> patterns_;  // sorted, each once
};

/// Null: everything.
using FilterRef = std::shared_ptr<const EventFilter>;

[[nodiscard]] inline bool wants(const FilterRef& filter, std::string_view event_type) noexcept {
  return filter == nullptr || filter->wants(event_type);
}

/// Splits `a,b,c*`; empty pieces are left out.
[[nodiscard]] std::vector<std::string> split_patterns(std::string_view list);

/// Gives equal lists of patterns the same filter, so that clients which want the same can be served
/// with the same frames. Confined to the I/O thread.
class FilterPool {
 public:
  /// Null for an empty list. Throws std::invalid_argument with what is wrong with it.
  [[nodiscard]] FilterRef get(std::vector<std::string> patterns);

 private:
  std::unordered_map<std::string, std::weak_ptr<const EventFilter>> pool_;
};

}  // namespace aev::websocket

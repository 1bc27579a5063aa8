#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "event_field.h"

namespace aev::kafka {

/// A topic's name with fields of the event in it: `events.{event_type}`,
/// `aragora.{data.workspace_id:-common}`. Immutable.
class TopicTemplate {
 public:
  /// Throws std::invalid_argument with what is wrong in `written`.
  explicit TopicTemplate(std::string_view written);

  /// Writes the event's topic to `name`: characters of field values that Kafka does not allow in a
  /// topic's name become `_`. Empty if all is well, otherwise why there is no such topic.
  [[nodiscard]] std::string expand(FieldReader& reader,
                                   const sdk::Event& event,
                                   std::string& name) const;

  /// True if every event goes to the same topic.
  [[nodiscard]] bool is_constant() const noexcept;

 private:
  struct Placeholder {
    EventField field;
    std::string written;
    std::string fallback;
    bool has_fallback = false;
  };

  using Piece = std::variant<std::string, Placeholder>;

  std::vector<Piece> pieces_;
};

/// Why Kafka has no topic of that name; empty if it can have one.
[[nodiscard]] std::string refuse_topic_name(std::string_view name);

}  // namespace aev::kafka

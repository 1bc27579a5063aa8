#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <aev/plugin.hpp>

namespace aev::kafka {

/// Names one value of an event, as `key` and topic templates do: `id`, `event_type`, `debate_id`,
/// `source`, `data.path.to.value` (array elements by number), or `attributes.name`.
struct EventField {
  enum class Part : std::uint8_t { kId, kEventType, kDebateId, kSource, kData, kAttribute };

  Part part = Part::kDebateId;
  std::string path;  ///< JSON Pointer into the data, or the attribute's name
};

/// Throws std::invalid_argument that says which names there are.
[[nodiscard]] EventField parse_event_field(std::string_view written);

/// Reads fields of events. Data is parsed only if a field needs it, once for consecutive reads of
/// the same event. Confined to one thread.
class FieldReader {
 public:
  FieldReader();
  ~FieldReader();
  FieldReader(const FieldReader&) = delete;
  FieldReader& operator=(const FieldReader&) = delete;

  /// Forgets the event that was read last: its memory may be used anew.
  void next_event();

  /// Text of the value: a string without its quotes, a number or boolean as JSON writes it. Empty
  /// if it is absent, null, an array or an object, or if the data is not JSON. Valid until the next
  /// call.
  [[nodiscard]] std::string_view read(const EventField& field, const sdk::Event& event);

 private:
  struct Parser;

  [[nodiscard]] std::string_view scalar(std::string_view json, const std::string& pointer);

  std::unique_ptr<Parser> parser_;
  std::string text_;
};

}  // namespace aev::kafka

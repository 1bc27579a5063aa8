#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <simdjson.h>

#include "events/event.h"
#include "routing/matcher.h"

namespace aev::routing {

/// A field of an event or of an object inside it: absent, a leaf, or JSON yet to be looked into.
struct FieldValue {
  enum class Kind { kAbsent, kLeaf, kJson };

  Kind kind = Kind::kAbsent;
  Leaf leaf;
  simdjson::dom::element json;
};

/// The canonical JSON of one event, field by field, without writing it out: only what a pattern
/// asks for is looked at, and `data` is parsed once, when it is first asked for. Private to this
/// layer's .cpp files. Confined to one thread, where no other view may be in use: all of a thread's
/// views share its parsers. A value is good until the next field().
class EventView {
 public:
  explicit EventView(const events::Event& event) : event_(event) {}

  EventView(const EventView&) = delete;
  EventView& operator=(const EventView&) = delete;

  [[nodiscard]] FieldValue field(std::string_view name);

 private:
  [[nodiscard]] FieldValue data();
  [[nodiscard]] FieldValue parse_data() const;
  [[nodiscard]] FieldValue data_base64();
  [[nodiscard]] FieldValue attribute(std::string_view name) const;

  const events::Event& event_;
  std::string timestamp_;
  std::string base64_;
  std::optional<FieldValue> data_;
};

}  // namespace aev::routing

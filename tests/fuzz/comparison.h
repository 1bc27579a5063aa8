#pragma once

#include <string>
#include <string_view>

#include <simdjson.h>

#include "events/event.h"

namespace aev::fuzz {

/// Combinations that the slow matcher may try before an input is left alone.
inline constexpr std::size_t kCombinations = 20'000;

inline events::EventRef event_with(std::string_view data) {
  events::EventFields fields;
  fields.id = fields.event_type = "e";
  fields.data = data;
  return events::Event::create(fields);
}

/// Whether the slow matcher can say something about an event: an object of JSON in every detail,
/// with no numbers that doubles do not hold.
inline bool is_comparable(std::string_view json) {
  std::size_t digits = 0;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const bool digit = json[i] >= '0' && json[i] <= '9';
    digits = digit || json[i] == '.' ? digits + 1 : 0;
    const bool exponent =
        (json[i] == 'e' || json[i] == 'E') && i > 0 && json[i - 1] >= '0' && json[i - 1] <= '9';
    if (digits > 15 || exponent) {
      return false;
    }
  }
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  const simdjson::padded_string padded(json);
  return parser.parse(padded).get(object) == simdjson::SUCCESS;
}

}  // namespace aev::fuzz

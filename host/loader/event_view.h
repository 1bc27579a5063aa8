#pragma once

#include <vector>

#include <aev/plugin.h>

#include "events/event.h"

namespace aev::loader {

/// The fields of `from` but for its attributes, key, attempt and flags.
[[nodiscard]] aev_event event_view(const events::Event& from);

/// Events as a plugin reads them, in one array of attributes and one of events. Views into the
/// events: keep those. `of` gives the event at an index.
template <typename EventAt>
void fill_event_views(std::size_t count,
                      const EventAt& of,
                      std::vector<aev_attr>& attributes,
                      std::vector<aev_event>& views) {
  std::size_t total = 0;
  for (std::size_t i = 0; i < count; ++i) {
    total += of(i).attributes().size();
  }
  attributes.reserve(total);  // pointers into it must hold
  views.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const events::Event& from = of(i);
    aev_event to = event_view(from);
    to.attribute_count = static_cast<std::uint32_t>(from.attributes().size());
    to.attributes = to.attribute_count == 0 ? nullptr : attributes.data() + attributes.size();
    for (const events::Attribute& attribute : from.attributes()) {
      attributes.push_back({{attribute.name.data(), attribute.name.size()},
                            {attribute.value.data(), attribute.value.size()}});
    }
    views.push_back(to);
  }
}

}  // namespace aev::loader

#include "kept_events.h"

namespace aev::analytics {

KeptEvents::KeptEvents(const sdk::HistoryPage& page) {
  std::size_t bytes = 0;
  std::size_t attributes = 0;
  for (std::uint32_t i = 0; i < page.size(); ++i) {
    const aev_event& event = page[i].raw();
    bytes += event.id.len + event.event_type.len + event.debate_id.len + event.source.len +
             event.content_type.len + event.data.len;
    for (std::uint32_t k = 0; k < event.attribute_count; ++k) {
      bytes += event.attributes[k].key.len + event.attributes[k].value.len;
    }
    attributes += event.attribute_count;
  }
  // Reserved in full: the events point into them.
  bytes_.reserve(bytes);
  attributes_.reserve(attributes);
  events_.reserve(page.size());
  const auto keep = [this](aev_str& text) {
    const std::size_t at = bytes_.size();
    bytes_.append(sdk::view(text));
    text.ptr = bytes_.data() + at;
  };
  for (std::uint32_t i = 0; i < page.size(); ++i) {
    const sdk::Event from = page[i];
    aev_event event = from.raw();
    keep(event.id);
    keep(event.event_type);
    keep(event.debate_id);
    keep(event.source);
    keep(event.content_type);
    event.key = aev_str{nullptr, 0};
    const std::size_t data = bytes_.size();
    bytes_.append(from.data());
    event.data.ptr = bytes_.data() + data;
    event.attributes = attributes_.data() + attributes_.size();
    for (std::uint32_t k = 0; k < event.attribute_count; ++k) {
      aev_attr attribute = from.raw().attributes[k];
      keep(attribute.key);
      keep(attribute.value);
      attributes_.push_back(attribute);
    }
    events_.push_back(event);
  }
}

std::vector<sdk::Event> KeptEvents::events() const {
  std::vector<sdk::Event> views;
  views.reserve(events_.size());
  for (const aev_event& event : events_) {
    views.emplace_back(&event);
  }
  return views;
}

}  // namespace aev::analytics

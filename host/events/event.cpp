#include "events/event.h"

#include <cstring>
#include <new>

namespace aev::events {
namespace {

constexpr std::size_t kAlignment = alignof(Event);

}  // namespace

EventRef Event::create(const EventFields& fields) {
  std::size_t text_bytes = fields.id.size() + fields.event_type.size() + fields.debate_id.size() +
                           fields.source.size() + fields.content_type.size() + fields.data.size();
  for (const Attribute& attribute : fields.attributes) {
    text_bytes += attribute.name.size() + attribute.value.size();
  }
  const std::size_t table_bytes = fields.attributes.size() * sizeof(Attribute);
  const std::size_t total = sizeof(Event) + table_bytes + text_bytes;

  // One block: the Event, its attribute table, then all text.
  char* const block = static_cast<char*>(::operator new(total, std::align_val_t(kAlignment)));
  Event* const event = new (block) Event();
  event->allocated_ = total;
  char* text = block + sizeof(Event) + table_bytes;
  const auto keep = [&text](std::string_view from) {
    if (from.empty()) {
      return std::string_view();
    }
    std::memcpy(text, from.data(), from.size());
    const std::string_view kept(text, from.size());
    text += from.size();
    return kept;
  };
  EventFields& own = event->fields_;
  own.id = keep(fields.id);
  own.event_type = keep(fields.event_type);
  own.debate_id = keep(fields.debate_id);
  own.source = keep(fields.source);
  own.content_type = keep(fields.content_type);
  own.data = keep(fields.data);
  own.time_unix_ns = fields.time_unix_ns;
  own.received_unix_ns = fields.received_unix_ns;
  auto* const table = reinterpret_cast<Attribute*>(block + sizeof(Event));
  for (std::size_t i = 0; i < fields.attributes.size(); ++i) {
    new (table + i) Attribute{keep(fields.attributes[i].name), keep(fields.attributes[i].value)};
  }
  own.attributes = std::span<const Attribute>(table, fields.attributes.size());
  return EventRef(event);
}

std::string_view Event::attribute(std::string_view name) const {
  for (const Attribute& attribute : fields_.attributes) {
    if (attribute.name == name) {
      return attribute.value;
    }
  }
  return {};
}

void EventRef::release() noexcept {
  // acq_rel: whoever frees must see every other owner's last reads as done.
  if (event_ != nullptr && event_->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    event_->~Event();
    ::operator delete(event_, std::align_val_t(kAlignment));
  }
}

}  // namespace aev::events

#include "delivery/delivery_item.h"

namespace aev::delivery {

std::string_view ordering_key(const events::Event& event, std::string_view order_by) {
  if (order_by.empty()) {
    return {};
  }
  if (order_by == "debate_id") {
    return event.debate_id();
  }
  if (order_by == "event_type") {
    return event.event_type();
  }
  if (order_by == "source") {
    return event.source();
  }
  std::string_view value = event.attribute(order_by);
  if (value.size() >= 2 && value.front() == '"') {
    value = value.substr(1, value.size() - 2);
  }
  return value;
}

}  // namespace aev::delivery

#include "loader/event_view.h"

#include "loader/plugin_text.h"

namespace aev::loader {

aev_event event_view(const events::Event& from) {
  aev_event to{};
  to.seq = from.seq();
  to.time_unix_ns = from.time_unix_ns();
  to.received_unix_ns = from.received_unix_ns();
  to.id = to_aev_str(from.id());
  to.event_type = to_aev_str(from.event_type());
  to.debate_id = to_aev_str(from.debate_id());
  to.source = to_aev_str(from.source());
  to.content_type = to_aev_str(from.content_type());
  to.data = aev_bytes{from.data().data(), from.data().size()};
  return to;
}

}  // namespace aev::loader

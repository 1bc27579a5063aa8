#include "metrics.h"

namespace aev::websocket {
namespace {

struct Described {
  const char* name;
  const char* help;
  std::uint64_t HubCounters::*counter;
};

constexpr Described kHubCounters[] = {
    {"aragora_websocket_connects_total", "Connections accepted", &HubCounters::connected},
    {"aragora_websocket_bytes_sent_total", "Bytes of messages sent", &HubCounters::bytes_out},
    {"aragora_websocket_events_total", "Events taken from the host", &HubCounters::events_live},
    {"aragora_websocket_serialised_total", "Events turned into frames, once each",
     &HubCounters::events_serialised},
    {"aragora_websocket_slow_clients_total", "Clients dropped because they did not read",
     &HubCounters::slow_clients},
    {"aragora_websocket_dead_clients_total", "Clients dropped because they answered no ping",
     &HubCounters::dead_clients},
    {"aragora_websocket_replays_total", "Subscriptions with replay_from_seq",
     &HubCounters::replays},
    {"aragora_websocket_replayed_events_total", "Events sent from the log",
     &HubCounters::events_replayed},
    {"aragora_websocket_rate_limited_total", "Messages of clients over the allowed rate",
     &HubCounters::rate_limited},
};

struct DescribedRefusal {
  const char* reason;
  std::uint64_t RefusalCounters::*counter;
};

constexpr DescribedRefusal kRefusals[] = {
    {"bad_request", &RefusalCounters::bad_request},
    {"origin", &RefusalCounters::origin},
    {"address", &RefusalCounters::address},
    {"full", &RefusalCounters::full},
    {"auth", &RefusalCounters::auth},
    {"debate", &RefusalCounters::debate},
    {"tls", &RefusalCounters::tls},
};

}  // namespace

Metrics::Metrics(sdk::Host host) {
  const std::string_view name = host.subscriber_name();
  clients_ = host.metric(AEV_METRIC_GAUGE, "aragora_websocket_connections_active",
                         "Clients connected", {{"subscriber", name}});
  for (const char* direction : {"in", "out"}) {
    hub_counters_.push_back({host.metric(AEV_METRIC_COUNTER, "aragora_websocket_messages_total",
                                         "Messages from and to clients",
                                         {{"subscriber", name}, {"direction", direction}}),
                             0});
  }
  for (const Described& each : kHubCounters) {
    hub_counters_.push_back(
        {host.metric(AEV_METRIC_COUNTER, each.name, each.help, {{"subscriber", name}}), 0});
  }
  for (const DescribedRefusal& each : kRefusals) {
    refusals_.push_back({host.metric(AEV_METRIC_COUNTER, "aragora_websocket_refused_total",
                                     "Handshakes that were refused",
                                     {{"subscriber", name}, {"reason", each.reason}}),
                         0});
  }
}

void Metrics::update(const Hub& hub, const RefusalCounters& refusals) {
  const HubCounters& counters = hub.counters();
  clients_.set(static_cast<double>(hub.open_clients()));
  hub_counters_[0].to(counters.messages_in);
  hub_counters_[1].to(counters.messages_out);
  for (std::size_t i = 0; i < std::size(kHubCounters); ++i) {
    hub_counters_[i + 2].to(counters.*kHubCounters[i].counter);
  }
  for (std::size_t i = 0; i < std::size(kRefusals); ++i) {
    refusals_[i].to(refusals.*kRefusals[i].counter);
  }
}

}  // namespace aev::websocket

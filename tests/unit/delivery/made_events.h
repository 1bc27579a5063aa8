#pragma once

#include <string>
#include <vector>

#include "events/event.h"
#include "events/targets.h"

namespace aev::delivery::testing {

/// Received by every event that says nothing else.
inline constexpr std::int64_t kReceivedUnixNs = 1'700'000'000'000'000'000;

/// An event as the store would hand it out.
struct EventPlan {
  events::Seq seq = 0;
  std::vector<events::SubscriberId> targets = {1};
  std::string event_type = "vote";
  std::string debate_id;
  std::string data = "{}";
  std::int64_t received_unix_ns = kReceivedUnixNs;
};

inline events::RoutedEvent made(const EventPlan& plan) {
  const std::string id = "e" + std::to_string(plan.seq);
  events::EventFields fields;
  fields.id = id;
  fields.event_type = plan.event_type;
  fields.debate_id = plan.debate_id;
  fields.data = plan.data;
  fields.time_unix_ns = plan.received_unix_ns;
  fields.received_unix_ns = plan.received_unix_ns;
  events::EventRef event = events::Event::create(fields);
  event.mutable_event().set_seq(plan.seq);
  return {std::move(event), events::TargetSet::create(plan.targets)};
}

inline events::RoutedEvent made(events::Seq seq) {
  EventPlan plan;
  plan.seq = seq;
  return made(plan);
}

/// An event of `debate`, which order_by can go by.
inline events::RoutedEvent made_in(const std::string& debate, events::Seq seq) {
  EventPlan plan;
  plan.seq = seq;
  plan.debate_id = debate;
  return made(plan);
}

}  // namespace aev::delivery::testing

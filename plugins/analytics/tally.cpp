#include "tally.h"

#include <algorithm>

#include "granularity.h"

namespace aev::analytics {
namespace {

/// The entry of that name, made if need be without a copy of the name otherwise.
template <typename T>
T& entry(ByName<T>& map, std::string_view name) {
  const auto found = map.find(name);
  return found != map.end() ? found->second : map.try_emplace(std::string(name)).first->second;
}

std::int64_t AgentTally::*what_it_did(EventKind kind) {
  switch (kind) {
    case EventKind::kMessage:
      return &AgentTally::messages;
    case EventKind::kCritique:
      return &AgentTally::critiques;
    case EventKind::kVote:
      return &AgentTally::votes_cast;
    case EventKind::kAgentError:
    case EventKind::kError:
      return &AgentTally::errors;
    default:
      return nullptr;
  }
}

void count(EventKind kind, std::int64_t time_ns, DebateTally& debate) {
  debate.debate_events += is_debate_event(kind) ? 1 : 0;
  switch (kind) {
    case EventKind::kDebateStart:
      debate.started_ns = std::min(debate.started_ns.value_or(time_ns), time_ns);
      break;
    case EventKind::kDebateEnd:
      debate.ended_ns = std::max(debate.ended_ns.value_or(time_ns), time_ns);
      break;
    case EventKind::kMessage:
      ++debate.messages;
      break;
    case EventKind::kCritique:
      ++debate.critiques;
      break;
    case EventKind::kVote:
      ++debate.votes;
      break;
    case EventKind::kAgentError:
    case EventKind::kError:
      ++debate.errors;
      break;
    default:
      break;
  }
}

}  // namespace

void Tally::clear(std::optional<std::int64_t> first_debate_ns) {
  first_debate_ns_ = first_debate_ns;
  counts_.clear();
  agents_.clear();
  debates_.clear();
  known_agents_.clear();
}

DebateTally* Tally::debate_of(const EventReading& reading, std::int64_t time_ns) {
  if (reading.debate_id.empty() || (first_debate_ns_ && time_ns < *first_debate_ns_)) {
    return nullptr;
  }
  return &entry(debates_, reading.debate_id);
}

void Tally::take_part(std::string_view name, DebateTally* debate) {
  if (!known_agents_.contains(name)) {
    known_agents_.emplace(name);
  }
  if (debate != nullptr) {
    entry(debate->names, name).is_agent = true;
  }
}

void Tally::add_agent(std::string_view name,
                      std::int64_t minute,
                      DebateTally* debate,
                      std::int64_t AgentTally::*what) {
  ++(entry(agents_, name)[minute].*what);
  if (debate != nullptr) {
    ++(entry(debate->names, name).*what);
  }
}

void Tally::add(const sdk::Event& event, const EventReading& reading, std::uint64_t order) {
  const std::int64_t time_ns = event.time_unix_ns();
  const std::int64_t minute = bucket_of(seconds_of_ns(time_ns), seconds_of(Granularity::kMinute));
  ++entry(counts_, event.event_type())[minute];

  DebateTally* const debate = debate_of(reading, time_ns);
  if (debate != nullptr) {
    debate->first_ns = std::min(debate->first_ns, time_ns);
    debate->last_ns = std::max(debate->last_ns, time_ns);
    ++debate->events;
  }
  if (reading.kind == EventKind::kOther) {
    return;
  }
  if (debate != nullptr) {
    count(reading.kind, time_ns, *debate);
    debate->last_round = std::max(debate->last_round, reading.round);
    for (const auto& [fact, value] : reading.facts) {
      debate->facts.set(fact, order, value);
    }
  }
  for (const std::string_view name : reading.agents) {
    take_part(name, debate);
  }
  if (!reading.agent.empty()) {
    take_part(reading.agent, debate);
    if (const auto what = what_it_did(reading.kind)) {
      add_agent(reading.agent, minute, debate, what);
    }
  }
  if (!reading.choice.empty()) {
    add_agent(reading.choice, minute, debate, &AgentTally::votes_received);
  }
}

}  // namespace aev::analytics

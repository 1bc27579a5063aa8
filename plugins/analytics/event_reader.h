#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include <aev/plugin.hpp>

#include "debate_facts.h"

namespace aev::analytics {

/// What an event is to the rollup, by its type.
enum class EventKind : std::uint8_t {
  kOther,  ///< counted only
  kDebateStart,
  kDebateEnd,
  kRoundStart,
  kMessage,
  kCritique,
  kVote,
  kConsensus,
  kSynthesis,
  kAgentError,
  kError,
};

[[nodiscard]] EventKind kind_of(std::string_view event_type) noexcept;

/// True for the types that make a debate of whatever has a debate_id.
[[nodiscard]] constexpr bool is_debate_event(EventKind kind) noexcept {
  return kind >= EventKind::kDebateStart && kind <= EventKind::kSynthesis;
}

/// What one event says. Views are valid until the next read() of the same reader, and no longer
/// than the event.
struct EventReading {
  EventKind kind = EventKind::kOther;
  std::string_view debate_id;            ///< of the event, or else of its data; empty: none
  std::string_view agent;                ///< who acted; empty: not said
  std::string_view choice;               ///< of a vote
  std::int64_t round = 0;                ///< 0: not said
  std::vector<std::string_view> agents;  ///< that debate_start names
  std::vector<std::pair<Fact, FactValue>> facts;
  bool unreadable = false;    ///< the data is no JSON object though it should be one
  std::uint32_t ignored = 0;  ///< members of the data that have a wrong type
};

/// Reads what the rollup needs from an event, in both spellings of its data that are in use. Data
/// that it cannot read it ignores, and says so; never an error. Confined to one thread.
class EventReader {
 public:
  EventReader();
  ~EventReader();
  EventReader(const EventReader&) = delete;
  EventReader& operator=(const EventReader&) = delete;

  /// Valid until the next call.
  [[nodiscard]] const EventReading& read(const sdk::Event& event);

 private:
  struct Parsers;

  const std::unique_ptr<Parsers> parsers_;
  EventReading reading_;
};

}  // namespace aev::analytics

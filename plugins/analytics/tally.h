#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include <aev/plugin.hpp>

#include "debate_facts.h"
#include "event_reader.h"

namespace aev::analytics {

struct TextHash {
  using is_transparent = void;

  std::size_t operator()(std::string_view text) const noexcept {
    return std::hash<std::string_view>()(text);
  }
};

template <typename T>
using ByName = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

/// What an agent did, or how often a choice was voted for.
struct AgentTally {
  std::int64_t messages = 0;
  std::int64_t critiques = 0;
  std::int64_t votes_cast = 0;
  std::int64_t votes_received = 0;
  std::int64_t errors = 0;
  bool is_agent = false;  ///< took part; a name that was only voted for did not
};

/// What a group of events adds to one debate.
struct DebateTally {
  std::int64_t first_ns = std::numeric_limits<std::int64_t>::max();
  std::int64_t last_ns = std::numeric_limits<std::int64_t>::min();
  std::optional<std::int64_t> started_ns;  ///< earliest debate_start
  std::optional<std::int64_t> ended_ns;    ///< latest debate_end
  std::int64_t events = 0;
  std::int64_t debate_events = 0;
  std::int64_t messages = 0;
  std::int64_t critiques = 0;
  std::int64_t votes = 0;
  std::int64_t errors = 0;
  std::int64_t last_round = 0;
  DebateFacts facts;
  ByName<AgentTally> names;
};

/// The sums over a group of events, in memory: what is then added to the file in one go. Sums,
/// minima, maxima and "latest by order" only, so that the order of events does not matter.
class Tally {
 public:
  /// By the start of the minute, in Unix seconds.
  template <typename T>
  using ByMinute = std::unordered_map<std::int64_t, T>;

  /// Begins anew. Events before `first_debate_ns` count in no debate.
  void clear(std::optional<std::int64_t> first_debate_ns);

  /// Counts an event; `order` is its place among all events, ascending.
  void add(const sdk::Event& event, const EventReading& reading, std::uint64_t order);

  [[nodiscard]] const ByName<ByMinute<std::int64_t>>& counts() const { return counts_; }

  [[nodiscard]] const ByName<ByMinute<AgentTally>>& agents() const { return agents_; }

  [[nodiscard]] const ByName<DebateTally>& debates() const { return debates_; }

  /// Everyone who took part in anything.
  [[nodiscard]] const std::unordered_set<std::string, TextHash, std::equal_to<>>& known_agents()
      const {
    return known_agents_;
  }

 private:
  void add_agent(std::string_view name,
                 std::int64_t minute,
                 DebateTally* debate,
                 std::int64_t AgentTally::*what);
  void take_part(std::string_view name, DebateTally* debate);
  [[nodiscard]] DebateTally* debate_of(const EventReading& reading, std::int64_t time_ns);

  std::optional<std::int64_t> first_debate_ns_;
  ByName<ByMinute<std::int64_t>> counts_;
  ByName<ByMinute<AgentTally>> agents_;
  ByName<DebateTally> debates_;
  std::unordered_set<std::string, TextHash, std::equal_to<>> known_agents_;
};

}  // namespace aev::analytics

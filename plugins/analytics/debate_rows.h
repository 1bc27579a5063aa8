#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "database.h"
#include "granularity.h"
#include "query_parameters.h"

namespace aev::analytics {

/// A debate as queries show it: what its events state, made into one answer.
struct DebateRow {
  std::int64_t id = 0;
  std::string debate_id;
  std::int64_t start_ns = 0;  ///< of debate_start, or else of its first event
  std::optional<std::int64_t> ended_ns;
  std::int64_t last_ns = 0;
  std::string outcome;  ///< completed, failed, or running
  std::string failure;  ///< why it failed
  std::optional<std::string> task;
  std::optional<std::string> domain;
  std::optional<std::string> protocol;
  std::optional<std::string> winner;
  std::optional<std::int64_t> planned_rounds;
  std::optional<bool> consensus;  ///< by debate_end, or else by consensus
  std::optional<double> confidence;
  std::int64_t rounds = 0;
  std::optional<double> duration_s;
  std::int64_t agents = 0;
  std::int64_t events = 0;
  std::int64_t messages = 0;
  std::int64_t critiques = 0;
  std::int64_t votes = 0;
  std::int64_t errors = 0;
};

/// Which debates.
struct DebateFilter {
  Period period;  ///< of the start
  std::string debate_id;
  std::string domain;
  std::string protocol;
  std::string outcome;
  std::optional<std::int64_t> first_ns;  ///< those whose last event is older are gone
  std::int64_t limit = -1;               ///< newest first; -1: all
};

/// What a domain or protocol that no event stated is called.
inline constexpr std::string_view kUnknown = "unknown";

/// Calls `take` with each debate, the latest start first.
void for_each_debate(Database& database,
                     const DebateFilter& filter,
                     const std::function<void(const DebateRow&)>& take);

}  // namespace aev::analytics

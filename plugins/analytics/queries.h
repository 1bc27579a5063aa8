#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <aev/plugin.hpp>

#include "options.h"

namespace aev::analytics {

/// What a query works on.
struct QueryContext {
  const Options& options;
  std::int64_t now_ns = 0;
};

/// Answers from the file, over a connection of its own. Each throws sdk::ConfigError for a wrong
/// parameter and std::runtime_error if the file cannot be read.
void query_counts(const QueryContext& context, std::string_view parameters, sdk::Answer& answer);
void query_activity(const QueryContext& context, std::string_view parameters, sdk::Answer& answer);
void query_debate_stats(const QueryContext& context,
                        std::string_view parameters,
                        sdk::Answer& answer);
void query_debates(const QueryContext& context, std::string_view parameters, sdk::Answer& answer);
void query_debate(const QueryContext& context, std::string_view parameters, sdk::Answer& answer);
void query_leaderboard(const QueryContext& context,
                       std::string_view parameters,
                       sdk::Answer& answer);

/// What may be asked, as aev_query.queries_json describes it.
[[nodiscard]] const char* queries_json() noexcept;

}  // namespace aev::analytics

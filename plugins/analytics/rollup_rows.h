#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>

#include "database.h"
#include "granularity.h"
#include "tally.h"

namespace aev::analytics {

/// Adds the sums of a Tally to the tables. Confined to the thread of its Database, to be used
/// inside a transaction. Throws DatabaseError.
class RollupRows {
 public:
  explicit RollupRows(Database& database);

  /// Figures that are older than the retention at `now_s` are left out.
  void add(const Tally& tally, const Retention& retention, std::int64_t now_s);

  /// Somebody else has written, or a transaction was rolled back.
  void forget() { known_agents_.clear(); }

 private:
  void add_counts(const Tally& tally, const Retention& retention, std::int64_t now_s);
  void add_agents(const Tally& tally, const Retention& retention, std::int64_t now_s);
  void add_debate(const std::string& debate_id, const DebateTally& added);
  void add_names(std::int64_t debate, const DebateTally& added);

  Database& database_;
  std::unordered_set<std::string> known_agents_;  // in the table `agents` for certain
  Statement add_count_;
  Statement add_agent_;
  Statement add_agent_count_;
  Statement read_debate_;
  Statement insert_debate_;
  Statement update_debate_;
  Statement add_name_;
};

}  // namespace aev::analytics

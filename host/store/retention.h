#pragma once

#include <cstdint>

#include "store/sqlite.h"
#include "store/store.h"

namespace aev::store {

/// Where a pass of retention stands between its steps.
struct RetentionPass {
  std::int64_t now_unix_ns = 0;
  Duration events{};
  Duration attempts{};
  Seq indexed_upto = 0;   ///< later events are still only in the writer's memory by id
  Seq looked_upto = 0;    ///< events up to here have been looked at
  bool finished = false;  ///< there is nothing left to look at
};

/// Deletes some hundred rows that nobody needs any more, in a transaction of its own: expired dead
/// letters, old attempts, and events that are older than their retention, below every registered
/// subscriber's cursor, and in no retry, dead letter or unfinished replay. A subscriber that was
/// taken out of the configuration still holds its events back until it is forgotten: it may come
/// back. Returns the rows deleted; the pass is over when it is 0.
[[nodiscard]] Result<std::uint64_t> retention_step(Connection& connection, RetentionPass& pass);

}  // namespace aev::store

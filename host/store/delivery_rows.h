#pragma once

#include <map>
#include <string>
#include <vector>

#include "store/delivery_records.h"
#include "store/sqlite.h"

namespace aev::store {

/// Writes DeliveryChanges inside the open transaction. Confined to the writer's thread.
class DeliveryWriter {
 public:
  [[nodiscard]] static Result<DeliveryWriter> create(Connection& connection);
  [[nodiscard]] Result<void> apply(const DeliveryChanges& changes);

 private:
  DeliveryWriter() = default;
  [[nodiscard]] Result<void> apply_dead_letters(const DeliveryChanges& changes);

  Statement upsert_retry_;
  Statement delete_retry_;
  Statement add_dead_letter_;
  Statement trim_dead_letters_;
  Statement set_cursor_;
  Statement add_attempt_;
  Statement set_status_;
  Statement upsert_replay_;
  Statement set_state_;
  Statement remove_state_;
};

// Reads and rare writes, each with a statement of its own. They need no lock but the caller's on
// the connection; what changes rows runs inside the caller's transaction.

[[nodiscard]] Result<std::vector<SubscriberRecord>> read_subscribers(Connection& connection);
[[nodiscard]] Result<SubscriberRecord> insert_subscriber(Connection& connection,
                                                         std::string_view name,
                                                         Seq cursor);
/// kNotFound.
[[nodiscard]] Result<void> delete_subscriber(Connection& connection, std::string_view name);

[[nodiscard]] Result<std::map<std::string, std::string>> read_state(Connection& connection,
                                                                    SubscriberId subscriber);
[[nodiscard]] Result<std::vector<RetryRecord>> read_retries(Connection& connection,
                                                            SubscriberId subscriber,
                                                            std::size_t limit);
[[nodiscard]] Result<std::vector<DeadLetterRecord>> read_dead_letters(
    Connection& connection, const DeadLetterFilter& filter);
[[nodiscard]] Result<std::uint64_t> count_dead_letter_rows(Connection& connection,
                                                           const DeadLetterFilter& filter);
[[nodiscard]] Result<void> delete_dead_letter(Connection& connection, std::int64_t id);
[[nodiscard]] Result<std::vector<AttemptRecord>> read_attempts(Connection& connection,
                                                               const AttemptFilter& filter);
[[nodiscard]] Result<std::vector<ReplayRecord>> read_replays(Connection& connection);

}  // namespace aev::store

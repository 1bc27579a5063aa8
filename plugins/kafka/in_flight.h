#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "offset_tracker.h"
#include "rdkafka_handles.h"

namespace aev::kafka {

/// A topic's partition.
using PartitionName = std::pair<std::string, std::int32_t>;

/// How far a message is on its way to being settled.
enum class Stage : std::uint8_t {
  kEvent,       ///< to become an event, or events
  kDeadLetter,  ///< no event: to be written to the dead-letter topic
  kHostEvent,   ///< no event: to become one that tells of it
  kRemnant,     ///< as before, without the value, which the host does not take
};

/// A message that was read and is not settled.
struct InFlight {
  std::uint64_t ticket = 0;
  MessagePtr message;
  Stage stage = Stage::kEvent;
  std::string why;  ///< it is no event
};

/// The messages of the partitions that this member has, from being read until they are settled. A
/// message is either waiting, in the order of its partition, or sent; a ticket names it. Confined
/// to one thread.
class InFlightTable {
 public:
  /// Takes a message that was read; it waits. False if it is known already.
  bool add(MessagePtr message);

  /// Partitions that have waiting messages.
  [[nodiscard]] std::vector<PartitionName> waiting_partitions() const;

  /// The first waiting message of a partition; null if there is none.
  [[nodiscard]] InFlight* first_waiting(const PartitionName& partition);

  /// The first waiting message of `partition` is on its way.
  void sent(const PartitionName& partition);

  /// A message that was sent; null if its partition was taken away meanwhile.
  [[nodiscard]] InFlight* find_sent(std::uint64_t ticket);

  /// A sent message has to be sent again: it waits, in its place.
  void wait_again(std::uint64_t ticket);

  /// A message is settled, sent or the first waiting of its partition.
  void settle(std::uint64_t ticket);

  /// Forgets a partition and all its messages; answers for them find nothing.
  void forget(const PartitionName& partition);

  /// Offsets to store that settle() has reached since the last call.
  [[nodiscard]] std::vector<std::pair<PartitionName, std::int64_t>> take_committable();

  [[nodiscard]] std::size_t count() const noexcept { return count_; }

  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  /// Unsettled messages of one partition that were sent.
  [[nodiscard]] std::size_t sent_count(const PartitionName& partition) const;

  struct PartitionState {
    OffsetTracker offsets;
    std::deque<InFlight> waiting;
    std::size_t sent = 0;
    std::optional<std::int64_t> to_store;
  };

  [[nodiscard]] const std::map<PartitionName, PartitionState>& partitions() const {
    return partitions_;
  }

 private:
  struct Sent {
    PartitionName partition;
    InFlight entry;
  };

  void close(PartitionState& partition, const rd_kafka_message_t& message);

  std::map<PartitionName, PartitionState> partitions_;
  std::map<std::uint64_t, Sent> sent_;
  std::uint64_t next_ticket_ = 1;
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace aev::kafka

#include "in_flight.h"

#include <algorithm>

namespace aev::kafka {
namespace {

PartitionName name_of(const rd_kafka_message_t& message) {
  return {rd_kafka_topic_name(message.rkt), message.partition};
}

std::size_t size_of(const rd_kafka_message_t& message) {
  return message.len + message.key_len;
}

}  // namespace

bool InFlightTable::add(MessagePtr message) {
  PartitionState& partition = partitions_[name_of(*message)];
  if (!partition.offsets.open(message->offset)) {
    return false;
  }
  ++count_;
  bytes_ += size_of(*message);
  partition.waiting.push_back({next_ticket_++, std::move(message), Stage::kEvent, {}});
  return true;
}

std::vector<PartitionName> InFlightTable::waiting_partitions() const {
  std::vector<PartitionName> names;
  for (const auto& [name, partition] : partitions_) {
    if (!partition.waiting.empty()) {
      names.push_back(name);
    }
  }
  return names;
}

InFlight* InFlightTable::first_waiting(const PartitionName& name) {
  const auto found = partitions_.find(name);
  return found == partitions_.end() || found->second.waiting.empty()
             ? nullptr
             : &found->second.waiting.front();
}

void InFlightTable::sent(const PartitionName& name) {
  PartitionState& partition = partitions_.at(name);
  InFlight entry = std::move(partition.waiting.front());
  partition.waiting.pop_front();
  ++partition.sent;
  const std::uint64_t ticket = entry.ticket;
  sent_.emplace(ticket, Sent{name, std::move(entry)});
}

InFlight* InFlightTable::find_sent(std::uint64_t ticket) {
  const auto found = sent_.find(ticket);
  return found == sent_.end() ? nullptr : &found->second.entry;
}

void InFlightTable::wait_again(std::uint64_t ticket) {
  const auto found = sent_.find(ticket);
  if (found == sent_.end()) {
    return;
  }
  PartitionState& partition = partitions_.at(found->second.partition);
  --partition.sent;
  // Tickets ascend with the offsets of a partition.
  const auto place = std::find_if(partition.waiting.begin(), partition.waiting.end(),
                                  [&](const InFlight& each) { return each.ticket > ticket; });
  partition.waiting.insert(place, std::move(found->second.entry));
  sent_.erase(found);
}

void InFlightTable::settle(std::uint64_t ticket) {
  if (const auto found = sent_.find(ticket); found != sent_.end()) {
    const Sent sent = std::move(found->second);
    sent_.erase(found);
    PartitionState& partition = partitions_.at(sent.partition);
    --partition.sent;
    close(partition, *sent.entry.message);
    return;
  }
  for (auto& [name, partition] : partitions_) {
    if (!partition.waiting.empty() && partition.waiting.front().ticket == ticket) {
      const InFlight entry = std::move(partition.waiting.front());
      partition.waiting.pop_front();
      close(partition, *entry.message);
      return;
    }
  }
}

void InFlightTable::close(PartitionState& partition, const rd_kafka_message_t& message) {
  --count_;
  bytes_ -= size_of(message);
  if (const auto reached = partition.offsets.close(message.offset)) {
    partition.to_store = reached;
  }
}

void InFlightTable::forget(const PartitionName& name) {
  const auto found = partitions_.find(name);
  if (found == partitions_.end()) {
    return;
  }
  const auto drop = [&](const InFlight& entry) {
    --count_;
    bytes_ -= size_of(*entry.message);
  };
  std::for_each(found->second.waiting.begin(), found->second.waiting.end(), drop);
  partitions_.erase(found);
  for (auto each = sent_.begin(); each != sent_.end();) {
    if (each->second.partition == name) {
      drop(each->second.entry);
      each = sent_.erase(each);
    } else {
      ++each;
    }
  }
}

std::vector<std::pair<PartitionName, std::int64_t>> InFlightTable::take_committable() {
  std::vector<std::pair<PartitionName, std::int64_t>> offsets;
  for (auto& [name, partition] : partitions_) {
    if (partition.to_store) {
      offsets.emplace_back(name, *partition.to_store);
      partition.to_store.reset();
    }
  }
  return offsets;
}

std::size_t InFlightTable::sent_count(const PartitionName& name) const {
  const auto found = partitions_.find(name);
  return found == partitions_.end() ? 0 : found->second.sent;
}

}  // namespace aev::kafka

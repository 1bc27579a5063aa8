#include "source_status.h"

#include <algorithm>
#include <sstream>

#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>

namespace aev::kafka {
namespace {

using Poco::JSON::Array;
using Poco::JSON::Object;

std::int64_t lag_of(const PartitionPosition& position) {
  return position.settled < 0 || position.high < 0
             ? 0
             : std::max<std::int64_t>(0, position.high - position.settled);
}

}  // namespace

std::vector<PartitionPosition> read_positions(rd_kafka_t& client, const InFlightTable& table) {
  std::vector<PartitionPosition> positions;
  rd_kafka_topic_partition_list_t* raw = nullptr;
  if (rd_kafka_assignment(&client, &raw) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return positions;
  }
  const PartitionsPtr assigned(raw);
  for (int i = 0; i < assigned->cnt; ++i) {
    PartitionPosition position;
    position.name = {assigned->elems[i].topic, assigned->elems[i].partition};
    std::int64_t low = -1;
    static_cast<void>(rd_kafka_get_watermark_offsets(
        &client, assigned->elems[i].topic, assigned->elems[i].partition, &low, &position.high));
    if (const auto found = table.partitions().find(position.name);
        found != table.partitions().end()) {
      position.settled = found->second.offsets.settled_upto().value_or(-1);
      position.open = found->second.offsets.open_count();
    }
    positions.push_back(std::move(position));
  }
  return positions;
}

std::int64_t total_lag(const SourceStatus& status) {
  std::int64_t lag = 0;
  for (const PartitionPosition& position : status.partitions) {
    lag += lag_of(position);
  }
  return lag;
}

std::string to_json(const SourceStatus& status) {
  Object messages(Poco::JSON_PRESERVE_KEY_ORDER);
  messages.set("emitted", status.counts.taken);
  messages.set("dead_lettered", status.counts.dead_lettered);
  messages.set("skipped", status.counts.skipped);
  messages.set("in_flight", static_cast<std::uint64_t>(status.open));
  Array::Ptr partitions(new Array);
  for (const PartitionPosition& position : status.partitions) {
    Object one(Poco::JSON_PRESERVE_KEY_ORDER);
    one.set("topic", position.name.first);
    one.set("partition", position.name.second);
    one.set("settled_offset", position.settled);
    one.set("end_offset", position.high);
    one.set("lag", lag_of(position));
    one.set("in_flight", static_cast<std::uint64_t>(position.open));
    partitions->add(one);
  }
  Object root(Poco::JSON_PRESERVE_KEY_ORDER);
  root.set("group", status.group);
  root.set("paused", status.paused);
  root.set("rebalances", status.rebalances);
  root.set("messages", messages);
  root.set("bytes", status.counts.bytes);
  root.set("lag", total_lag(status));
  root.set("last_error", status.last_error);
  root.set("partitions", partitions);
  std::ostringstream out;
  root.stringify(out);
  return out.str();
}

}  // namespace aev::kafka

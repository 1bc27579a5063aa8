#include "producer_client.h"

#include <utility>

namespace aev::kafka {
namespace {

constexpr const char* kStatisticsMs = "10000";

}  // namespace

ClientPtr make_producer(const PublishOptions& options,
                        std::chrono::milliseconds timeout,
                        bool alone) {
  ConfPtr conf = make_producer_conf(options, timeout);
  if (alone) {
    set_property(*conf, "batch.num.messages", "1");
  } else {
    set_property(*conf, "statistics.interval.ms", kStatisticsMs);
  }
  set_property(*conf, "log.queue", "true");
  rd_kafka_conf_set_events(conf.get(), RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR |
                                           RD_KAFKA_EVENT_STATS | RD_KAFKA_EVENT_LOG);
  return make_client(RD_KAFKA_PRODUCER, std::move(conf));
}

QueuePtr main_queue(rd_kafka_t& client) {
  QueuePtr queue(rd_kafka_queue_get_main(&client));
  rd_kafka_set_log_queue(&client, queue.get());
  return queue;
}

}  // namespace aev::kafka

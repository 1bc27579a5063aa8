#pragma once

#include <chrono>

#include "publish_options.h"
#include "rdkafka_handles.h"

namespace aev::kafka {

/// A producer whose reports, errors, statistics and log entries are all events of its main queue.
/// `alone` sends each message in a batch of its own. Throws std::runtime_error.
[[nodiscard]] ClientPtr make_producer(const PublishOptions& options,
                                      std::chrono::milliseconds timeout,
                                      bool alone);

/// Where those events come.
[[nodiscard]] QueuePtr main_queue(rd_kafka_t& client);

}  // namespace aev::kafka

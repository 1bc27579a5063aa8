#include "publisher.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "message_record.h"
#include "outcome.h"
#include "produce.h"
#include "producer_client.h"
#include "publish_status.h"

namespace aev::kafka {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kUsualEnvelopeBytes = 256;  // of a value beside the event's data
constexpr std::size_t kMostTopicHandles = 4096;

/// How long librdkafka may try before the host's own deadline for the lease makes the outcome void.
milliseconds message_timeout(milliseconds lease, milliseconds linger) {
  const milliseconds margin = std::max<milliseconds>(milliseconds(1500), lease / 10);
  const milliseconds timeout = lease - std::min(margin, lease / 2);
  if (timeout <= linger) {
    throw std::runtime_error("`linger` of " + std::to_string(linger.count()) +
                             "ms does not fit into the subscriber's `timeout` of " +
                             std::to_string(lease.count()) + "ms: raise the timeout");
  }
  return timeout;
}

}  // namespace

Publisher::Publisher(PublishOptions options, sdk::Host host, milliseconds timeout)
    : options_(std::move(options)),
      host_(host),
      timeout_(message_timeout(timeout, options_.linger)),
      client_(make_producer(options_, timeout_, false)),
      queue_(main_queue(*client_)) {
  constexpr double kBounds[] = {.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30};
  constexpr const char* kResults[] = {"delivered", "retry", "rejected", "not_connected"};
  for (std::size_t i = 0; i < std::size(kResults); ++i) {
    by_result_[i] = host_.metric(
        AEV_METRIC_COUNTER, "aragora_kafka_messages_total", "Messages by what became of them",
        {{"subscriber", host_.subscriber_name()}, {"result", kResults[i]}});
  }
  bytes_ =
      host_.metric(AEV_METRIC_COUNTER, "aragora_kafka_bytes_total",
                   "Keys and values that brokers took", {{"subscriber", host_.subscriber_name()}});
  latency_ = host_.metric(AEV_METRIC_HISTOGRAM, "aragora_kafka_latency_seconds",
                          "From a lease to the broker's word, once for events settled together",
                          {{"subscriber", host_.subscriber_name()}}, kBounds);
  connected_ =
      host_.metric(AEV_METRIC_GAUGE, "aragora_kafka_connected", "1 unless no broker can be reached",
                   {{"subscriber", host_.subscriber_name()}});
  connected_.set(1);
  thread_ = std::thread([this] { run(); });
}

Publisher::~Publisher() {
  {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
  }
  rd_kafka_queue_yield(queue_.get());
  thread_.join();
  for (rd_kafka_t* client : {client_.get(), lone_client_.get()}) {
    if (client != nullptr) {
      rd_kafka_purge(client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    }
  }
}

// --- deliver() ----------------------------------------------------------------------------------

std::uint32_t Publisher::deliver(const sdk::Batch& batch, bool& busy) {
  busy = false;
  if (link_.load() == Link::kDown) {
    counters_.not_connected.fetch_add(batch.size());
    batch.complete_all(sdk::NotConnected(last_error()));
    return batch.size();
  }
  PublishLease& lease = shelf_.add(batch);
  if (!value_is_data(options_.format)) {
    std::size_t expected = 0;
    for (const sdk::Event event : batch) {
      expected += event.data().size() + kUsualEnvelopeBytes;
    }
    lease.values.reserve(expected);
    lease.ends.reserve(batch.size());
    for (const sdk::Event event : batch) {
      append_value(lease.values, options_.format, event);
      lease.ends.push_back(lease.values.size());
    }
  }
  std::uint32_t taken = 0;
  for (; taken < batch.size(); ++taken) {
    const sdk::Event event = batch[taken];
    MessageTag& tag = lease.tags[taken];
    fields_.next_event();
    if (std::string why = options_.topic.expand(fields_, event, topic_name_); !why.empty()) {
      settle_now(tag, AEV_REJECT, RD_KAFKA_RESP_ERR__INVALID_ARG, std::move(why));
      continue;
    }
    std::string_view value = event.data();
    if (!value_is_data(options_.format)) {
      const std::size_t begin = taken == 0 ? 0 : lease.ends[taken - 1];
      value = std::string_view(lease.values).substr(begin, lease.ends[taken] - begin);
    }
    const rd_kafka_resp_err_t error = produce(topic_of(topic_name_), event, value, tag);
    if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      busy = true;
      break;
    }
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      settle_now(tag, outcome_of(error), error, describe_error(error, topic_name_));
    }
  }
  if (busy) {
    blocked_at_.store(queued_.load());
    blocked_.store(true);  // run() looks at it after each report
    rd_kafka_queue_yield(queue_.get());
  }
  shelf_.settle(lease, batch.size() - taken + 1);
  return taken;
}

rd_kafka_topic_t* Publisher::topic_of(const std::string& name) {
  if (last_topic_ != nullptr && name == last_topic_name_) {
    return last_topic_;
  }
  last_topic_name_ = name;
  if (const auto found = topics_.find(name); found != topics_.end()) {
    return last_topic_ = found->second.get();
  }
  if (topics_.size() >= kMostTopicHandles) {
    topics_.clear();  // those in use live on with their messages
  }
  TopicPtr topic(rd_kafka_topic_new(client_.get(), name.c_str(), nullptr));
  return last_topic_ = topics_.emplace(name, std::move(topic)).first->second.get();
}

rd_kafka_resp_err_t Publisher::produce(rd_kafka_topic_t* topic,
                                       const sdk::Event& event,
                                       std::string_view value,
                                       MessageTag& tag) {
  if (topic == nullptr) {
    return rd_kafka_last_error();
  }
  const std::string_view key =
      options_.key ? fields_.read(*options_.key, event) : std::string_view();
  OutgoingMessage message;
  message.topic = topic;
  message.key = key.empty() ? nullptr : key.data();
  message.key_bytes = key.size();
  // The host keeps it where it is until the event is completed.
  message.value = value.empty() ? nullptr : value.data();
  message.value_bytes = value.size();
  message.headers = make_headers(options_, event);
  message.opaque = &tag;
  queued_.fetch_add(1);
  const rd_kafka_resp_err_t error = kafka::produce(*client_, std::move(message));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    queued_.fetch_sub(1);
  }
  return error;
}

void Publisher::settle_now(const MessageTag& tag,
                           aev_outcome outcome,
                           std::int32_t code,
                           std::string why) {
  const aev_result result{tag.lease->batch_id, tag.index, 1, outcome, 0, 0, code, sdk::str(why)};
  count(result);
  host_.complete(std::span(&result, 1));
  shelf_.settle(*tag.lease, 1);
}

void Publisher::stop(sdk::MonoTime deadline) {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    stop_deadline_ = deadline;
  }
  rd_kafka_queue_yield(queue_.get());
}

std::string Publisher::last_error() const {
  const std::lock_guard lock(mutex_);
  return last_error_.empty() ? "no broker answers" : last_error_;
}

std::string Publisher::status() const {
  PublishStatus status;
  status.connected = link_.load() != Link::kDown;
  status.queued = queued_.load();
  status.delivered = counters_.delivered.load();
  status.rejected = counters_.rejected.load();
  status.retried = counters_.retried.load();
  status.not_connected = counters_.not_connected.load();
  status.bytes = counters_.bytes.load();
  {
    const std::lock_guard lock(mutex_);
    status.last_error = last_error_;
    status.statistics = statistics_;
  }
  status.brokers = options_.client.brokers;
  return to_json(status);
}

}  // namespace aev::kafka

#include "publisher.h"

#include <algorithm>
#include <pthread.h>
#include <stdexcept>
#include <utility>

#include "message_record.h"
#include "outcome.h"
#include "produce.h"
#include "publish_status.h"

namespace aev::kafka {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// A broker that restarts, or a connection that was idle for too long, comes back within this time;
/// then nothing has to be given back.
constexpr auto kGrace = std::chrono::seconds(2);
constexpr int kTickMs = 100;
constexpr int kProbeMs = 1000;
constexpr std::size_t kUsualEnvelopeBytes = 256;  // of a value beside the event's data
constexpr std::size_t kMostTopicHandles = 4096;
constexpr const char* kStatisticsMs = "10000";

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

ClientPtr make_producer(const PublishOptions& options, milliseconds timeout, bool lone) {
  ConfPtr conf = make_producer_conf(options, timeout);
  if (lone) {
    set_property(*conf, "batch.num.messages", "1");
  } else {
    set_property(*conf, "statistics.interval.ms", kStatisticsMs);
  }
  set_property(*conf, "log.queue", "true");
  rd_kafka_conf_set_events(conf.get(), RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR |
                                           RD_KAFKA_EVENT_STATS | RD_KAFKA_EVENT_LOG);
  return make_client(RD_KAFKA_PRODUCER, std::move(conf));
}

QueuePtr main_queue(rd_kafka_t* client) {
  QueuePtr queue(rd_kafka_queue_get_main(client));
  rd_kafka_set_log_queue(client, queue.get());
  return queue;
}

}  // namespace

Publisher::Publisher(PublishOptions options, sdk::Host host, milliseconds timeout)
    : options_(std::move(options)),
      host_(host),
      timeout_(message_timeout(timeout, options_.linger)),
      client_(make_producer(options_, timeout_, false)),
      queue_(main_queue(client_.get())) {
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

// --- the thread ---------------------------------------------------------------------------------

void Publisher::run() {
  pthread_setname_np(pthread_self(), "aev-kafka-out");
  while (!should_end()) {
    if (EventPtr event{rd_kafka_queue_poll(queue_.get(), kTickMs)}) {
      handle(std::move(event));
    }
    while (lone_queue_) {
      EventPtr event{rd_kafka_queue_poll(lone_queue_.get(), 0)};
      if (!event) {
        break;
      }
      handle(std::move(event));
    }
    supervise();
  }
  bool abandoned = false;
  {
    const std::lock_guard lock(mutex_);
    abandoned = abandoned_;
  }
  if (!abandoned) {
    host_.stopped();
  }
}

void Publisher::handle(EventPtr event) {
  switch (rd_kafka_event_type(event.get())) {
    case RD_KAFKA_EVENT_DR:
      take_reports(*event);
      event.reset();  // what the messages point to may be gone once the host knows
      settle_reports();
      break;
    case RD_KAFKA_EVENT_ERROR:
      take_error(*event);
      break;
    case RD_KAFKA_EVENT_LOG:
      take_log(*event);
      break;
    case RD_KAFKA_EVENT_STATS: {
      const std::lock_guard lock(mutex_);
      statistics_ = rd_kafka_event_stats(event.get());
      break;
    }
    default:
      break;
  }
}

void Publisher::take_reports(rd_kafka_event_t& event) {
  std::int64_t bytes = 0;
  std::int64_t messages = 0;
  bool answered = false;
  bool timed_out = false;
  while (const rd_kafka_message_t* const message = rd_kafka_event_message_next(&event)) {
    auto& tag = *static_cast<MessageTag*>(message->_private);
    ++messages;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      bytes += static_cast<std::int64_t>(message->len + message->key_len);
      answered = true;
      runs_.add(tag, message->err, {});
      continue;
    }
    if (message->err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE && !tag.alone &&
        send_alone(*message, tag)) {
      continue;
    }
    timed_out = timed_out || message->err == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT;
    runs_.add(tag, message->err, rd_kafka_topic_name(message->rkt));
  }
  queued_.fetch_sub(messages);
  counters_.bytes.fetch_add(static_cast<std::uint64_t>(bytes));
  bytes_.record(static_cast<double>(bytes));
  if (answered) {
    suspect_since_ = {};
  }
  if (timed_out && link_.load() == Link::kUp) {
    // Later messages must not overtake the one that timed out: all go back, and come in order.
    go_down("no broker answered in time for a message");
  }
}

/// A broker refuses a whole batch for its size. Only a message that is refused on its own is too
/// large; the others were innocent.
bool Publisher::send_alone(const rd_kafka_message_t& message, MessageTag& tag) {
  try {
    if (!lone_client_) {
      lone_client_ = make_producer(options_, timeout_, true);
      lone_queue_ = main_queue(lone_client_.get());
      host_.log(AEV_LOG_WARNING,
                "a broker refused a batch as too large: its messages are sent one by one; set "
                "batch_bytes below the topic's max.message.bytes",
                {{"topic", rd_kafka_topic_name(message.rkt)}});
    }
  } catch (const std::runtime_error&) {
    return false;  // the report stands as it is
  }
  OutgoingMessage again;
  again.topic_name = rd_kafka_topic_name(message.rkt);
  again.key = message.key;
  again.key_bytes = message.key_len;
  again.value = message.payload;
  again.value_bytes = message.len;
  again.headers = copy_headers(message);
  again.opaque = &tag;
  tag.alone = true;
  queued_.fetch_add(1);
  std::string why;
  const rd_kafka_resp_err_t error = kafka::produce(*lone_client_, std::move(again), &why);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    queued_.fetch_sub(1);
    runs_.add(tag, AEV_RETRY, error,
              "the batch was too large, and sending its messages one by one: " + why);
  }
  return true;
}

void Publisher::take_error(rd_kafka_event_t& event) {
  const rd_kafka_resp_err_t error = rd_kafka_event_error(&event);
  const std::string text = rd_kafka_event_error_string(&event);
  if (rd_kafka_event_error_is_fatal(&event) != 0) {
    if (!failed_) {
      failed_ = true;
      host_.failed("the idempotent producer cannot go on, another one is made: " + text);
    }
    return;
  }
  if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
    if (suspect_since_ == sdk::MonoTime{}) {
      suspect_since_ = steady_clock::now();
    }
    return;  // the error before it says why
  }
  const std::lock_guard lock(mutex_);
  last_error_ = text;
}

void Publisher::take_log(rd_kafka_event_t& event) {
  const char* facility = "";
  const char* text = "";
  int level = 0;
  if (rd_kafka_event_log(&event, &facility, &text, &level) == 0) {
    constexpr int kSyslogWarning = 4;
    constexpr int kSyslogInfo = 6;
    host_.log(level <= kSyslogWarning ? AEV_LOG_WARNING
              : level <= kSyslogInfo  ? AEV_LOG_INFO
                                      : AEV_LOG_DEBUG,
              text, {{"librdkafka", facility}});
  }
}

void Publisher::settle_reports() {
  const std::span<const aev_result> results = runs_.results();
  const auto now = steady_clock::now();
  for (std::size_t i = 0; i < results.size(); ++i) {
    count(results[i]);
    latency_.record(std::chrono::duration<double>(now - runs_.leases()[i]->taken).count());
  }
  if (!results.empty()) {
    host_.complete(results);
    for (std::size_t i = 0; i < results.size(); ++i) {
      shelf_.settle(*runs_.leases()[i], results[i].count);
    }
  }
  runs_.clear();
}

void Publisher::count(const aev_result& result) {
  const auto add = [&](std::atomic<std::uint64_t>& counter, std::size_t metric) {
    counter.fetch_add(result.count);
    by_result_[metric].record(result.count);
  };
  switch (result.outcome) {
    case AEV_DELIVERED:
      add(counters_.delivered, 0);
      return;
    case AEV_REJECT:
      add(counters_.rejected, 2);
      break;
    case AEV_NOT_CONNECTED:
      add(counters_.not_connected, 3);
      return;  // last_error_ says it better
    default:
      add(counters_.retried, 1);
      break;
  }
  const std::lock_guard lock(mutex_);
  last_error_ = sdk::view(result.reason);
}

void Publisher::supervise() {
  const std::int64_t queued = queued_.load();
  if (blocked_.load() && queued <= blocked_at_.load() / 2 && blocked_.exchange(false)) {
    host_.ready();
  }
  if (link_.load() == Link::kDown) {
    if (queued > 0) {
      purge();  // deliver() may have been on its way while the link went down
    } else {
      probe();
    }
    return;
  }
  const bool suspect =
      suspect_since_ != sdk::MonoTime{} && steady_clock::now() - suspect_since_ >= kGrace;
  if (suspect && queued > 0) {
    go_down(last_error());
  }
}

void Publisher::go_down(const std::string& why) {
  link_.store(Link::kDown);
  connected_.set(0);
  {
    const std::lock_guard lock(mutex_);
    last_error_ = why;
  }
  host_.log(AEV_LOG_WARNING, "no Kafka broker can be reached; events wait in the host",
            {{"brokers", options_.client.brokers}, {"why", why}});
  purge();
}

void Publisher::purge() {
  for (rd_kafka_t* client : {client_.get(), lone_client_.get()}) {
    if (client != nullptr) {
      rd_kafka_purge(client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    }
  }
}

/// Blocks for a second at most; there is nothing else to do while the link is down.
void Publisher::probe() {
  const rd_kafka_metadata_t* metadata = nullptr;
  const rd_kafka_resp_err_t error =
      rd_kafka_metadata(client_.get(), 0, nullptr, &metadata, kProbeMs);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return;
  }
  rd_kafka_metadata_destroy(metadata);
  suspect_since_ = {};
  link_.store(Link::kUp);
  connected_.set(1);
  host_.log(AEV_LOG_INFO, "a Kafka broker answers again", {{"brokers", options_.client.brokers}});
  host_.ready();
}

bool Publisher::should_end() {
  bool stopping = false;
  sdk::MonoTime deadline{};
  {
    const std::lock_guard lock(mutex_);
    if (abandoned_) {
      return true;
    }
    stopping = stopping_;
    deadline = stop_deadline_;
  }
  if (!stopping) {
    return false;
  }
  if (queued_.load() == 0) {
    return true;
  }
  if (steady_clock::now() + milliseconds(2 * kTickMs) >= deadline && !gave_up_) {
    gave_up_ = true;
    purge();
  }
  return steady_clock::now() >= deadline;
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

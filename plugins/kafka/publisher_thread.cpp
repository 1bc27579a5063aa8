#include <algorithm>
#include <pthread.h>
#include <stdexcept>
#include <utility>

#include "outcome.h"
#include "produce.h"
#include "producer_client.h"
#include "publisher.h"

// The part of Publisher that runs on its own thread.

namespace aev::kafka {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// A broker that restarts, or a connection that was idle for too long, comes back within this time;
/// then nothing has to be given back.
constexpr auto kGrace = std::chrono::seconds(2);
constexpr int kTickMs = 100;
constexpr int kProbeMs = 1000;

}  // namespace

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
      lone_queue_ = main_queue(*lone_client_);
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

}  // namespace aev::kafka

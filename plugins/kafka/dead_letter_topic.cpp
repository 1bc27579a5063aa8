#include "dead_letter_topic.h"

#include <utility>

#include "produce.h"

namespace aev::kafka {

DeadLetterTopic::DeadLetterTopic(const SourceOptions& options) : options_(options) {}

DeadLetterTopic::~DeadLetterTopic() {
  if (client_) {
    rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  }
}

std::string DeadLetterTopic::name_for(const std::string& topic) const {
  return options_.dead_letter_prefix + (options_.dead_letter_per_topic ? topic : std::string()) +
         options_.dead_letter_suffix;
}

rd_kafka_resp_err_t DeadLetterTopic::send(const rd_kafka_message_t& message,
                                          const std::string& json,
                                          std::uint64_t ticket) {
  if (!client_) {
    ConfPtr conf = make_dead_letter_conf(options_);
    rd_kafka_conf_set_events(conf.get(), RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
    // What goes wrong is told by each letter's end.
    rd_kafka_conf_set_log_cb(conf.get(), [](const rd_kafka_t*, int, const char*, const char*) {});
    client_ = make_client(RD_KAFKA_PRODUCER, std::move(conf));
    queue_.reset(rd_kafka_queue_get_main(client_.get()));
  }
  const std::string topic = name_for(rd_kafka_topic_name(message.rkt));
  OutgoingMessage letter;
  letter.topic_name = topic.c_str();
  letter.key = message.key;
  letter.key_bytes = message.key_len;
  letter.value = json.data();
  letter.value_bytes = json.size();
  letter.copy_value = true;
  letter.headers = copy_headers(message);
  // The value is another one now.
  rd_kafka_header_remove(letter.headers.get(), "content-type");
  rd_kafka_header_add(letter.headers.get(), "content-type", -1, "application/json", -1);
  letter.opaque = reinterpret_cast<void*>(static_cast<std::uintptr_t>(ticket));
  return produce(*client_, std::move(letter));
}

void DeadLetterTopic::poll(const Done& done) {
  while (queue_) {
    const EventPtr event(rd_kafka_queue_poll(queue_.get(), 0));
    if (!event) {
      return;
    }
    if (rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_DR) {
      continue;
    }
    while (const rd_kafka_message_t* const message = rd_kafka_event_message_next(event.get())) {
      done(reinterpret_cast<std::uintptr_t>(message->_private), message->err);
    }
  }
}

bool is_final_refusal(rd_kafka_resp_err_t error) noexcept {
  switch (error) {
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
      return true;
    default:
      return false;
  }
}

}  // namespace aev::kafka

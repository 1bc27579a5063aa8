#include "intake.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "dead_letter_record.h"
#include "outcome.h"

namespace aev::kafka {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstHold{100};
constexpr milliseconds kLongestHold{5000};
constexpr std::string_view kMalformedType = "kafka_message_malformed";

std::int64_t unix_now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string place_of(const rd_kafka_message_t& message) {
  return std::string(rd_kafka_topic_name(message.rkt)) + "/" + std::to_string(message.partition) +
         "/" + std::to_string(message.offset);
}

}  // namespace

Intake::Intake(const SourceOptions& options, sdk::Host host)
    : options_(options), host_(host), dead_letters_(options) {
  const auto counter = [&](const char* result) {
    return host_.metric(AEV_METRIC_COUNTER, "aragora_kafka_source_messages_total",
                        "Messages read, by what became of them",
                        {{"subscriber", host_.subscriber_name()}, {"result", result}});
  };
  taken_ = counter("emitted");
  skipped_ = counter("skipped");
  buried_ = counter("dead_lettered");
  bytes_ = host_.metric(AEV_METRIC_COUNTER, "aragora_kafka_source_bytes_total",
                        "Keys and values of messages that are settled",
                        {{"subscriber", host_.subscriber_name()}});
}

void Intake::take(MessagePtr message) {
  static_cast<void>(table_.add(std::move(message)));
}

bool Intake::is_full() const {
  return table_.count() >= options_.max_in_flight || table_.bytes() >= options_.max_in_flight_bytes;
}

sdk::MonoTime Intake::next_pump(sdk::MonoTime now) const {
  return hold_until_ > now ? hold_until_ : now + milliseconds(100);
}

void Intake::pump(sdk::MonoTime now) {
  take_answers(now);
  take_dead_letter_ends(now);
  if (now >= hold_until_) {
    send_waiting(now);
  }
}

void Intake::take_answers(sdk::MonoTime now) {
  for (const Answer& answer : answers_.take()) {
    InFlight* const entry = table_.find_sent(answer.ticket);
    if (entry == nullptr) {
      continue;  // its partition is another member's now
    }
    if (answer.status.ok()) {
      holds_in_a_row_ = 0;
      settled(*entry);
      table_.settle(answer.ticket);
      continue;
    }
    if (answer.status.code == AEV_E_CONFIG && entry->stage != Stage::kRemnant) {
      refuse(*entry, answer.status);
    } else {
      hold_off(now, answer.status.message);
    }
    table_.wait_again(answer.ticket);
  }
}

void Intake::take_dead_letter_ends(sdk::MonoTime now) {
  dead_letters_.poll([&](std::uint64_t ticket, rd_kafka_resp_err_t error) {
    InFlight* const entry = table_.find_sent(ticket);
    if (entry == nullptr) {
      return;
    }
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
      settled(*entry);
      table_.settle(ticket);
      return;
    }
    const std::string why =
        describe_error(error, dead_letters_.name_for(rd_kafka_topic_name(entry->message->rkt)));
    if (is_final_refusal(error)) {
      entry->stage = Stage::kHostEvent;
      last_error_ = why;
      host_.log(AEV_LOG_WARNING,
                "the dead-letter topic refuses a message: it becomes an event "
                "kafka_message_malformed instead",
                {{"message", place_of(*entry->message)}, {"why", why}});
    } else {
      hold_off(now, why);
    }
    table_.wait_again(ticket);
  });
}

void Intake::send_waiting(sdk::MonoTime now) {
  for (const PartitionName& partition : table_.waiting_partitions()) {
    while (InFlight* const entry = table_.first_waiting(partition)) {
      switch (send(*entry, now)) {
        case Try::kSent:
          table_.sent(partition);
          break;
        case Try::kSettled:
          settled(*entry);
          table_.settle(entry->ticket);
          break;
        case Try::kAgain:
          break;
        case Try::kLater:
          hold_off(now, last_error_);
          return;
      }
    }
  }
}

Intake::Try Intake::send(InFlight& entry, sdk::MonoTime /*now*/) {
  switch (entry.stage) {
    case Stage::kEvent:
      return send_event(entry);
    case Stage::kDeadLetter:
      return send_dead_letter(entry);
    case Stage::kHostEvent:
      return send_host_event(entry, true);
    case Stage::kRemnant:
      return send_host_event(entry, false);
  }
  return Try::kLater;
}

Intake::Try Intake::send_event(InFlight& entry) {
  read_message(*entry.message, options_.format, incoming_);
  const auto done = [this, ticket = entry.ticket](const sdk::Status& status) {
    answers_.put(ticket, status);
  };
  switch (incoming_.kind) {
    case IncomingMessage::Kind::kTombstone:
      return Try::kSettled;
    case IncomingMessage::Kind::kBody: {
      std::vector<sdk::Field> headers;
      headers.reserve(incoming_.headers.size());
      for (const auto& [name, value] : incoming_.headers) {
        headers.push_back({name, value});
      }
      return judge(host_.emit_body(incoming_.content_type, headers, incoming_.body, done), entry);
    }
    case IncomingMessage::Kind::kData:
      break;
  }
  const rd_kafka_message_t& message = *entry.message;
  std::string topic;
  sdk::append_json_string(topic, rd_kafka_topic_name(message.rkt));
  std::string key;
  sdk::append_json_string(key, {static_cast<const char*>(message.key), message.key_len});
  const std::string partition = std::to_string(message.partition);
  const std::string offset = std::to_string(message.offset);
  const sdk::Attribute attributes[] = {{"kafkatopic", topic},
                                       {"kafkapartition", partition},
                                       {"kafkaoffset", offset},
                                       {"kafkakey", key}};
  const std::int64_t time_ms = rd_kafka_message_timestamp(&message, nullptr);
  sdk::Emission emission;
  emission.event_type = options_.event_type;
  emission.data = incoming_.body;
  emission.id = incoming_.id;
  emission.time_unix_ns = time_ms > 0 ? time_ms * 1'000'000 : 0;
  emission.content_type = incoming_.content_type;
  emission.attributes = std::span(attributes, message.key == nullptr ? 3 : 4);
  return judge(host_.emit(std::span(&emission, 1), done), entry);
}

Intake::Try Intake::send_dead_letter(InFlight& entry) {
  const std::string json =
      dead_letter_json(*entry.message, {"malformed", entry.why, unix_now_ns()}, true);
  try {
    const rd_kafka_resp_err_t error = dead_letters_.send(*entry.message, json, entry.ticket);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
      return Try::kSent;
    }
    last_error_ =
        describe_error(error, dead_letters_.name_for(rd_kafka_topic_name(entry.message->rkt)));
    if (!is_final_refusal(error)) {
      return Try::kLater;
    }
  } catch (const std::runtime_error& impossible) {
    last_error_ = impossible.what();
  }
  entry.stage = Stage::kHostEvent;
  return Try::kAgain;
}

Intake::Try Intake::send_host_event(InFlight& entry, bool with_value) {
  const std::string json =
      dead_letter_json(*entry.message, {"malformed", entry.why, unix_now_ns()}, with_value);
  read_message(*entry.message, options_.format, incoming_);
  const std::string id = incoming_.id + "/malformed";
  sdk::Emission emission;
  emission.event_type = kMalformedType;
  emission.data = json;
  emission.id = id;
  return judge(host_.emit(std::span(&emission, 1),
                          [this, ticket = entry.ticket](const sdk::Status& status) {
                            answers_.put(ticket, status);
                          }),
               entry);
}

Intake::Try Intake::judge(const sdk::Status& status, InFlight& entry) {
  if (status.ok()) {
    return Try::kSent;
  }
  if (status.code == AEV_E_CONFIG && entry.stage != Stage::kRemnant) {
    refuse(entry, status);
    return Try::kAgain;
  }
  last_error_ = status.message.empty() ? "the host takes no events now" : status.message;
  return Try::kLater;
}

/// The host says that this is no event: the next stage is another way to keep it.
void Intake::refuse(InFlight& entry, const sdk::Status& status) {
  if (entry.stage == Stage::kEvent) {
    entry.why = status.path.empty() ? status.message : status.path + ": " + status.message;
    entry.stage = options_.malformed_to_topic ? Stage::kDeadLetter : Stage::kHostEvent;
    last_error_ = entry.why;
    host_.log(AEV_LOG_WARNING, "a message is no event",
              {{"message", place_of(*entry.message)}, {"why", entry.why}});
  } else {
    entry.stage = Stage::kRemnant;
  }
}

void Intake::settled(InFlight& entry) {
  const std::size_t bytes = entry.message->len + entry.message->key_len;
  counts_.bytes += bytes;
  bytes_.record(static_cast<double>(bytes));
  if (entry.stage != Stage::kEvent) {
    ++counts_.dead_lettered;
    buried_.record(1);
  } else if (entry.message->payload == nullptr && entry.message->len == 0 &&
             headers_of(*entry.message).empty()) {
    ++counts_.skipped;
    skipped_.record(1);
  } else {
    ++counts_.taken;
    taken_.record(1);
  }
}

void Intake::hold_off(sdk::MonoTime now, std::string_view why) {
  if (hold_until_ > now) {
    return;
  }
  const auto wait = std::min(kLongestHold, kFirstHold * (1u << std::min(holds_in_a_row_++, 6u)));
  hold_until_ = now + wait;
  if (holds_in_a_row_ == 5) {
    host_.log(AEV_LOG_WARNING, "messages from Kafka wait; they will be tried again",
              {{"why", why}});
  }
  last_error_ = why;
}

}  // namespace aev::kafka

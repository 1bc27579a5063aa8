#include "debate_state.h"

#include <algorithm>
#include <cstdio>
#include <initializer_list>

#include <simdjson.h>

#include "server_message.h"

namespace aev::websocket {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kMaxSpeakers = 64;

/// The first of the members that is there and not null, as JSON text; empty if none is.
std::string member(const dom::object& object, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    dom::element value;
    if (object[name].get(value) == simdjson::SUCCESS && !value.is_null()) {
      return simdjson::minify(value);
    }
  }
  return {};
}

std::string text_member(const dom::object& object, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    std::string_view text;
    if (object[name].get(text) == simdjson::SUCCESS) {
      return std::string(text);
    }
  }
  return {};
}

/// The text of a JSON string without escapes, such as an agent's name; empty otherwise.
std::string_view plain(std::string_view json) {
  return json.size() >= 2 && json.front() == '"' && json.find('\\') == std::string_view::npos
             ? json.substr(1, json.size() - 2)
             : std::string_view();
}

bool is_of_interest(std::string_view type) {
  return type == "debate_start" || type == "round_start" || type == "agent_message" ||
         type == "consensus" || type == "debate_end";
}

std::string either(std::string value, const char* otherwise) {
  return value.empty() ? otherwise : std::move(value);
}

}  // namespace

std::string unix_seconds(std::int64_t unix_ns) {
  char text[40];
  const int length = std::snprintf(text, sizeof text, "%lld.%06lld",
                                   static_cast<long long>(unix_ns / 1'000'000'000),
                                   static_cast<long long>(unix_ns / 1000 % 1'000'000));
  return {text, static_cast<std::size_t>(length)};
}

void DebateState::apply(const sdk::Event& event) {
  if (!known_) {
    known_ = true;
    started_ns_ = event.time_unix_ns();
  }
  if (is_of_interest(event.event_type()) && sdk::is_json_media_type(event.content_type())) {
    apply_payload(event);
  }
}

void DebateState::apply_payload(const sdk::Event& event) {
  dom::parser parser;
  dom::object data;
  if (event.data().empty() ||
      parser.parse(event.data().data(), event.data().size(), true).get(data) != simdjson::SUCCESS) {
    return;
  }
  const std::string_view type = event.event_type();
  const std::string_view round = event.attribute("round");
  if (!round.empty() && round != "0") {
    rounds_ = round;
  }
  if (type == "debate_start") {
    started_ns_ = event.time_unix_ns();
    ended_ = false;
    task_ = text_member(data, {"task", "question"});
    agents_ = member(data, {"agents"});
  } else if (type == "round_start") {
    rounds_ = either(member(data, {"round", "round_number"}), rounds_.c_str());
  } else if (type == "agent_message") {
    std::string agent = text_member(data, {"agent"});
    if (agent.empty()) {
      agent = plain(event.attribute("agent"));
    }
    if (!agent.empty() && speakers_.size() < kMaxSpeakers &&
        std::find(speakers_.begin(), speakers_.end(), agent) == speakers_.end()) {
      speakers_.push_back(agent);
    }
    std::string message = "{";
    append_text_member(message, "agent", agent);
    append_json_member(message, "role", either(member(data, {"role"}), "\"\""));
    append_json_member(
        message, "round",
        either(member(data, {"round_number", "round"}), round.empty() ? "0" : rounds_.c_str()));
    append_json_member(message, "content", either(member(data, {"content", "message"}), "\"\""));
    append_json_member(message, "timestamp", unix_seconds(event.time_unix_ns()));
    append_json_member(message, "seq", std::to_string(event.seq()));
    add_message(message + '}');
  } else if (type == "consensus") {
    if (member(data, {"is_convergence_check"}) != "true") {
      consensus_ = member(data, {"reached", "consensus_reached"}) == "true";
      confidence_ = either(member(data, {"confidence"}), "null");
      answer_ = either(member(data, {"answer", "final_answer"}), "null");
    }
  } else if (type == "debate_end") {
    ended_ = true;
    ended_ns_ = event.time_unix_ns();
    duration_ = member(data, {"duration", "duration_seconds"});
    rounds_ = either(member(data, {"rounds", "rounds_used"}), rounds_.c_str());
    if (const std::string reached = member(data, {"consensus_reached"});
        !consensus_ && !reached.empty()) {
      consensus_ = reached == "true";
    }
    if (answer_ == "null") {
      answer_ = either(member(data, {"final_answer"}), "null");
    }
    if (confidence_ == "null") {
      confidence_ = either(member(data, {"confidence"}), "null");
    }
  }
}

void DebateState::add_message(std::string json) {
  message_bytes_ += json.size();
  messages_.push_back(std::move(json));
  while (messages_.size() > 1 &&
         (messages_.size() > kMaxMessages || message_bytes_ > kMaxMessageBytes)) {
    message_bytes_ -= messages_.front().size();
    messages_.pop_front();
  }
}

std::string DebateState::agents_json() const {
  if (!agents_.empty()) {
    return agents_;
  }
  std::string list = "[";
  for (const std::string& speaker : speakers_) {
    list += list.size() > 1 ? "," : "";
    sdk::append_json_string(list, speaker);
  }
  return list + "]";
}

std::string DebateState::sync_json(std::string_view debate_id, std::uint64_t last_seq) const {
  std::string out = "{";
  if (!known_) {
    append_text_member(out, "debate_id", debate_id);
    append_text_member(out, "status", "waiting");
    return out + '}';
  }
  append_text_member(out, "id", debate_id);
  append_text_member(out, "task", task_);
  append_json_member(out, "agents", agents_json());
  std::string messages = "[";
  messages.reserve(message_bytes_ + messages_.size() + 2);
  for (const std::string& message : messages_) {
    messages += messages.size() > 1 ? "," : "";
    messages += message;
  }
  append_json_member(out, "messages", messages + "]");
  append_json_member(out, "consensus_reached", consensus_.value_or(false) ? "true" : "false");
  append_json_member(out, "consensus_confidence", confidence_);
  append_json_member(out, "consensus_answer", answer_);
  append_json_member(out, "started_at", unix_seconds(started_ns_));
  append_json_member(out, "rounds", rounds_);
  append_json_member(out, "ended", ended_ ? "true" : "false");
  append_json_member(out, "duration",
                     !duration_.empty() ? duration_
                     : ended_           ? unix_seconds(ended_ns_ - started_ns_)
                                        : std::string("null"));
  append_json_member(out, "last_seq", std::to_string(last_seq));
  return out + '}';
}

std::string DebateState::start_json(std::string_view debate_id) const {
  std::string out = "{";
  append_text_member(out, "debate_id", debate_id);
  append_text_member(out, "status", "in_progress");
  append_text_member(out, "task", task_);
  append_json_member(out, "agents", agents_json());
  return out + '}';
}

}  // namespace aev::websocket

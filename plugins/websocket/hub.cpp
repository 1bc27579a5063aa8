#include "hub.h"

#include <algorithm>
#include <cstdio>
#include <stdexcept>

#include "server_message.h"

namespace aev::websocket {
namespace {

/// Messages over the rate in a row after which a client is not only told but closed.
constexpr std::uint8_t kMaxStrikes = 50;

std::string patterns_json(const EventFilter& filter) {
  std::string list = "[";
  for (const std::string& pattern : filter.patterns()) {
    list += list.size() > 1 ? "," : "";
    sdk::append_json_string(list, pattern);
  }
  return list + "]";
}

std::string client_id_text(std::uint64_t id) {
  // Eight characters and dots, as Aragora shows the start of a longer one.
  char text[24];
  const int length = std::snprintf(text, sizeof text, "%08llx...",
                                   static_cast<unsigned long long>(id & 0xffffffffu));
  return {text, static_cast<std::size_t>(length)};
}

}  // namespace

Hub::Hub(const Options& options, HistoryReader& history, std::function<double()> wall_seconds)
    : options_(options),
      history_(history),
      wall_seconds_(std::move(wall_seconds)),
      // Half of an outbox, so that a page of the log and these fit into one.
      recent_limits_{options.outbox.messages / 2, options.outbox.bytes / 2} {}

void Hub::add(std::shared_ptr<Client> client, MonoTime now) {
  now_ = now;
  client->index = clients_.size();
  client->since = client->heard = client->pinged = now;
  clients_.push_back(std::move(client));
  ++counters_.connected;
}

void Hub::opened(Client& client, const UpgradeRequest& request, MonoTime now) {
  now_ = now;
  client.open = true;
  ++open_;
  client.heard = client.pinged = now;
  client.next_heartbeat = now + options_.heartbeat;
  client.stream = request.stream;
  client.format = request.format.value_or(options_.format);
  std::string data = "{";
  append_json_member(data, "authenticated", client.grant.authenticated ? "true" : "false");
  append_text_member(data, "client_id", client_id_text(client.id));
  append_json_member(data, "write_access", "false");
  send(client, make_message("connection_info", data + '}'));
  if (!client.stream) {
    send(client, make_message("loop_list", directory_.list_json(client.grant)));
  }
  if (!request.debate_id.empty()) {
    subscribe(
        client,
        {request.debate_id, request.replay_from, request.event_types, request.format, request.sync},
        now);
  } else if (!request.event_types.empty()) {
    try {
      client.filter = filters_.get(request.event_types);
    } catch (const std::invalid_argument& fault) {
      send(client, make_error(400, fault.what()));
    }
  }
}

void Hub::heard(Client& client, bool pong, MonoTime now) {
  client.heard = now;
  if (pong && client.pinging) {
    client.pinging = false;
    client.round_trip = std::chrono::duration_cast<std::chrono::microseconds>(now - client.pinged);
  }
}

bool Hub::admits_message(Client& client, MonoTime now) {
  now_ = now;
  heard(client, false, now);
  ++counters_.messages_in;
  if (client.closing) {
    return false;
  }
  if (client.messages.take(now)) {
    client.strikes = 0;
    return true;
  }
  ++counters_.rate_limited;
  if (++client.strikes >= kMaxStrikes) {
    close(client, CloseCode::kTooManyRequests, "too many messages", true);
  } else {
    send(client, make_error(429, "too many messages: this one was not looked at", "rate_limited"));
  }
  return false;
}

void Hub::received(Client& client, std::string_view text, MonoTime now) {
  if (!admits_message(client, now)) {
    return;
  }
  std::string fault;
  bool invalid_json = false;
  const auto message = parse_client_message(text, fault, invalid_json);
  if (message) {
    answer(client, *message, now);
  } else {
    send(client, make_error(400, fault, invalid_json ? "invalid_json" : ""));
  }
}

void Hub::received_binary(Client& client, MonoTime now) {
  if (admits_message(client, now)) {
    send(client,
         make_error(400, "binary messages are not taken: send JSON text", "BINARY_NOT_SUPPORTED"));
  }
}

void Hub::answer(Client& client, const ClientMessage& message, MonoTime now) {
  switch (message.type) {
    case MessageType::kSubscribe:
      subscribe(client,
                {message.debate_id, message.replay_from, message.event_types, message.format,
                 message.sync.value_or(true)},
                now);
      break;
    case MessageType::kUnsubscribe:
      if (client.room != nullptr) {
        std::string data = "{";
        append_text_member(data, "debate_id", client.room->debate_id);
        unsubscribe(client);
        send(client, make_message("unsubscribed", data + '}'));
      }
      break;
    case MessageType::kGetLoops:
      send(client, make_message("loop_list", directory_.list_json(client.grant)));
      break;
    case MessageType::kPing: {
      std::string data = "{";
      append_json_member(data, "client_ts", message.ts);
      append_json_member(data, "server_ts",
                         std::to_string(static_cast<std::int64_t>(wall_seconds_() * 1000)));
      send(client, make_message("pong", data + '}'));
      break;
    }
    case MessageType::kConnectionQuality:
      send(client, make_message("connection_quality", quality_json(client, now)));
      break;
    case MessageType::kOther:
      if (message.name == "user_vote" || message.name == "user_suggestion" ||
          message.name == "wisdom_submission") {
        send(client,
             make_error(403, "this stream is read-only: post events to /v1/events", "read_only"));
      } else {
        send(client, make_error(400,
                                "unknown message type; known are subscribe, unsubscribe, "
                                "get_loops, ping and connection_quality",
                                "unknown_type"));
      }
      break;
  }
}

std::string Hub::quality_json(const Client& client, MonoTime now) const {
  const double uptime = std::chrono::duration<double>(now - client.since).count();
  std::string own = "{";
  append_json_member(own, "reconnect_count", "0");
  append_json_member(own, "avg_latency_ms",
                     std::to_string(static_cast<double>(client.round_trip.count()) / 1000));
  append_json_member(own, "uptime_seconds", std::to_string(uptime));
  append_json_member(own, "messages_sent", std::to_string(client.sent_messages));
  append_json_member(own, "messages_waiting", std::to_string(client.outbox.count()));
  std::string buffer = "{";
  append_json_member(buffer, "appended", std::to_string(counters_.events_live));
  append_json_member(buffer, "evicted", "0");  // the log is durable: nothing is pushed out of it
  std::string data = "{";
  append_json_member(data, "client", own + '}');
  append_json_member(data, "buffer", buffer + '}');
  return data + '}';
}

void Hub::subscribe(Client& client, Wish wish, MonoTime now) {
  if (!client.grant.allows(wish.debate_id)) {
    if (client.stream) {
      close(client, CloseCode::kForbidden, "the token does not allow this debate", true);
    } else {
      send(client, make_error(403, "the token does not allow this debate", "forbidden"));
    }
    return;
  }
  FilterRef filter = client.filter;
  if (wish.event_types) {
    try {
      filter = filters_.get(std::move(*wish.event_types));
    } catch (const std::invalid_argument& fault) {
      send(client, make_error(400, fault.what()));
      return;
    }
  }
  unsubscribe(client);
  client.filter = std::move(filter);
  client.format = wish.format.value_or(client.format);

  std::string data = "{";
  append_text_member(data, "debate_id", wish.debate_id);
  append_text_member(data, "format", client.format == FrameFormat::kArray ? "array" : "single");
  if (client.filter != nullptr) {
    append_json_member(data, "event_types", patterns_json(*client.filter));
  }
  auto& room = rooms_[wish.debate_id];
  if (room == nullptr) {
    room = std::make_unique<Room>(wish.debate_id);
  }
  client.room = room.get();
  client.room_index = room->clients.size();
  room->clients.push_back(&client);
  begin_catching_up(client);
  send(client, make_message("subscribed", data + '}', wish.debate_id));
  if (wish.replay_from) {
    ++counters_.replays;
    read_replay(client, *wish.replay_from, true, false);
  } else if (wish.sync) {
    await_sync(client, now);
  } else {
    await_position(client);
  }
}

void Hub::unsubscribe(Client& client) {
  ++client.subscription;
  if (client.room == nullptr) {
    return;
  }
  if (client.phase == Client::Phase::kCatchingUp) {
    end_catching_up(client);
  }
  client.phase = Client::Phase::kNone;
  client.waits_for_room = false;
  leave_room(client);
}

void Hub::leave_room(Client& client) {
  Room& room = *client.room;
  room.clients[client.room_index] = room.clients.back();
  room.clients[client.room_index]->room_index = client.room_index;
  room.clients.pop_back();
  client.room = nullptr;
  if (room.clients.empty()) {
    rooms_.erase(rooms_.find(std::string_view(room.debate_id)));
  }
}

void Hub::send(Client& client, FrameRef frame) {
  if (client.closing) {
    return;
  }
  if (!client.outbox.push(std::move(frame), options_.outbox)) {
    drop_slow(client);
    return;
  }
  ++queued_;
  if (!client.writing) {
    client.write_started = now_;
    client.start_write();
  }
}

void Hub::send_owed(Client& client, FrameRef frame) {
  if (client.closing) {
    return;
  }
  client.outbox.force(std::move(frame));
  ++queued_;
  if (!client.writing) {
    client.write_started = now_;
    client.start_write();
  }
}

void Hub::sent(Client& client, std::size_t bytes) {
  --queued_;
  counters_.bytes_out += bytes;
  ++counters_.messages_out;
  ++client.sent_messages;
  client.write_started = std::chrono::steady_clock::now();
  if (client.waits_for_room && !client.closing &&
      client.outbox.count() <= options_.outbox.messages / 8) {
    client.waits_for_room = false;
    read_replay(client, client.horizon, false, false);
  }
}

void Hub::drop_slow(Client& client) {
  ++counters_.slow_clients;
  close(client, CloseCode::kTryAgainLater, "too slow: connect again with replay_from_seq", false);
  client.close_by = now_ + options_.timeouts.send;  // it may yet read on and see the code
}

void Hub::close(Client& client, CloseCode code, std::string_view reason, bool after_outbox) {
  if (client.closing) {
    return;
  }
  client.closing = true;
  client.close_by = now_ + options_.timeouts.close;
  if (!after_outbox) {
    queued_ -= client.outbox.count();
    client.outbox.clear();
  }
  client.start_close(code, reason, after_outbox);
}

void Hub::closed(Client& client) {
  if (client.index >= clients_.size() || clients_[client.index].get() != &client) {
    return;
  }
  unsubscribe(client);
  client.closing = true;
  queued_ -= client.outbox.count() + (client.writing ? 1 : 0);
  client.outbox.clear();
  if (client.open) {
    --open_;
    client.open = false;
  }
  const std::shared_ptr<Client> kept = std::move(clients_[client.index]);
  if (client.index + 1 != clients_.size()) {
    clients_[client.index] = std::move(clients_.back());
    clients_[client.index]->index = client.index;
  }
  clients_.pop_back();
}

void Hub::close_all(CloseCode code, std::string_view reason, MonoTime close_by) {
  for (const auto& client : clients_) {
    if (!client->open) {
      client->cut();
      continue;
    }
    close(*client, code, reason, true);
    client->close_by = std::min(client->close_by, close_by);
  }
}

void Hub::cut_all() {
  for (const auto& client : clients_) {
    client->cut();
  }
}

bool Hub::crowded() const noexcept {
  return queued_ > 64 && queued_ > open_ * options_.outbox.messages / 4;
}

}  // namespace aev::websocket

#include <algorithm>
#include <cstdio>

#include "hub.h"
#include "server_message.h"

namespace aev::websocket {
namespace {

/// How long the folded state of a debate is kept for the next who joins.
constexpr std::chrono::seconds kStateKept{30};
/// Debates that the query `status` names one by one.
constexpr std::size_t kDebatesShown = 1000;

std::string seconds_text(double seconds) {
  char text[32];
  const int length = std::snprintf(text, sizeof text, "%.3f", seconds);
  return {text, static_cast<std::size_t>(length)};
}

}  // namespace

std::chrono::milliseconds Hub::tick_interval() const noexcept {
  using std::chrono::milliseconds;
  const Timeouts& limits = options_.timeouts;
  const auto shortest = std::min({limits.handshake, limits.send, limits.ping_interval,
                                  limits.ping_timeout, limits.close, options_.heartbeat});
  return std::clamp<milliseconds>(shortest / 4, milliseconds(20), milliseconds(1000));
}

void Hub::tick(MonoTime now) {
  now_ = now;
  heartbeat_frame_ = nullptr;
  history_.retry();
  for (const auto& client : clients_) {
    tick_client(*client, now);
  }
  heartbeat_frame_ = nullptr;
  for (auto& [id, room] : rooms_) {
    if (room->state != nullptr && !room->syncing && now - room->state_used > kStateKept) {
      room->state = nullptr;
    }
  }
}

void Hub::tick_client(Client& client, MonoTime now) {
  if (!client.open) {
    if (now - client.since > options_.timeouts.handshake + options_.timeouts.close) {
      client.cut();
    }
    return;
  }
  if (client.closing) {
    if (now > client.close_by) {
      client.cut();
    }
    return;
  }
  if (client.writing && now - client.write_started > options_.timeouts.send) {
    drop_slow(client);
    return;
  }
  if (client.grant.expires_s && wall_seconds_() >= static_cast<double>(*client.grant.expires_s)) {
    send(client, make_message("auth_revoked", R"({"message":"the token has expired","code":401})"));
    close(client, CloseCode::kUnauthorized, "the token has expired", true);
    return;
  }
  if (client.pinging) {
    if (now - client.pinged > options_.timeouts.ping_timeout) {
      if (client.heard < client.pinged) {
        ++counters_.dead_clients;
        client.closing = true;
        client.cut();
        return;
      }
      client.pinging = false;  // it speaks, only not by pongs
    }
  } else if (now - client.pinged > options_.timeouts.ping_interval) {
    client.pinging = true;
    client.pinged = now;
    client.start_ping();
  }
  if (now >= client.next_heartbeat) {
    client.next_heartbeat = now + options_.heartbeat;
    heartbeat(client);
  }
}

void Hub::heartbeat(Client& client) {
  if (!client.outbox.empty()) {
    return;  // it has enough to read
  }
  const std::uint64_t last_seq =
      client.phase == Client::Phase::kLive ? std::max(client.horizon, client.room->last_seq) : 0;
  if (heartbeat_frame_ == nullptr || heartbeat_seq_ != last_seq) {
    std::string data = "{";
    append_json_member(data, "server_time", seconds_text(wall_seconds_()));
    append_json_member(data, "active_debates", std::to_string(directory_.size()));
    append_json_member(data, "connected_clients", std::to_string(open_));
    if (last_seq != 0) {
      append_json_member(data, "last_seq", std::to_string(last_seq));
    }
    heartbeat_frame_ = make_message("heartbeat", data + '}');
    heartbeat_seq_ = last_seq;
  }
  send(client, heartbeat_frame_);
}

std::string Hub::status_members() const {
  std::string out;
  const auto number = [&](const char* name, std::uint64_t value) {
    append_json_member(out, name, std::to_string(value));
  };
  number("clients", open_);
  number("handshakes_open", clients_.size() - open_);
  number("last_seq", newest_seq_);
  number("messages_waiting", queued_);
  number("connections", counters_.connected);
  number("messages_received", counters_.messages_in);
  number("messages_sent", counters_.messages_out);
  number("bytes_sent", counters_.bytes_out);
  number("events", counters_.events_live);
  number("events_serialised", counters_.events_serialised);
  number("events_repeated", counters_.events_repeated);
  number("slow_clients_dropped", counters_.slow_clients);
  number("dead_clients_dropped", counters_.dead_clients);
  number("replays", counters_.replays);
  number("events_replayed", counters_.events_replayed);
  number("messages_rate_limited", counters_.rate_limited);
  std::string debates = "[";
  std::size_t shown = 0;
  for (const auto& [id, room] : rooms_) {
    if (shown++ == kDebatesShown) {
      break;
    }
    std::string one = "{";
    append_text_member(one, "debate_id", id);
    append_json_member(one, "clients", std::to_string(room->clients.size()));
    append_json_member(one, "catching_up", std::to_string(room->catching_up));
    append_json_member(one, "last_seq", std::to_string(room->last_seq));
    debates.append(debates.size() > 1 ? "," : "").append(one).append("}");
  }
  append_json_member(out, "debates", debates + "]");
  append_json_member(out, "debates_with_clients", std::to_string(rooms_.size()));
  append_json_member(out, "active_debates", std::to_string(directory_.size()));
  return out;
}

}  // namespace aev::websocket

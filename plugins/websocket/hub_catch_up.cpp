#include <algorithm>
#include <limits>
#include <utility>

#include "envelope.h"
#include "hub.h"
#include "server_message.h"

namespace aev::websocket {
namespace {

/// Of a page that is folded into a debate's state.
constexpr std::uint32_t kSyncPageEvents = 500;
constexpr std::uint64_t kSyncPageBytes = 1u << 20;
/// Above every seq: such a page holds nothing, and only tells how long the log is.
constexpr std::uint64_t kBeyondTheLog =
    static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

std::string replay_start_json(const std::string& debate_id,
                              std::uint64_t from,
                              bool reset,
                              const PageResult& page) {
  std::string data = "{";
  append_text_member(data, "debate_id", debate_id);
  append_json_member(data, "from_seq", std::to_string(from));
  if (page.at_end) {  // with more pages to come, nobody has counted yet
    append_json_member(data, "event_count", std::to_string(page.frames.size()));
  }
  append_json_member(data, "buffer_oldest_seq", std::to_string(page.first_seq));
  append_json_member(data, "buffer_latest_seq", std::to_string(page.last_seq));
  if (reset) {
    append_json_member(data, "reset", "true");
  }
  return data + '}';
}

}  // namespace

void Hub::begin_catching_up(Client& client) {
  Room& room = *client.room;
  client.phase = Client::Phase::kCatchingUp;
  client.horizon = 0;
  client.replayed = 0;
  if (++room.catching_up == 1) {
    // What went out before was not kept; it is all in the log, which must be read beyond it.
    room.forgotten_seq = newest_seq_;
  }
}

void Hub::end_catching_up(Client& client) {
  if (--client.room->catching_up == 0) {
    client.room->forget_recent();
  }
}

void Hub::go_live(Client& client, std::uint64_t horizon) {
  client.horizon = horizon;
  std::vector<FrameRef> since;
  for (const FrameRef& frame : client.room->recent) {
    if (frame->seq > horizon && wants(client.filter, frame->event_type)) {
      since.push_back(frame);
    }
  }
  send_frames(client, since);
  client.phase = Client::Phase::kLive;
  end_catching_up(client);
}

void Hub::history_failed(Client& client, const sdk::Status& status) {
  if (status.code == AEV_E_STATE) {
    return;  // the instance ends, and says so to all its clients
  }
  unsubscribe(client);
  send(client, make_error(503,
                          "the log cannot be read" +
                              (status.message.empty() ? std::string() : ": " + status.message) +
                              "; subscribe again later",
                          "history_unavailable"));
  if (client.stream) {
    close(client, CloseCode::kInternalError, "the log cannot be read", true);
  }
}

// --- replay: this client's own reading, page by page as it keeps up ------------------------------

void Hub::read_replay(Client& client, std::uint64_t after_seq, bool first, bool reset) {
  HistoryReader::Request request;
  request.debate_id = client.room->debate_id;
  request.after_seq = after_seq;
  request.max_events =
      static_cast<std::uint32_t>(std::clamp<std::size_t>(options_.outbox.messages / 4, 1, 256));
  request.max_bytes = std::clamp<std::size_t>(options_.outbox.bytes / 4, 1024, 1u << 20);
  history_.read(
      std::move(request),
      [filter = client.filter](const sdk::Event& event, std::vector<FrameRef>& frames) {
        if (wants(filter, event.event_type())) {
          frames.push_back(make_event_frame(event, false));
        }
      },
      [this, weak = client.weak_from_this(), subscription = client.subscription, after_seq, first,
       reset](PageResult page) {
        const auto kept = weak.lock();
        if (kept && kept->subscription == subscription && !kept->closing) {
          replay_page(*kept, after_seq, first, reset, std::move(page));
        }
      });
}

void Hub::replay_page(
    Client& client, std::uint64_t after_seq, bool first, bool reset, PageResult page) {
  if (!page.status.ok()) {
    history_failed(client, page.status);
    return;
  }
  Room& room = *client.room;
  if (first && after_seq > page.last_seq) {
    // It has seen another log, which this one has replaced: all of this one is news.
    read_replay(client, 0, true, true);
    return;
  }
  if (first) {
    send_owed(client, make_message("replay_start",
                                   replay_start_json(room.debate_id, after_seq, reset, page)));
  }
  client.replayed += page.frames.size();
  counters_.events_replayed += page.frames.size();
  client.horizon = page.scanned_seq;  // where the reading goes on
  send_frames(client, page.frames);
  if (!page.at_end || page.scanned_seq < room.forgotten_seq) {
    if (client.outbox.count() <= options_.outbox.messages / 8) {
      read_replay(client, page.scanned_seq, false, false);
    } else {
      client.waits_for_room = true;
    }
    return;
  }
  std::string data = "{";
  append_text_member(data, "debate_id", room.debate_id);
  append_json_member(data, "replayed_count", std::to_string(client.replayed));
  append_json_member(data, "latest_seq", std::to_string(page.scanned_seq));
  send_owed(client, make_message("replay_end", data + '}'));
  go_live(client, page.scanned_seq);
}

// --- sync: one reading for all who join a debate -------------------------------------------------

void Hub::await_sync(Client& client, MonoTime now) {
  Room& room = *client.room;
  room.state_used = now;
  room.awaiting_sync.push_back({client.weak_from_this(), client.subscription});
  if (!room.syncing) {
    read_sync(room);
  }
}

void Hub::read_sync(Room& room) {
  room.syncing = true;
  if (room.state == nullptr) {
    room.state = std::make_shared<DebateState>();
    room.state_seq = 0;
  }
  HistoryReader::Request request{room.debate_id, room.state_seq, kSyncPageEvents, kSyncPageBytes};
  history_.read(
      std::move(request),
      [state = room.state](const sdk::Event& event, std::vector<FrameRef>&) {
        state->apply(event);
      },
      [this, debate_id = room.debate_id, state = room.state](const PageResult& page) {
        sync_page(debate_id, state, page);
      });
}

void Hub::sync_page(const std::string& debate_id,
                    const std::shared_ptr<DebateState>& state,
                    const PageResult& page) {
  const auto found = rooms_.find(std::string_view(debate_id));
  if (found == rooms_.end() || found->second->state != state) {
    return;  // everyone has left meanwhile, and perhaps others have come
  }
  Room& room = *found->second;
  const auto waiting_clients = [&] {
    std::vector<std::shared_ptr<Client>> clients;
    for (const AwaitingClient& awaiting : std::exchange(room.awaiting_sync, {})) {
      if (auto client = awaiting.still_there()) {
        clients.push_back(std::move(client));
      }
    }
    return clients;
  };
  if (!page.status.ok()) {
    room.syncing = false;
    room.state = nullptr;
    for (const auto& client : waiting_clients()) {
      history_failed(*client, page.status);  // may end the room
    }
    return;
  }
  room.state_seq = page.scanned_seq;
  if (!page.at_end || page.scanned_seq < room.forgotten_seq) {
    read_sync(room);
    return;
  }
  room.syncing = false;
  const FrameRef sync =
      make_message("sync", state->sync_json(debate_id, page.scanned_seq), debate_id);
  const FrameRef start = state->known() && !state->ended()
                             ? make_message("debate_start", state->start_json(debate_id), debate_id)
                             : nullptr;
  for (const auto& client : waiting_clients()) {
    send_owed(*client, sync);
    if (start != nullptr && wants(client->filter, "debate_start")) {
      send_owed(*client, start);
    }
    go_live(*client, page.scanned_seq);
  }
}

// --- position: only where the log ends now -------------------------------------------------------

void Hub::await_position(Client& client) {
  awaiting_position_.push_back({client.weak_from_this(), client.subscription});
  if (!reading_position_) {
    read_position();
  }
}

void Hub::read_position() {
  reading_position_ = true;
  // Whoever comes after this waits for the next reading: this one may be over already.
  history_.read(
      {{}, kBeyondTheLog, 1, 1}, [](const sdk::Event&, std::vector<FrameRef>&) {},
      [this, waiting = std::exchange(awaiting_position_, {})](const PageResult& page) {
        reading_position_ = false;
        for (const AwaitingClient& awaiting : waiting) {
          const auto client = awaiting.still_there();
          if (client == nullptr) {
            continue;
          }
          if (!page.status.ok()) {
            history_failed(*client, page.status);
          } else if (page.last_seq < client->room->forgotten_seq) {
            awaiting_position_.push_back(awaiting);
          } else {
            go_live(*client, page.last_seq);
          }
        }
        if (!awaiting_position_.empty()) {
          read_position();
        }
      });
}

}  // namespace aev::websocket

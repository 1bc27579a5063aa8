#include <span>

#include "envelope.h"
#include "hub.h"
#include "server_message.h"

namespace aev::websocket {
namespace {

/// Of one array.
constexpr std::size_t kArrayEvents = 64;
constexpr std::size_t kArrayBytes = 256 * 1024;

/// Cuts `frames` into arrays.
std::vector<FrameRef> make_arrays(std::span<const FrameRef> frames) {
  std::vector<FrameRef> arrays;
  std::size_t first = 0;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    bytes += frames[i]->text.size();
    const bool last = i + 1 == frames.size();
    if (last || i + 1 - first == kArrayEvents || bytes + frames[i + 1]->text.size() > kArrayBytes) {
      arrays.push_back(make_array(frames.subspan(first, i + 1 - first)));
      first = i + 1;
      bytes = 0;
    }
  }
  return arrays;
}

bool is_due(const Frame& frame, const Client& client) {
  return (frame.replay || frame.seq > client.horizon) && wants(client.filter, frame.event_type);
}

}  // namespace

void Hub::deliver(const sdk::Batch& batch, std::vector<std::uint32_t>& skipped) {
  now_ = std::chrono::steady_clock::now();
  for (std::uint32_t i = 0; i < batch.size(); ++i) {
    const sdk::Event event = batch[i];
    if (event.debate_id().empty()) {
      skipped.push_back(i);
    } else {
      take(event);
    }
  }
  for (Room* room : touched_) {
    flush(*room);
  }
  touched_.clear();
}

void Hub::take(const sdk::Event& event) {
  ++counters_.events_live;
  if (!event.is_replay()) {
    newest_seq_ = std::max(newest_seq_, event.seq());
    if (!seen_.first(event.seq())) {
      ++counters_.events_repeated;
      return;
    }
    directory_.note(event);
  }
  const auto found = rooms_.find(event.debate_id());
  if (found == rooms_.end()) {
    return;
  }
  Room& room = *found->second;
  if (room.fresh.empty()) {
    touched_.push_back(&room);
  }
  room.fresh.push_back(make_event_frame(event, event.is_replay()));
  ++counters_.events_serialised;
}

void Hub::flush(Room& room) {
  for (const FrameRef& frame : room.fresh) {
    if (frame->replay) {
      continue;
    }
    room.last_seq = std::max(room.last_seq, frame->seq);
    if (room.catching_up > 0) {
      room.keep_recent(frame, recent_limits_);
    }
  }
  arrays_.clear();
  for (Client* client : room.clients) {
    if (client->phase != Client::Phase::kLive || client->closing) {
      continue;
    }
    if (client->format == FrameFormat::kArray) {
      for (const FrameRef& array : arrays_for(room, *client)) {
        send(*client, array);
      }
      continue;
    }
    for (const FrameRef& frame : room.fresh) {
      if (is_due(*frame, *client)) {
        send(*client, frame);
      }
    }
  }
  arrays_.clear();
  room.fresh.clear();
}

const std::vector<FrameRef>& Hub::arrays_for(const Room& room, const Client& client) {
  // Horizons below the batch are all the same to it.
  std::uint64_t lowest = ~std::uint64_t{0};
  for (const FrameRef& frame : room.fresh) {
    lowest = std::min(lowest, frame->seq);
  }
  const std::uint64_t horizon = client.horizon < lowest ? 0 : client.horizon;
  const auto [at, is_new] = arrays_.try_emplace({client.filter.get(), horizon});
  if (is_new) {
    std::vector<FrameRef> due;
    for (const FrameRef& frame : room.fresh) {
      if (is_due(*frame, client)) {
        due.push_back(frame);
      }
    }
    at->second = make_arrays(due);
  }
  return at->second;
}

void Hub::send_frames(Client& client, const std::vector<FrameRef>& frames) {
  if (client.format == FrameFormat::kArray) {
    for (FrameRef& array : make_arrays(frames)) {
      send_owed(client, std::move(array));
    }
  } else {
    for (const FrameRef& frame : frames) {
      send_owed(client, frame);
    }
  }
}

}  // namespace aev::websocket

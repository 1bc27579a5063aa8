#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "client.h"
#include "debate_state.h"
#include "frame.h"

namespace aev::websocket {

/// A client that waits for a reading of the log, and which of its subscriptions that is for.
struct AwaitingClient {
  std::weak_ptr<Client> client;
  std::uint64_t subscription = 0;

  /// Null if it has gone or has subscribed to something else meanwhile.
  [[nodiscard]] std::shared_ptr<Client> still_there() const {
    auto kept = client.lock();
    return kept && kept->subscription == subscription && !kept->closing ? kept : nullptr;
  }
};

/// The clients of one debate, and what makes the way from the log to live seamless.
///
/// While anyone catches up, live frames are also kept in `recent`. A client that has read the log
/// up to seq H (its horizon) then gets those of them above H, and from there on what is live:
/// nothing twice, because all up to H came from the log and all above did not; nothing missing,
/// because an event is in the log before it is live, and what `recent` has no room for moves
/// `forgotten_seq`, below which nobody's catching up may end.
struct Room {
  explicit Room(std::string id) : debate_id(std::move(id)) {}

  std::string debate_id;
  std::vector<Client*> clients;
  std::uint64_t last_seq = 0;  ///< the newest that went out live

  std::size_t catching_up = 0;
  std::deque<FrameRef> recent;
  std::size_t recent_bytes = 0;
  std::uint64_t forgotten_seq = 0;

  /// The debate folded up to `state_seq`. While `syncing`, it belongs to the reading of the log.
  std::shared_ptr<DebateState> state;
  std::uint64_t state_seq = 0;
  MonoTime state_used{};
  bool syncing = false;
  std::vector<AwaitingClient> awaiting_sync;

  std::vector<FrameRef> fresh;  ///< of the batch at hand

  void keep_recent(const FrameRef& frame, const OutboxLimits& limits) {
    recent.push_back(frame);
    recent_bytes += frame->text.size();
    while (!recent.empty() && (recent.size() > limits.messages || recent_bytes > limits.bytes)) {
      forgotten_seq = std::max(forgotten_seq, recent.front()->seq);
      recent_bytes -= recent.front()->text.size();
      recent.pop_front();
    }
  }

  void forget_recent() {
    std::deque<FrameRef>().swap(recent);
    recent_bytes = 0;
  }
};

}  // namespace aev::websocket

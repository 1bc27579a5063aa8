#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <aev/plugin.hpp>

#include "client.h"
#include "client_message.h"
#include "debate_directory.h"
#include "history_reader.h"
#include "options.h"
#include "room.h"
#include "seen_window.h"
#include "upgrade_request.h"

namespace aev::websocket {

/// What has happened since the instance was made.
struct HubCounters {
  std::uint64_t connected = 0;
  std::uint64_t messages_in = 0;
  std::uint64_t messages_out = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t events_live = 0;  ///< taken from the host, wanted or not
  std::uint64_t events_serialised = 0;
  std::uint64_t events_repeated = 0;  ///< delivered by the host once more, and kept from clients
  std::uint64_t slow_clients = 0;     ///< dropped
  std::uint64_t dead_clients = 0;     ///< answered no ping
  std::uint64_t replays = 0;
  std::uint64_t events_replayed = 0;
  std::uint64_t rate_limited = 0;
};

/// Who is connected, who listens to which debate, and what each is owed. Knows nothing of sockets.
/// Confined to the I/O thread.
class Hub {
 public:
  /// `wall_seconds` is Unix time.
  Hub(const Options& options, HistoryReader& history, std::function<double()> wall_seconds);

  /// A connection whose handshake may still be going on.
  void add(std::shared_ptr<Client> client, MonoTime now);

  /// Its handshake is over: greets it, and subscribes it to what it asked for.
  void opened(Client& client, const UpgradeRequest& request, MonoTime now);

  /// A message of it.
  void received(Client& client, std::string_view text, MonoTime now);
  void received_binary(Client& client, MonoTime now);

  /// Any sign of life; `pong` answers our ping.
  void heard(Client& client, bool pong, MonoTime now);

  /// One message has left the outbox and been taken by the network.
  void sent(Client& client, std::size_t bytes);

  /// The connection is no more.
  void closed(Client& client);

  /// Sends a batch to whoever wants it. The indexes of events that belong to no debate are appended
  /// to `skipped`; the others count as delivered.
  void deliver(const sdk::Batch& batch, std::vector<std::uint32_t>& skipped);

  /// Timeouts, pings, heartbeats. Call it about every tick_interval().
  void tick(MonoTime now);

  [[nodiscard]] std::chrono::milliseconds tick_interval() const noexcept;

  /// Begins to close every client, once what it is owed has been sent.
  void close_all(CloseCode code, std::string_view reason, MonoTime close_by);

  /// Ends every connection.
  void cut_all();

  [[nodiscard]] std::size_t connections() const noexcept { return clients_.size(); }

  [[nodiscard]] std::size_t open_clients() const noexcept { return open_; }

  [[nodiscard]] std::uint64_t last_seq() const noexcept { return newest_seq_; }

  [[nodiscard]] const HubCounters& counters() const noexcept { return counters_; }

  /// True if what waits for clients is so much that more events should wait.
  [[nodiscard]] bool crowded() const noexcept;

  /// Members of a JSON object, without braces, for the query `status`.
  [[nodiscard]] std::string status_members() const;

 private:
  struct IdHash {
    using is_transparent = void;

    std::size_t operator()(std::string_view id) const noexcept {
      return std::hash<std::string_view>()(id);
    }
  };

  struct Wish {
    std::string debate_id;
    std::optional<std::uint64_t> replay_from;
    std::optional<std::vector<std::string>> event_types;
    std::optional<FrameFormat> format;
    bool sync = true;
  };

  // hub.cpp: clients and their messages
  [[nodiscard]] bool admits_message(Client& client, MonoTime now);
  void answer(Client& client, const ClientMessage& message, MonoTime now);
  void subscribe(Client& client, Wish wish, MonoTime now);
  void unsubscribe(Client& client);
  void leave_room(Client& client);
  void send(Client& client, FrameRef frame);
  void send_owed(Client& client, FrameRef frame);
  void close(Client& client, CloseCode code, std::string_view reason, bool after_outbox);
  void drop_slow(Client& client);
  [[nodiscard]] std::string quality_json(const Client& client, MonoTime now) const;

  // hub_live.cpp: what the host delivers
  void take(const sdk::Event& event);
  void flush(Room& room);
  const std::vector<FrameRef>& arrays_for(const Room& room, const Client& client);

  // hub_catch_up.cpp: what the log has
  void begin_catching_up(Client& client);
  void end_catching_up(Client& client);
  void go_live(Client& client, std::uint64_t horizon);
  void read_replay(Client& client, std::uint64_t after_seq, bool first, bool reset);
  void replay_page(
      Client& client, std::uint64_t after_seq, bool first, bool reset, PageResult page);
  void await_sync(Client& client, MonoTime now);
  void read_sync(Room& room);
  void sync_page(const std::string& debate_id,
                 const std::shared_ptr<DebateState>& state,
                 const PageResult& page);
  void await_position(Client& client);
  void read_position();
  void history_failed(Client& client, const sdk::Status& status);
  void send_frames(Client& client, const std::vector<FrameRef>& frames);

  // hub_tick.cpp
  void tick_client(Client& client, MonoTime now);
  void heartbeat(Client& client);

  const Options options_;
  HistoryReader& history_;
  const std::function<double()> wall_seconds_;
  const OutboxLimits recent_limits_;

  std::vector<std::shared_ptr<Client>> clients_;
  std::size_t open_ = 0;
  std::unordered_map<std::string, std::unique_ptr<Room>, IdHash, std::equal_to<>> rooms_;
  std::size_t queued_ = 0;  // messages in all outboxes
  FilterPool filters_;
  DebateDirectory directory_;
  SeenWindow seen_;
  std::uint64_t newest_seq_ = 0;  // that was delivered
  HubCounters counters_;

  std::vector<Room*> touched_;  // rooms with fresh frames of the batch at hand
  std::map<std::pair<const EventFilter*, std::uint64_t>, std::vector<FrameRef>> arrays_;
  std::vector<AwaitingClient> awaiting_position_;
  bool reading_position_ = false;

  MonoTime now_{};
  FrameRef heartbeat_frame_;  // of the tick at hand, for the clients that have got as far
  std::uint64_t heartbeat_seq_ = 0;
};

}  // namespace aev::websocket

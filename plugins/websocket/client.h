#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "access.h"
#include "event_filter.h"
#include "frame.h"
#include "outbox.h"
#include "token_bucket.h"

namespace aev::websocket {

struct Room;

/// Codes of the closing handshake that this server chooses itself.
enum class CloseCode : std::uint16_t {
  kNormal = 1000,
  kPolicy = 1008,
  kInternalError = 1011,
  kServiceRestart = 1012,
  kTryAgainLater = 1013,  ///< too slow, or no room
  kForbidden = 4003,      ///< not this debate
  kTooManyRequests = 4029,
  kUnauthorized = 4401,
};

/// A connected client as the hub knows it; how bytes reach it is up to the one who derives.
/// Confined to the I/O thread.
class Client : public std::enable_shared_from_this<Client> {
 public:
  enum class Phase : std::uint8_t {
    kNone,        ///< subscribed to nothing
    kCatchingUp,  ///< reads the log; live events are not for it yet
    kLive,
  };

  Client(std::uint64_t client_id, TokenBucket allowance) : id(client_id), messages(allowance) {}

  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  virtual ~Client() = default;

  /// Sends what is in the outbox, oldest first, and tells Hub::sent() after each. Called when
  /// nothing is being sent.
  virtual void start_write() = 0;

  /// Begins the closing handshake: at once, or once the outbox is empty. Hub::closed() follows.
  virtual void start_close(CloseCode code, std::string_view reason, bool after_outbox) = 0;

  /// Sends a protocol ping.
  virtual void start_ping() = 0;

  /// Ends the connection without a word. Hub::closed() follows, never within this call.
  virtual void cut() = 0;

  const std::uint64_t id;
  std::size_t index = 0;  ///< its place in the hub
  Grant grant;
  bool stream = false;       ///< came by /ws/debates/{debate_id}/stream
  bool open = false;         ///< the handshake is over
  bool closing = false;      ///< nothing more is said to it
  bool writing = false;      ///< a message is on its way
  bool pinging = false;      ///< a ping waits for its pong
  std::uint8_t strikes = 0;  ///< messages over the allowed rate, lately

  Phase phase = Phase::kNone;
  bool waits_for_room = false;  ///< its replay goes on when the outbox has drained
  FrameFormat format = FrameFormat::kSingle;
  Room* room = nullptr;
  std::size_t room_index = 0;
  std::uint64_t subscription = 0;  ///< counts up, so that late answers of an earlier one are known
  std::uint64_t horizon = 0;       ///< everything of the debate up to this seq has been sent to it
  std::uint64_t replayed = 0;
  FilterRef filter;

  Outbox outbox;
  TokenBucket messages;
  MonoTime since{};          ///< accepted
  MonoTime heard{};          ///< last sign of life
  MonoTime write_started{};  ///< of the message on its way
  MonoTime pinged{};
  MonoTime close_by{};
  std::chrono::microseconds round_trip{0};  ///< of the last ping
  std::uint64_t sent_messages = 0;
  MonoTime next_heartbeat{};
};

}  // namespace aev::websocket

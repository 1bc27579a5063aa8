#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "address_limits.h"
#include "client.h"
#include "connection.h"
#include "upgrade_request.h"

namespace aev::websocket {

/// What of a handshake decides whether it succeeds.
struct HandshakeHead {
  bool upgrade = false;  ///< it asks for a WebSocket at all
  std::string_view target;
  std::string_view host;
  std::string_view origin;
  std::string_view authorization;
  std::string_view protocols;      ///< Sec-WebSocket-Protocol
  std::string_view forwarded_for;  ///< X-Forwarded-For
  std::string_view peer;           ///< address of the socket's other end
};

/// A no, in both ways of saying it. `code` kNormal: by HTTP in any case.
struct Refusal {
  unsigned status = 400;
  CloseCode code = CloseCode::kNormal;
  std::string message;
};

/// The outcome of a handshake's checks.
struct Admission {
  std::optional<Refusal> refusal;
  UpgradeRequest request;
  Grant grant;
  std::string counted_address;  ///< to be given to AddressLimits::leave() in the end; empty: not
  bool aragora_protocol = false;
};

/// Checks a handshake, cheapest first: path, origin, address, room, token, debate.
[[nodiscard]] Admission admit(const HandshakeHead& head,
                              ConnectionSurroundings& surroundings,
                              MonoTime now,
                              std::int64_t now_s);

}  // namespace aev::websocket

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "frame.h"

namespace aev::websocket {

/// What a client asks for by the path, the query string and the headers of its handshake.
struct UpgradeRequest {
  bool stream = false;    ///< /ws/debates/{debate_id}/stream: subscribed at once
  std::string debate_id;  ///< of the path, or the query's debate_id or loop_id
  std::optional<std::uint64_t> replay_from;
  std::vector<std::string> event_types;
  std::optional<FrameFormat> format;
  bool sync = false;        ///< the debate's state first
  std::string query_token;  ///< ?token=
};

/// Why a request is refused, with the HTTP status that says so.
struct RequestFault {
  unsigned status = 400;
  std::string message;
};

/// Reads a request target such as `/ws/debates/d1/stream?replay_from_seq=7`. A fault is filled and
/// nothing returned when there is no such path or a parameter is wrong.
[[nodiscard]] std::optional<UpgradeRequest> parse_target(std::string_view target,
                                                         RequestFault& fault);

/// What the header Sec-WebSocket-Protocol offers.
struct OfferedProtocols {
  bool aragora = false;  ///< `aragora-v1`
  std::string token;     ///< of `access_token.T`, percent-decoded
};

[[nodiscard]] OfferedProtocols parse_protocols(std::string_view header);

/// The token of `Authorization: Bearer T`; empty if there is none.
[[nodiscard]] std::string_view parse_bearer(std::string_view header);

/// Nothing if a `%` is not followed by two hex digits. `plus` turns `+` into a blank.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text, bool plus);

/// A debate id has 1 to 256 bytes without control characters.
[[nodiscard]] bool is_debate_id(std::string_view text) noexcept;

}  // namespace aev::websocket

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "frame.h"

namespace aev::websocket {

enum class MessageType : std::uint8_t {
  kSubscribe,
  kUnsubscribe,
  kGetLoops,
  kPing,
  kConnectionQuality,
  kOther,  ///< well-formed, but nothing that is known here
};

/// A message of Aragora's protocol from a client.
struct ClientMessage {
  MessageType type = MessageType::kOther;
  std::string name;  ///< its `type` as sent
  std::string debate_id;
  std::optional<std::uint64_t> replay_from;
  std::optional<std::vector<std::string>> event_types;
  std::optional<FrameFormat> format;
  std::optional<bool> sync;
  std::string ts = "null";  ///< of a ping: the number as it came
};

/// Reads a client's message; members may stand at the top or inside `data`. On failure `fault` says
/// what is wrong and `invalid_json` whether it was JSON at all. JSON nested deeper than 20 is none.
[[nodiscard]] std::optional<ClientMessage> parse_client_message(std::string_view text,
                                                                std::string& fault,
                                                                bool& invalid_json);

}  // namespace aev::websocket

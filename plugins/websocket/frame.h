#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace aev::websocket {

/// A text message on its way out: serialised once, shared by all clients that get it. Immutable.
struct Frame {
  std::string text;
  std::string event_type;    ///< of the one event in it; empty: none, or several
  std::uint64_t seq = 0;     ///< of its event, or its last one; 0: a message of the protocol's own
  std::uint32_t events = 0;  ///< how many it holds
  bool replay = false;  ///< sent again by an operator: reaches whoever listens, whatever its seq
};

using FrameRef = std::shared_ptr<const Frame>;

/// How events come to a client.
enum class FrameFormat : std::uint8_t {
  kSingle,  ///< one envelope a message
  kArray,   ///< a JSON array of envelopes
};

}  // namespace aev::websocket

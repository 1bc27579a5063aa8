#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <aev/plugin.hpp>

namespace aev::websocket {

/// What has become of a debate, folded from its events in their order; what the `sync` message
/// tells a client that joins. Both spellings of the payloads are understood. Bounded: the last 1000
/// messages, of at most 1 MiB together. Not thread-safe.
class DebateState {
 public:
  static constexpr std::size_t kMaxMessages = 1000;
  static constexpr std::size_t kMaxMessageBytes = 1u << 20;

  void apply(const sdk::Event& event);

  /// False until the first event.
  [[nodiscard]] bool known() const noexcept { return known_; }

  [[nodiscard]] bool ended() const noexcept { return ended_; }

  /// JSON object of `sync`; `{"debate_id","status":"waiting"}` for an unknown debate. `last_seq` is
  /// how far the log has been read.
  [[nodiscard]] std::string sync_json(std::string_view debate_id, std::uint64_t last_seq) const;

  /// JSON object of the debate_start that is told to late comers.
  [[nodiscard]] std::string start_json(std::string_view debate_id) const;

 private:
  void apply_payload(const sdk::Event& event);
  void add_message(std::string json);
  [[nodiscard]] std::string agents_json() const;

  bool known_ = false;
  bool ended_ = false;
  std::string task_;
  std::string agents_;                 // JSON array as the debate's start gave it
  std::vector<std::string> speakers_;  // otherwise whoever has spoken
  std::deque<std::string> messages_;   // JSON objects
  std::size_t message_bytes_ = 0;
  std::optional<bool> consensus_;
  std::string confidence_ = "null";  // JSON
  std::string answer_ = "null";      // JSON
  std::int64_t started_ns_ = 0;
  std::int64_t ended_ns_ = 0;
  std::string rounds_ = "0";   // JSON number
  std::string duration_ = "";  // JSON number, if the end gave one
};

/// Unix seconds with microseconds, as Aragora writes them.
[[nodiscard]] std::string unix_seconds(std::int64_t unix_ns);

}  // namespace aev::websocket

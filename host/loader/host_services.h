#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"
#include "events/event.h"

namespace aev::loader {

/// Which past events a plugin asks for.
struct HistoryRequest {
  std::string debate_id;         ///< empty: whatever the debate
  events::Seq after_seq = 0;     ///< events above this
  events::Seq upto_seq = 0;      ///< and not above this; 0: up to the newest
  std::uint32_t max_events = 0;  ///< 0: as the host likes
  std::uint64_t max_bytes = 0;   ///< 0: as the host likes
  bool all = false;              ///< also what was not routed to the subscriber
};

struct HistoryPage {
  std::vector<events::EventRef> events;  ///< ascending
  events::Seq scanned_seq = 0;           ///< everything up to here has been looked at
  events::Seq first_seq = 0;             ///< the oldest in the store; 0: none
  events::Seq last_seq = 0;              ///< the newest that was durable
  bool at_end = false;                   ///< nothing more matches
};

/// What the host does for plugins beyond taking their outcomes: the services behind the extensions
/// aev.emit, aev.history and aev.state. `subscriber` is the name of who asks. Thread-safe; nothing
/// here blocks, but for state().
class HostServices {
 public:
  /// Called once, on any thread, also within the request itself.
  using Done = std::function<void(Result<void>)>;
  using Read = std::function<void(Result<HistoryPage>)>;

  virtual ~HostServices() = default;

  /// Publishes events, all or none; the fields are copied before it returns. `done` hears that they
  /// are durable, or kFull, kBusy, kIo. An error here means that nothing was taken and `done` hears
  /// nothing: kInvalid with the pointer to the fault ("/3/event_type"), kTooLarge, kBusy.
  [[nodiscard]] virtual Result<void> emit(std::string_view subscriber,
                                          std::span<const events::EventFields> events,
                                          Done done) = 0;

  /// The same of one body as POST /v1/events takes it.
  [[nodiscard]] virtual Result<void> emit_body(
      std::string_view subscriber,
      std::string_view content_type,
      const std::vector<std::pair<std::string_view, std::string_view>>& headers,
      std::string_view body,
      Done done) = 0;

  virtual void read_history(std::string_view subscriber, HistoryRequest request, Read read) = 0;

  /// The value of a key; nothing if there is none.
  [[nodiscard]] virtual std::optional<std::string> state(std::string_view subscriber,
                                                         std::string_view key) = 0;

  /// Sets a key, or removes it when `value` is nothing; state() shows that at once, `done` (may be
  /// empty) hears when it is durable. kTooLarge when over a limit: nothing is changed then.
  [[nodiscard]] virtual Result<void> put_state(std::string_view subscriber,
                                               std::string_view key,
                                               std::optional<std::string> value,
                                               Done done) = 0;
};

}  // namespace aev::loader

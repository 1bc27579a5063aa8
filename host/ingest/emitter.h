#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"
#include "events/event.h"
#include "events/targets.h"
#include "ingest/ingest_handler.h"

namespace aev::ingest {

/// Who emits: events without a source get `name`, and none is delivered back to `id`.
struct EmittingSubscriber {
  std::string_view name;
  events::SubscriberId id = 0;
};

/// Takes events from within the host, as POST /v1/events takes them from outside: checks, routes
/// and stores them, all or none. Thread-safe; never waits for the disk.
class Emitter {
 public:
  /// Hears once, on any thread, that all is durable, or kFull, kBusy, kIo.
  using Done = std::function<void(Result<void>)>;
  using Headers = std::vector<std::pair<std::string_view, std::string_view>>;

  explicit Emitter(IngestParts parts);
  ~Emitter();
  Emitter(const Emitter&) = delete;
  Emitter& operator=(const Emitter&) = delete;

  /// An error means that nothing was taken and `done` hears nothing: kInvalid or kTooLarge with the
  /// pointer to the fault, beginning with the event's index.
  [[nodiscard]] Result<void> emit(const EmittingSubscriber& from,
                                  std::span<const events::EventFields> events,
                                  Done done);

  /// The same of a body with its Content-Type; `headers` are those that matter to CloudEvents'
  /// binary mode, other ones are passed over. kUnsupported: no known format.
  [[nodiscard]] Result<void> emit_body(const EmittingSubscriber& from,
                                       std::string_view content_type,
                                       const Headers& headers,
                                       std::string_view body,
                                       Done done);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace aev::ingest

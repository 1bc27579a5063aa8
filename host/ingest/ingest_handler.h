#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "core/clock.h"
#include "core/log.h"
#include "core/metrics.h"
#include "http/message.h"
#include "ingest/schema_rules.h"
#include "routing/router.h"
#include "store/store.h"

namespace aev::ingest {

struct IngestLimits {
  std::size_t max_body_bytes = 16u << 20;  ///< of a request that is held whole; NDJSON is not
  std::size_t max_event_bytes = 1u << 20;  ///< of one event, as sent
};

/// What ingest works with. The references outlive the handler.
struct IngestParts {
  store::Store& store;
  /// The routes of now; swapped when the configuration is reloaded. Thread-safe, never null.
  std::function<std::shared_ptr<const routing::Router>()> router;
  const Clock& clock;
  Metrics& metrics;
  Logger logger;
  /// The bounds of now; may be empty: the defaults. Thread-safe.
  std::function<IngestLimits()> limits = {};
  /// What events are checked against now; may be empty, and give null: nothing. Thread-safe.
  std::function<std::shared_ptr<const SchemaRules>()> schemas = {};

  [[nodiscard]] IngestLimits limits_of_now() const { return limits ? limits() : IngestLimits(); }
};

/// `POST /v1/events`, and `POST /v1/security/…` for security reports: decodes what was sent in any
/// known format, routes each event and appends it to the store; 202 only after the store has
/// synced. A batch is all or nothing unless
/// `?partial=true`; NDJSON is stored slice by slice up to the first bad line. Thread-safe; blocks
/// on the store.
class IngestHandler final : public http::Handler {
 public:
  explicit IngestHandler(IngestParts parts);
  ~IngestHandler() override;

  void handle(http::Exchange& exchange) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace aev::ingest

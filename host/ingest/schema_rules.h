#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "config/config.h"
#include "core/log.h"
#include "core/metrics.h"
#include "core/mutex.h"
#include "events/event.h"
#include "events/event_schemas.h"
#include "ingest/event_problem.h"

namespace aev::ingest {

/// Which event types are checked against their schemas, and what follows. Swapped as a whole when
/// the configuration is reloaded. Thread-safe.
class SchemaRules {
 public:
  /// `schemas` is not null; `metrics` is borrowed for the call.
  SchemaRules(std::shared_ptr<const events::EventSchemas> schemas,
              const config::SchemaConfig& config,
              Metrics& metrics,
              Logger logger);

  /// The problem of an event that must be refused. One that only deserves a warning is counted
  /// (aragora_ingest_schema_warnings_total) and, the first of its type, logged.
  [[nodiscard]] std::optional<EventProblem> judge(const events::Event& event) const
      AEV_EXCLUDES(mutex_);

 private:
  struct Rule {
    bool enforce = false;
    Counter warnings;
  };

  const std::shared_ptr<const events::EventSchemas> schemas_;
  const Logger log_;
  std::map<std::string, Rule, std::less<>> rules_;  // constant after the constructor
  mutable Mutex mutex_;
  mutable std::set<std::string> logged_ AEV_GUARDED_BY(mutex_);
};

}  // namespace aev::ingest

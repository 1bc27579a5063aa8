#include "ingest/schema_rules.h"

#include "events/canonical_json.h"

namespace aev::ingest {

SchemaRules::SchemaRules(std::shared_ptr<const events::EventSchemas> schemas,
                         const config::SchemaConfig& config,
                         Metrics& metrics,
                         Logger logger)
    : schemas_(std::move(schemas)), log_(std::move(logger)) {
  for (const events::EventSchema* schema : schemas_->all()) {
    const auto named = config.events.find(schema->event_type);
    const config::SchemaMode mode = named == config.events.end() ? config.standard : named->second;
    if (mode == config::SchemaMode::kOff) {
      continue;
    }
    Rule rule{mode == config::SchemaMode::kEnforce,
              metrics.counter("aragora_ingest_schema_warnings_total",
                              "Events taken although their data does not fit its schema.",
                              {{"event_type", schema->event_type}})};
    rules_.emplace(schema->event_type, std::move(rule));
  }
}

std::optional<EventProblem> SchemaRules::judge(const events::Event& event) const {
  const auto found = rules_.find(event.event_type());
  if (found == rules_.end()) {
    return std::nullopt;
  }
  const bool json = events::is_json_media_type(event.content_type());
  if (json && schemas_->accepts(event.event_type(), event.data())) {
    return std::nullopt;
  }
  const std::string type(event.event_type());
  EventProblem problem{ProblemKind::kNotAnEvent, "/data", {}};
  if (!json) {
    problem.detail = "data of an event of type " + type + " is JSON, which its content_type denies";
  } else {
    const auto faults = schemas_->validate(type, event.data());
    if (!faults.empty()) {
      const events::SchemaFault& first = faults.front();
      problem.pointer += first.field;
      problem.detail = first.message + (first.value.empty() ? "" : " (got " + first.value + ")") +
                       ", says the schema of " + type;
    }
  }
  const Rule& rule = found->second;
  if (rule.enforce) {
    return problem;
  }
  rule.warnings.add();
  const MutexLock lock(mutex_);
  if (logged_.insert(type).second) {
    log_.warning("an event does not fit its schema; more of this type are only counted",
                 {{"event_type", type},
                  {"id", event.id()},
                  {"pointer", problem.pointer},
                  {"reason", problem.detail}});
  }
  return std::nullopt;
}

}  // namespace aev::ingest

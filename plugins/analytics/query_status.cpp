#include "query_status.h"

#include <filesystem>
#include <string>

#include "database.h"
#include "query_parameters.h"
#include "rollup_file.h"

namespace aev::analytics {
namespace {

const char* name_of(RebuildState state) {
  switch (state) {
    case RebuildState::kNone:
      return "none";
    case RebuildState::kRunning:
      return "running";
    case RebuildState::kDone:
      return "done";
    case RebuildState::kRefused:
      return "refused";
    case RebuildState::kFailed:
      break;
  }
  return "failed";
}

Cell kept_for(const std::optional<std::int64_t>& seconds) {
  return seconds ? describe_seconds(*seconds) : std::string("forever");
}

std::int64_t file_bytes(const std::string& file) {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(file, error);
  return error ? 0 : static_cast<std::int64_t>(bytes);
}

Cell time_unless_zero(std::int64_t unix_ns) {
  return unix_ns == 0 ? Cell() : time_cell(unix_ns);
}

Poco::JSON::Object::Ptr logs_object(Database& database) {
  auto object = new_object();
  Statement logs =
      database.prepare("SELECT subscriber, highest, lowest, applied FROM logs ORDER BY log DESC");
  std::int64_t earlier = 0;
  bool first = true;
  while (logs.step()) {
    if (first) {
      object->set("subscriber", std::string(logs.text(0)));
      object->set("last_seq", logs.integer(1));
      object->set("first_seq", logs.integer(2));
      object->set("events", logs.integer(3));
    } else {
      earlier += logs.integer(3);
    }
    first = false;
  }
  object->set("events_of_earlier_logs", earlier);
  return object;
}

}  // namespace

Poco::JSON::Object::Ptr rebuild_object(const RebuildProgress& progress) {
  auto object = new_object();
  object->set("state", std::string(name_of(progress.state)));
  if (progress.state == RebuildState::kNone) {
    return object;
  }
  object->set("all", progress.options.all);
  object->set("partial", progress.options.partial);
  object->set("first_seq", progress.first_seq);
  object->set("scanned_seq", progress.scanned_seq);
  object->set("last_seq", progress.last_seq);
  object->set("events", progress.events);
  object->set("started", time_unless_zero(progress.started_ns));
  object->set("ended", time_unless_zero(progress.ended_ns));
  if (!progress.reason.empty()) {
    object->set("reason", progress.reason);
  }
  return object;
}

void query_status(const QueryContext& context,
                  const RebuildProgress& rebuild,
                  std::string_view parameters,
                  sdk::Answer& answer) {
  const QueryParameters given(parameters, {});
  const std::string& file = context.options.file;
  const auto database = open_for_reading(file);
  database->execute("BEGIN");  // one state of the file for all that is read
  const auto meta = [&](std::string_view name) {
    Statement read = database->prepare("SELECT value FROM meta WHERE name = ?");
    return read.bind(1, name).step() ? read.integer(0) : std::int64_t{0};
  };
  auto document = new_object();
  document->set("file", file);
  document->set("file_bytes", file_bytes(file) + file_bytes(file + "-wal"));
  document->set("schema_version", database->integer("PRAGMA user_version"));
  document->set("log", logs_object(*database));
  document->set("newest_event", time_unless_zero(meta("newest_ns")));
  document->set("late_events", meta("late_events"));
  document->set("unreadable_events", meta("unreadable_events"));
  document->set("ignored_fields", meta("ignored_members"));
  auto rows = new_object();
  for (const char* table : {"counts", "agent_counts", "agents", "debates", "debate_agents"}) {
    rows->set(table, database->integer("SELECT count(*) FROM " + std::string(table)));
  }
  document->set("rows", rows);
  auto retention = new_object();
  for (const Granularity granularity : kGranularities) {
    retention->set(
        std::string(aev::analytics::name_of(granularity)),
        kept_for(context.options.retention.buckets[static_cast<std::size_t>(granularity)]));
  }
  retention->set("debates", kept_for(context.options.retention.debates));
  document->set("retention", retention);
  document->set("rebuild", rebuild_object(rebuild));
  write_json(*document, answer);
}

}  // namespace aev::analytics

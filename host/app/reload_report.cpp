#include "app/reload_report.h"

#include "core/json_writer.h"
#include "http/message.h"

namespace aev::app {
namespace {

void write_problems(JsonWriter& json,
                    std::string_view key,
                    const std::vector<config::Problem>& problems,
                    bool warnings) {
  json.key(key).begin_array();
  for (const config::Problem& problem : problems) {
    if (problem.warning == warnings) {
      json.begin_object()
          .field("file", problem.where.file)
          .field("line", problem.where.line)
          .field("column", problem.where.column)
          .field("path", problem.path)
          .field("message", problem.message)
          .end_object();
    }
  }
  json.end_array();
}

void write_names(JsonWriter& json, std::string_view key, const std::vector<std::string>& names) {
  json.key(key).begin_array();
  for (const std::string& name : names) {
    json.value(name);
  }
  json.end_array();
}

}  // namespace

admin::ApiResponse to_response(const ReloadReport& report) {
  JsonWriter json;
  json.begin_object();
  if (report.refused) {
    json.field("generation", report.generation);
    write_problems(json, "problems", report.problems, false);
    json.end_object();
    const std::string members = json.take();
    // The braces of the object go: these are members of the problem document.
    return http::problem_response(*report.refused,
                                  std::string_view(members).substr(1, members.size() - 2));
  }
  json.field("generation", report.generation)
      .field("routes", report.routes)
      .key("subscribers")
      .begin_object();
  write_names(json, "added", report.added);
  write_names(json, "changed", report.changed);
  write_names(json, "removed", report.removed);
  json.field("unchanged", report.unchanged);
  write_names(json, "policy_only", report.policy_only);
  write_names(json, "draining", report.draining);
  json.end_object();
  write_names(json, "settings", report.settings);
  write_problems(json, "warnings", report.problems, true);
  json.end_object();
  return http::json_response(json.take());
}

}  // namespace aev::app

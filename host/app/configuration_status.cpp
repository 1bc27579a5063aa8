#include "app/configuration_status.h"

#include "core/json_writer.h"

namespace aev::app {
namespace {

Counter reloads(Metrics& metrics, const char* result) {
  return metrics.counter("aragora_config_reloads_total", "Reloads of the configuration, by result",
                         {{"result", result}});
}

double seconds(std::int64_t unix_ns) {
  return static_cast<double>(unix_ns) / 1e9;
}

}  // namespace

ConfigurationStatus::ConfigurationStatus(std::string file, const Clock& clock, Metrics& metrics)
    : file_(std::move(file)),
      clock_(clock),
      taken_(reloads(metrics, "ok")),
      refused_(reloads(metrics, "refused")),
      generation_gauge_(metrics.gauge("aragora_config_generation",
                                      "How many configurations have run, the one of now included")),
      success_time_(metrics.gauge("aragora_config_last_success_timestamp_seconds",
                                  "When the configuration of now was taken")),
      since_unix_ns_(clock.unix_now_ns()) {
  generation_gauge_.set(1);
  success_time_.set(seconds(since_unix_ns_));
}

void ConfigurationStatus::note(ReloadReport& report) {
  const MutexLock lock(mutex_);
  last_unix_ns_ = clock_.unix_now_ns();
  if (report.refused) {
    last_refusal_ = report.refused->message;
    refused_.add();
  } else {
    last_refusal_.clear();
    since_unix_ns_ = last_unix_ns_;
    ++generation_;
    taken_.add();
    generation_gauge_.set(static_cast<double>(generation_));
    success_time_.set(seconds(since_unix_ns_));
  }
  report.generation = generation_;
}

std::string ConfigurationStatus::to_json() const {
  const MutexLock lock(mutex_);
  JsonWriter json;
  json.begin_object()
      .field("file", file_)
      .field("generation", generation_)
      .field("since", format_rfc3339(since_unix_ns_))
      .key("last_reload");
  if (last_unix_ns_ == 0) {
    json.null();
  } else {
    json.begin_object()
        .field("at", format_rfc3339(last_unix_ns_))
        .field("result", last_refusal_.empty() ? "ok" : "refused")
        .field("reason", last_refusal_)
        .end_object();
  }
  json.end_object();
  return json.take();
}

}  // namespace aev::app

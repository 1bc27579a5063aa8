#include "loader/host_functions.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "core/log.h"
#include "loader/instance_core.h"
#include "loader/plugin_text.h"
#include "loader/request_functions.h"

// Everything here is called by plugins, from any thread. Each function enters the instance's gate
// first: once that is closed, an abandoned plugin may go on calling without reaching anything.

namespace aev::loader {
namespace {

constexpr std::size_t kMaxMessageBytes = 8192;
constexpr std::size_t kMaxFieldBytes = 4096;
constexpr std::size_t kMaxKeyBytes = 64;
constexpr std::uint32_t kMaxFields = 32;
constexpr std::string_view kComponent = "plugin";

InstanceCore& core_of(const aev_host* host) {
  return *static_cast<InstanceCore*>(host->host_data);
}

LogLevel to_level(std::uint32_t level) {
  return level > AEV_LOG_ERROR ? LogLevel::kError : static_cast<LogLevel>(level);
}

/// Keys stand unquoted in a text log, so nothing but plain characters may be in them.
std::string plain_key(aev_str key) {
  std::string plain = plugin_text(key, kMaxKeyBytes);
  for (char& c : plain) {
    const bool allowed = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
    if (!allowed) {
      c = '_';
    }
  }
  return plain.empty() ? "_" : plain;
}

std::uint32_t log_enabled(const aev_host* host, std::uint32_t level) noexcept {
  InstanceCore& core = core_of(host);
  const Gate::Pass pass(core.gate());
  return pass && core.logger().log().enabled(to_level(level)) ? 1u : 0u;
}

void write_log(const aev_host* host,
               std::uint32_t level,
               aev_str message,
               const aev_attr* fields,
               std::uint32_t count) noexcept {
  InstanceCore& core = core_of(host);
  const Gate::Pass pass(core.gate());
  if (!pass || !core.logger().log().enabled(to_level(level))) {
    return;
  }
  const std::uint32_t kept = fields == nullptr ? 0 : std::min(count, kMaxFields);
  std::vector<std::string> keys;
  keys.reserve(kept);  // the fields below view them
  std::vector<LogField> entries;
  entries.reserve(kept + 1);
  entries.emplace_back("subscriber", core.name());
  for (std::uint32_t i = 0; i < kept; ++i) {
    keys.push_back(plain_key(fields[i].key));
    entries.emplace_back(keys.back(), plugin_text(fields[i].value, kMaxFieldBytes));
  }
  core.logger().log().write(to_level(level), kComponent, plugin_text(message, kMaxMessageBytes),
                            entries.data(), entries.size());
}

void complete(const aev_host* host,
              const aev_result* results,
              std::uint32_t count,
              std::uint32_t stride) noexcept {
  InstanceCore& core = core_of(host);
  if (const Gate::Pass pass(core.gate()); pass) {
    core.plugin_completes(results, count, stride);
  }
}

void ready(const aev_host* host) noexcept {
  InstanceCore& core = core_of(host);
  if (const Gate::Pass pass(core.gate()); pass) {
    core.plugin_is_ready();
  }
}

void stopped(const aev_host* host) noexcept {
  InstanceCore& core = core_of(host);
  if (const Gate::Pass pass(core.gate()); pass) {
    core.plugin_has_stopped();
  }
}

void failed(const aev_host* host, const aev_error* error) noexcept {
  InstanceCore& core = core_of(host);
  if (const Gate::Pass pass(core.gate()); pass) {
    const aev_error none = new_plugin_error();
    const bool readable = error != nullptr && AEV_HAS(error, aev_error, message);
    core.plugin_fails(to_error(readable ? *error : none, ErrorCode::kInternal,
                               "the plugin asked to be restarted"));
  }
}

aev_metric* metric_series(const aev_host* host,
                          std::uint32_t kind,
                          aev_str name,
                          aev_str help,
                          const aev_attr* labels,
                          std::uint32_t label_count,
                          const double* bounds,
                          std::uint32_t bound_count) noexcept {
  InstanceCore& core = core_of(host);
  const Gate::Pass pass(core.gate());
  return pass ? core.metrics().series(kind, name, help, labels, label_count, bounds, bound_count)
              : nullptr;
}

void metric_record(aev_metric* metric, double value) noexcept {
  MetricsExtension::record(metric, value);
}

void metric_set(aev_metric* metric, double value) noexcept {
  MetricsExtension::set(metric, value);
}

constexpr aev_metrics kMetrics{sizeof(aev_metrics), 0, metric_series, metric_record, metric_set};

const void* get_extension(const aev_host* host, const char* id) noexcept {
  const std::string_view wanted = id == nullptr ? std::string_view() : std::string_view(id);
  if (wanted == AEV_EXT_METRICS) {
    return &kMetrics;
  }
  if (!core_of(host).has_services()) {
    return nullptr;
  }
  if (wanted == AEV_EXT_EMIT) {
    return &emit_functions();
  }
  if (wanted == AEV_EXT_HISTORY) {
    return &history_functions();
  }
  return wanted == AEV_EXT_STATE ? &state_functions() : nullptr;
}

}  // namespace

void fill_host(aev_host& host, InstanceCore& core) {
  host.struct_size = sizeof host;
  host.abi_major = AEV_ABI_MAJOR;
  host.abi_minor = AEV_ABI_MINOR;
  host.host_data = &core;
  host.name = core.name().c_str();
  host.version = AEV_HOST_VERSION;
  host.get_extension = get_extension;
  host.log_enabled = log_enabled;
  host.log = write_log;
  host.complete = complete;
  host.ready = ready;
  host.stopped = stopped;
  host.failed = failed;
}

}  // namespace aev::loader

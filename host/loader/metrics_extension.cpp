#include "loader/metrics_extension.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string_view>
#include <vector>

#include "loader/plugin_text.h"

/// A series as the plugin holds it: opaque there, so it is named as the ABI names it.
struct aev_metric {
  aev::loader::Gate& gate;
  std::uint32_t kind;
  aev::Counter counter;
  aev::Gauge gauge;
  aev::Histogram histogram;
};

namespace aev::loader {
namespace {

constexpr std::size_t kMaxNameBytes = 200;
constexpr std::size_t kMaxValueBytes = 256;
constexpr std::uint32_t kMaxLabels = 16;
constexpr std::uint32_t kMaxBounds = 64;
constexpr std::string_view kPrefix = "aragora_";

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/// What Prometheus allows in a label's name, and in a metric's but for the colon.
bool valid_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

std::string_view view(aev_str text) {
  return text.ptr == nullptr ? std::string_view()
                             : std::string_view(text.ptr, static_cast<std::size_t>(text.len));
}

bool read_labels(const aev_attr* labels, std::uint32_t count, MetricLabels& out) {
  if (count > kMaxLabels || (labels == nullptr && count != 0)) {
    return false;
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::string_view name = view(labels[i].key);
    if (!valid_name(name) || name.starts_with("__")) {
      return false;
    }
    out.emplace_back(std::string(name), plugin_text(labels[i].value, kMaxValueBytes));
  }
  std::sort(out.begin(), out.end());
  const auto same = [](const auto& a, const auto& b) { return a.first == b.first; };
  return std::adjacent_find(out.begin(), out.end(), same) == out.end();
}

bool read_bounds(const double* bounds, std::uint32_t count, std::vector<double>& out) {
  if (count > kMaxBounds || (bounds == nullptr && count != 0)) {
    return false;
  }
  out.assign(bounds, bounds + count);
  const bool finite =
      std::all_of(out.begin(), out.end(), [](double b) { return std::isfinite(b); });
  return finite && std::adjacent_find(out.begin(), out.end(), std::greater_equal<>()) == out.end();
}

std::string series_key(std::string_view name, const MetricLabels& labels) {
  std::string key(name);
  for (const auto& [label, value] : labels) {
    key += '\0';
    key += label;
    key += '\0';
    key += value;
  }
  return key;
}

}  // namespace

bool MetricKinds::claim(const std::string& name, std::uint32_t kind) {
  MutexLock lock(mutex_);
  return kinds_.emplace(name, kind).first->second == kind;
}

MetricsExtension::MetricsExtension(Metrics& metrics, MetricKinds& kinds, Gate& gate)
    : metrics_(metrics), kinds_(kinds), gate_(gate) {}

MetricsExtension::~MetricsExtension() = default;

aev_metric* MetricsExtension::series(std::uint32_t kind,
                                     aev_str name,
                                     aev_str help,
                                     const aev_attr* labels,
                                     std::uint32_t label_count,
                                     const double* bounds,
                                     std::uint32_t bound_count) {
  const std::string metric_name(view(name));
  MetricLabels metric_labels;
  std::vector<double> metric_bounds;
  if (kind > AEV_METRIC_HISTOGRAM || !valid_name(metric_name) ||
      !metric_name.starts_with(kPrefix) || !read_labels(labels, label_count, metric_labels) ||
      (kind == AEV_METRIC_HISTOGRAM && !read_bounds(bounds, bound_count, metric_bounds)) ||
      !kinds_.claim(metric_name, kind)) {
    return nullptr;
  }
  MutexLock lock(mutex_);
  std::string key = series_key(metric_name, metric_labels);
  if (series_.size() >= Metrics::kMaxSeriesPerFamily && !series_.contains(key)) {
    // Fold as the host's own metrics do, so that made-up label values cannot eat the memory.
    for (auto& [label, value] : metric_labels) {
      value = "other";
    }
    key = series_key(metric_name, metric_labels);
  }
  if (const auto found = series_.find(key); found != series_.end()) {
    return found->second.get();
  }
  if (series_.size() >= 2 * Metrics::kMaxSeriesPerFamily) {
    return nullptr;
  }
  const std::string metric_help = plugin_text(help, kMaxValueBytes);
  auto made = std::unique_ptr<aev_metric>(new aev_metric{gate_, kind, {}, {}, {}});
  switch (kind) {
    case AEV_METRIC_COUNTER:
      made->counter = metrics_.counter(metric_name, metric_help, metric_labels);
      break;
    case AEV_METRIC_GAUGE:
      made->gauge = metrics_.gauge(metric_name, metric_help, metric_labels);
      break;
    default:
      made->histogram = metrics_.histogram(metric_name, metric_help, metric_labels, metric_bounds);
      break;
  }
  return series_.emplace(std::move(key), std::move(made)).first->second.get();
}

void MetricsExtension::record(aev_metric* metric, double value) {
  if (metric == nullptr || std::isnan(value)) {
    return;
  }
  if (const Gate::Pass pass(metric->gate); pass) {
    switch (metric->kind) {
      case AEV_METRIC_COUNTER:
        if (value >= 0) {
          metric->counter.add(value);
        }
        break;
      case AEV_METRIC_GAUGE:
        metric->gauge.add(value);
        break;
      default:
        metric->histogram.observe(value);
        break;
    }
  }
}

void MetricsExtension::set(aev_metric* metric, double value) {
  if (metric == nullptr || metric->kind != AEV_METRIC_GAUGE) {
    return;
  }
  if (const Gate::Pass pass(metric->gate); pass) {
    metric->gauge.set(value);
  }
}

}  // namespace aev::loader

#include "core/metrics.h"

#include <map>
#include <unordered_map>
#include <variant>

#include <prometheus/check_names.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "core/mutex.h"

namespace aev {

void Counter::add(double amount) const {
  if (impl_ != nullptr) {
    static_cast<prometheus::Counter*>(impl_)->Increment(amount);
  }
}

void Gauge::set(double value) const {
  if (impl_ != nullptr) {
    static_cast<prometheus::Gauge*>(impl_)->Set(value);
  }
}

void Gauge::add(double amount) const {
  if (impl_ != nullptr) {
    static_cast<prometheus::Gauge*>(impl_)->Increment(amount);
  }
}

void Histogram::observe(double value) const {
  if (impl_ != nullptr) {
    static_cast<prometheus::Histogram*>(impl_)->Observe(value);
  }
}

struct Metrics::Impl {
  template <typename T>
  struct Family {
    prometheus::Family<T>* family = nullptr;
    std::map<prometheus::Labels, T*> series;
    std::vector<double> bounds;  // of histograms
  };

  using AnyFamily = std::variant<Family<prometheus::Counter>,
                                 Family<prometheus::Gauge>,
                                 Family<prometheus::Histogram>>;

  prometheus::Registry registry;
  Mutex mutex;
  std::unordered_map<std::string, AnyFamily> families AEV_GUARDED_BY(mutex);

  /// The family of that name, made by `build` if new; null if the name is another kind's or
  /// malformed.
  template <typename T, typename Build>
  Family<T>* family(const std::string& name, const Build& build) AEV_REQUIRES(mutex) {
    auto found = families.find(name);
    if (found == families.end()) {
      if (!prometheus::CheckMetricName(name)) {
        return nullptr;
      }
      Family<T> made;
      made.family = build();
      found = families.emplace(name, std::move(made)).first;
    }
    return std::get_if<Family<T>>(&found->second);
  }

  /// The series with these labels; past the bound, the one whose values are all "other".
  template <typename T, typename... Extra>
  static T* series(Family<T>& family, const MetricLabels& labels, const Extra&... extra) {
    prometheus::Labels key;
    for (const auto& [name, value] : labels) {
      if (!prometheus::CheckLabelName(name)) {
        return nullptr;
      }
      key[name] = value;
    }
    if (const auto found = family.series.find(key); found != family.series.end()) {
      return found->second;
    }
    if (family.series.size() >= kMaxSeriesPerFamily) {
      for (auto& label : key) {
        label.second = "other";
      }
    }
    T* made = &family.family->Add(key, extra...);
    family.series.emplace(std::move(key), made);
    return made;
  }
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}

Metrics::~Metrics() = default;

Counter Metrics::counter(const std::string& name,
                         const std::string& help,
                         const MetricLabels& labels) {
  const MutexLock lock(impl_->mutex);
  Counter handle;
  auto* family = impl_->family<prometheus::Counter>(name, [&] {
    return &prometheus::BuildCounter().Name(name).Help(help).Register(impl_->registry);
  });
  if (family != nullptr) {
    handle.impl_ = Impl::series(*family, labels);
  }
  return handle;
}

Gauge Metrics::gauge(const std::string& name, const std::string& help, const MetricLabels& labels) {
  const MutexLock lock(impl_->mutex);
  Gauge handle;
  auto* family = impl_->family<prometheus::Gauge>(name, [&] {
    return &prometheus::BuildGauge().Name(name).Help(help).Register(impl_->registry);
  });
  if (family != nullptr) {
    handle.impl_ = Impl::series(*family, labels);
  }
  return handle;
}

Histogram Metrics::histogram(const std::string& name,
                             const std::string& help,
                             const MetricLabels& labels,
                             const std::vector<double>& bounds) {
  const MutexLock lock(impl_->mutex);
  Histogram handle;
  auto* family = impl_->family<prometheus::Histogram>(name, [&] {
    return &prometheus::BuildHistogram().Name(name).Help(help).Register(impl_->registry);
  });
  if (family != nullptr) {
    if (family->bounds.empty()) {
      family->bounds = bounds;
    }
    handle.impl_ = Impl::series(*family, labels, family->bounds);
  }
  return handle;
}

std::string Metrics::expose() const {
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

}  // namespace aev

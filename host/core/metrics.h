#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace aev {

/// Label names and values of one time series.
using MetricLabels = std::vector<std::pair<std::string, std::string>>;

/// Handles to one series each; copyable, thread-safe, lock-free to update, valid as long as the
/// `Metrics` they came from. A default-constructed handle ignores updates.
class Counter {
 public:
  void add(double amount = 1) const;

 private:
  friend class Metrics;
  void* impl_ = nullptr;
};

class Gauge {
 public:
  void set(double value) const;
  void add(double amount) const;

 private:
  friend class Metrics;
  void* impl_ = nullptr;
};

class Histogram {
 public:
  /// Seconds, by our naming rule.
  void observe(double value) const;

 private:
  friend class Metrics;
  void* impl_ = nullptr;
};

/// The process's metrics, on prometheus-cpp. Thread-safe. The number of series per family is
/// bounded: past the bound a label set is folded into one whose values are all "other".
class Metrics {
 public:
  static constexpr std::size_t kMaxSeriesPerFamily = 1000;

  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// The same name and labels give the same series. A name that is already another kind of metric,
  /// or is not a valid Prometheus name, gives a handle that ignores updates.
  Counter counter(const std::string& name,
                  const std::string& help,
                  const MetricLabels& labels = {});
  Gauge gauge(const std::string& name, const std::string& help, const MetricLabels& labels = {});
  /// `bounds` are the upper bounds of the buckets, ascending; those of the first call count.
  Histogram histogram(const std::string& name,
                      const std::string& help,
                      const MetricLabels& labels,
                      const std::vector<double>& bounds);

  /// Prometheus text exposition format 0.0.4.
  [[nodiscard]] std::string expose() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace aev

// Counters, gauges and histograms by name and labels, read out in Prometheus' text form.
// A metric is looked up once (Family::With, takes a lock) and then updated through its reference, which
// lives as long as its Registry: an update is one or two relaxed atomic operations, from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace atelier {

class Counter {
 public:
  void Increment(double by = 1) { value_.fetch_add(by, std::memory_order_relaxed); }
  // For a total that is kept elsewhere: takes it over, unless it is lower (its keeper began anew).
  void SetTotal(double total) {
    if (total > value()) value_.store(total, std::memory_order_relaxed);
  }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_ = 0;
};

class Gauge {
 public:
  void Set(double value) { value_.store(value, std::memory_order_relaxed); }
  void Add(double by) { value_.fetch_add(by, std::memory_order_relaxed); }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_ = 0;
};

// Counts of values <= each upper bound (cumulative when read), and their sum.
class Histogram {
 public:
  explicit Histogram(std::span<const double> upper_bounds);
  // COST: a binary search over the bounds and two atomic additions.
  void Observe(double value);
  // The same value `count` times (tokens that came in one step).
  void Observe(double value, int64_t count);
  uint64_t count() const;
  double sum() const { return sum_.load(std::memory_order_relaxed); }
  const std::vector<double>& upper_bounds() const { return upper_bounds_; }
  // Not cumulative; one more than upper_bounds, for +Inf.
  std::vector<uint64_t> buckets() const;

 private:
  const std::vector<double> upper_bounds_;
  std::unique_ptr<std::atomic<uint64_t>[]> buckets_;
  std::atomic<double> sum_ = 0;
};

enum class MetricType { kCounter, kGauge, kHistogram };

// What all metrics of a name share. A counter's name is given as it is exposed, "_total" included.
struct MetricSpec {
  std::string name;
  MetricType type = MetricType::kCounter;
  std::string help;
  std::vector<std::string> label_names;
  std::vector<double> buckets;  // ascending upper bounds without +Inf; histograms only; empty: given per metric
};

// All metrics of a name, by their labels' values.
class MetricFamily {
 public:
  explicit MetricFamily(MetricSpec spec);
  ~MetricFamily();
  const MetricSpec& spec() const { return spec_; }
  // Found or made. CHECKs the type and the number of values.
  Counter& CounterWith(const std::vector<std::string>& label_values);
  Gauge& GaugeWith(const std::vector<std::string>& label_values);
  // `buckets`: bounds of this one metric, where they are not the same for all labels; found as it was made.
  Histogram& HistogramWith(const std::vector<std::string>& label_values);
  Histogram& HistogramWith(const std::vector<std::string>& label_values, std::span<const double> buckets);
  // Forgets the metric of these labels in read-outs (a model unloaded); references stay valid.
  void Hide(const std::vector<std::string>& label_values);

 private:
  friend class MetricRegistry;
  friend struct MetricExposition;
  struct Cell;
  Cell& CellWith(const std::vector<std::string>& label_values, std::span<const double> buckets);

  const MetricSpec spec_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Cell>> cells_;
};

class MetricRegistry {
 public:
  MetricRegistry();
  ~MetricRegistry();
  // Declares a family; declaring the same spec again gives the same family, another of that name is a bug.
  MetricFamily& Declare(MetricSpec spec);
  // Text exposition format 0.0.4 (kMetricsContentType), families in order of name.
  std::string Expose() const;
  std::vector<MetricSpec> specs() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<MetricFamily>> families_;
};

inline constexpr std::string_view kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace atelier

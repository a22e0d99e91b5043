#include "observe/metrics.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "observe/metric_cell.h"

namespace atelier {

Histogram::Histogram(std::span<const double> upper_bounds)
    : upper_bounds_(upper_bounds.begin(), upper_bounds.end()),
      buckets_(std::make_unique<std::atomic<uint64_t>[]>(upper_bounds.size() + 1)) {
  CHECK(std::is_sorted(upper_bounds_.begin(), upper_bounds_.end()));
}

void Histogram::Observe(double value) { Observe(value, 1); }

void Histogram::Observe(double value, int64_t count) {
  if (count <= 0 || std::isnan(value)) return;
  const auto bound = std::lower_bound(upper_bounds_.begin(), upper_bounds_.end(), value);
  const auto index = static_cast<size_t>(bound - upper_bounds_.begin());
  buckets_[index].fetch_add(static_cast<uint64_t>(count), std::memory_order_relaxed);
  sum_.fetch_add(value * static_cast<double>(count), std::memory_order_relaxed);
}

uint64_t Histogram::count() const {
  uint64_t count = 0;
  for (size_t i = 0; i <= upper_bounds_.size(); ++i) count += buckets_[i].load(std::memory_order_relaxed);
  return count;
}

std::vector<uint64_t> Histogram::buckets() const {
  std::vector<uint64_t> counts(upper_bounds_.size() + 1);
  for (size_t i = 0; i < counts.size(); ++i) counts[i] = buckets_[i].load(std::memory_order_relaxed);
  return counts;
}

MetricFamily::MetricFamily(MetricSpec spec) : spec_(std::move(spec)) {}
MetricFamily::~MetricFamily() = default;

MetricFamily::Cell& MetricFamily::CellWith(const std::vector<std::string>& label_values,
                                           std::span<const double> buckets) {
  CHECK_MSG(label_values.size() == spec_.label_names.size(), spec_.name);
  std::lock_guard lock(mutex_);
  for (const auto& cell : cells_) {
    if (cell->label_values != label_values) continue;
    cell->hidden = false;
    return *cell;
  }
  auto cell = std::make_unique<Cell>();
  cell->label_values = label_values;
  if (spec_.type == MetricType::kHistogram) {
    CHECK_MSG(!buckets.empty(), spec_.name);
    cell->histogram.emplace(buckets);
  }
  cells_.push_back(std::move(cell));
  return *cells_.back();
}

Counter& MetricFamily::CounterWith(const std::vector<std::string>& label_values) {
  CHECK_MSG(spec_.type == MetricType::kCounter, spec_.name);
  return CellWith(label_values, {}).counter;
}

Gauge& MetricFamily::GaugeWith(const std::vector<std::string>& label_values) {
  CHECK_MSG(spec_.type == MetricType::kGauge, spec_.name);
  return CellWith(label_values, {}).gauge;
}

Histogram& MetricFamily::HistogramWith(const std::vector<std::string>& label_values) {
  return HistogramWith(label_values, spec_.buckets);
}

Histogram& MetricFamily::HistogramWith(const std::vector<std::string>& label_values, std::span<const double> buckets) {
  CHECK_MSG(spec_.type == MetricType::kHistogram, spec_.name);
  return *CellWith(label_values, buckets).histogram;
}

void MetricFamily::Hide(const std::vector<std::string>& label_values) {
  std::lock_guard lock(mutex_);
  for (const auto& cell : cells_) {
    if (cell->label_values == label_values) cell->hidden = true;
  }
}

MetricRegistry::MetricRegistry() = default;
MetricRegistry::~MetricRegistry() = default;

MetricFamily& MetricRegistry::Declare(MetricSpec spec) {
  std::lock_guard lock(mutex_);
  for (const auto& family : families_) {
    if (family->spec().name != spec.name) continue;
    const MetricSpec& known = family->spec();
    CHECK_MSG(known.type == spec.type && known.label_names == spec.label_names && known.buckets == spec.buckets,
              spec.name);
    return *family;
  }
  families_.push_back(std::make_unique<MetricFamily>(std::move(spec)));
  return *families_.back();
}

std::vector<MetricSpec> MetricRegistry::specs() const {
  std::lock_guard lock(mutex_);
  std::vector<MetricSpec> specs;
  for (const auto& family : families_) specs.push_back(family->spec());
  return specs;
}

}  // namespace atelier

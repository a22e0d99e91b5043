// The read-out, by prometheus-cpp's serialiser.
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <limits>

#include "observe/metric_cell.h"

namespace atelier {

struct MetricExposition {
  static prometheus::ClientMetric Read(const MetricFamily::Cell& cell, const MetricSpec& spec) {
    prometheus::ClientMetric metric;
    for (size_t i = 0; i < spec.label_names.size(); ++i) {
      metric.label.push_back({spec.label_names[i], cell.label_values[i]});
    }
    switch (spec.type) {
      case MetricType::kCounter: metric.counter.value = cell.counter.value(); break;
      case MetricType::kGauge: metric.gauge.value = cell.gauge.value(); break;
      case MetricType::kHistogram: metric.histogram = ReadHistogram(*cell.histogram); break;
    }
    return metric;
  }

  // The count is the last bucket's, not read apart: others may be counting at this moment.
  static prometheus::ClientMetric::Histogram ReadHistogram(const Histogram& histogram) {
    prometheus::ClientMetric::Histogram read;
    const std::vector<uint64_t> counts = histogram.buckets();
    uint64_t cumulative = 0;
    for (size_t i = 0; i < counts.size(); ++i) {
      cumulative += counts[i];
      const bool last = i == histogram.upper_bounds().size();
      const double bound = last ? std::numeric_limits<double>::infinity() : histogram.upper_bounds()[i];
      read.bucket.push_back({cumulative, bound});
    }
    read.sample_count = cumulative;
    read.sample_sum = histogram.sum();
    return read;
  }

  static prometheus::MetricFamily Read(const MetricFamily& family) {
    static constexpr prometheus::MetricType kTypes[] = {prometheus::MetricType::Counter, prometheus::MetricType::Gauge,
                                                        prometheus::MetricType::Histogram};
    prometheus::MetricFamily read;
    read.name = family.spec().name;
    read.help = family.spec().help;
    read.type = kTypes[static_cast<size_t>(family.spec().type)];
    std::lock_guard lock(family.mutex_);
    for (const auto& cell : family.cells_) {
      if (!cell->hidden) read.metric.push_back(Read(*cell, family.spec()));
    }
    return read;
  }
};

std::string MetricRegistry::Expose() const {
  std::vector<prometheus::MetricFamily> families;
  {
    std::lock_guard lock(mutex_);
    for (const auto& family : families_) families.push_back(MetricExposition::Read(*family));
  }
  std::erase_if(families, [](const prometheus::MetricFamily& family) { return family.metric.empty(); });
  std::sort(families.begin(), families.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace atelier

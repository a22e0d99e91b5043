// One metric of a family: for metrics.cc, which makes them, and metrics_text.cc, which reads them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "observe/metrics.h"

namespace atelier {

struct MetricFamily::Cell {
  std::vector<std::string> label_values;
  bool hidden = false;
  Counter counter;
  Gauge gauge;
  std::optional<Histogram> histogram;
};

}  // namespace atelier

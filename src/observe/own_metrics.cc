#include "observe/own_metrics.h"

namespace atelier {
namespace {

struct Row {
  const char* name;
  MetricType type;
  const char* help;
};

constexpr auto kCounter = MetricType::kCounter;
constexpr auto kGauge = MetricType::kGauge;

constexpr Row kServerRows[] = {
    {"atelier_http_open_connections", kGauge, "Connections open now."},
    {"atelier_http_open_requests", kGauge, "Requests being answered now, streams included."},
    {"atelier_http_connections_total", kCounter, "Connections accepted."},
    {"atelier_http_connections_refused_total", kCounter, "Connections over the bound, answered 503."},
    {"atelier_http_slow_readers_cut_total", kCounter, "Streams cut because their reader was too slow."},
    {"atelier_trace_spans_dropped_total", kCounter, "Spans that found the recorder's queue full."},
};

constexpr Row kModelRows[] = {
    {"atelier_model_loaded", kGauge, "1 while the model is in memory."},
    {"atelier_model_load_seconds", kGauge, "Time that the last load took."},
    {"atelier_kv_cache_bytes", kGauge, "Memory of the KV cache."},
    {"atelier_model_loads_total", kCounter, "Times the model was loaded."},
    {"atelier_model_unloads_total", kCounter, "Times the model was unloaded."},
    {"atelier_kv_cache_blocks", kGauge, "Blocks of the KV cache."},
    {"atelier_kv_cache_blocks_held", kGauge, "Blocks held by running requests."},
    {"atelier_prefix_cache_blocks", kGauge, "Free blocks whose content a prompt may hit."},
    {"atelier_prefix_cache_evictions_total", kCounter, "Cached blocks given to others."},
    {"atelier_engine_steps_total", kCounter, "Steps run."},
    {"atelier_queue_limit", kGauge, "Requests that may wait."},
    {"atelier_model_memory_bytes", kGauge, "Memory of the model, its cache included."},
};

MetricSpec SpecOf(const Row& row, std::vector<std::string> labels) {
  MetricSpec spec;
  spec.name = row.name;
  spec.type = row.type;
  spec.help = row.help;
  spec.label_names = std::move(labels);
  return spec;
}

MetricSpec RequestsSpec() {
  return SpecOf({"atelier_http_requests_total", kCounter, "Requests answered."}, {"method", "route", "status"});
}

MetricSpec DurationSpec() {
  MetricSpec spec = SpecOf({"atelier_http_request_duration_seconds", MetricType::kHistogram,
                            "From a request's head to the end of its answer."},
                           {"route"});
  spec.buckets = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300};
  return spec;
}

}  // namespace

OwnMetrics::OwnMetrics(MetricRegistry& registry)
    : registry_(registry), requests_(registry.Declare(RequestsSpec())), durations_(registry.Declare(DurationSpec())) {
  for (const Row& row : kServerRows) registry.Declare(SpecOf(row, {}));
  for (const Row& row : kModelRows) registry.Declare(SpecOf(row, {"model_name"}));
}

void OwnMetrics::CountRequest(std::string_view method, std::string_view route, int status, double seconds) {
  // Methods are the client's to invent; labels must not be.
  static constexpr std::string_view kMethods[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
  std::string_view known = "other";
  for (const std::string_view candidate : kMethods) {
    if (candidate == method) known = candidate;
  }
  const std::string path(route.empty() ? "none" : route);
  requests_.CounterWith({std::string(known), path, std::to_string(status)}).Increment();
  durations_.HistogramWith({path}).Observe(seconds);
}

OwnMetrics::Server OwnMetrics::server() {
  const auto gauge = [this](size_t row) -> Gauge& {
    return registry_.Declare(SpecOf(kServerRows[row], {})).GaugeWith({});
  };
  const auto counter = [this](size_t row) -> Counter& {
    return registry_.Declare(SpecOf(kServerRows[row], {})).CounterWith({});
  };
  return {gauge(0), gauge(1), counter(2), counter(3), counter(4), counter(5)};
}

OwnMetrics::Model OwnMetrics::model(const std::string& model_name) {
  const auto gauge = [&](size_t row) -> Gauge& {
    return registry_.Declare(SpecOf(kModelRows[row], {"model_name"})).GaugeWith({model_name});
  };
  const auto counter = [&](size_t row) -> Counter& {
    return registry_.Declare(SpecOf(kModelRows[row], {"model_name"})).CounterWith({model_name});
  };
  return {gauge(0), gauge(1), gauge(2),   counter(3), counter(4), gauge(5),
          gauge(6), gauge(7), counter(8), counter(9), gauge(10),  gauge(11)};
}

}  // namespace atelier

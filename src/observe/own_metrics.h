// What vLLM has no name for: the server, the cache's blocks, loading of models.
#pragma once

#include <string>
#include <string_view>

#include "observe/metrics.h"

namespace atelier {

class OwnMetrics {
 public:
  // Declares the families; `registry` must outlive this.
  explicit OwnMetrics(MetricRegistry& registry);

  // One HTTP exchange. `route` is the pattern, so that paths do not multiply labels.
  void CountRequest(std::string_view method, std::string_view route, int status, double seconds);

  struct Server {
    Gauge& open_connections;
    Gauge& open_requests;
    Counter& connections;
    Counter& connections_refused;
    Counter& slow_readers_cut;
    Counter& spans_dropped;  // traces that found the queue full
  };
  Server server();

  struct Model {
    Gauge& loaded;        // 0 or 1
    Gauge& load_seconds;  // of the last load
    Gauge& cache_bytes;   // of the KV cache
    Counter& loads;
    Counter& unloads;
    Gauge& blocks;         // of the KV cache, all
    Gauge& blocks_held;    // by running requests
    Gauge& blocks_cached;  // free, with content that a prompt may hit
    Counter& evictions;    // cached blocks given to others
    Counter& steps;
    Gauge& queue_limit;   // requests that may wait
    Gauge& memory_bytes;  // counted against the budget
  };
  Model model(const std::string& model_name);

 private:
  MetricRegistry& registry_;
  MetricFamily& requests_;
  MetricFamily& durations_;
};

}  // namespace atelier

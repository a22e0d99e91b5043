// The figures of loaded models under the names that dashboards for vLLM know (observe/vllm_metrics.h).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/events.h"
#include "engine/model_host.h"
#include "observe/metrics.h"

namespace atelier {

class ModelMetrics {
 public:
  // Declares all families. `registry` must outlive this and the listeners. `queue_limit`: requests of a model that may
  // wait.
  ModelMetrics(MetricRegistry& registry, int64_t queue_limit);
  ~ModelMetrics();

  // What a model's engine reports to. Thread-safe.
  std::shared_ptr<EngineListener> ListenerOf(const std::string& model, int64_t context_length);
  void Loaded(const std::string& model);
  // `last`: what its engine had counted. What a later engine of that model counts comes on top.
  void Unloaded(const std::string& model, const EngineStats& last);
  // Sets the gauges and the counters that engines keep themselves.
  void Refresh(const std::vector<HostedModel>& models);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace atelier

#include "app/model_metrics.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "observe/own_metrics.h"
#include "observe/vllm_metrics.h"

namespace atelier {
namespace {

using Seconds = std::chrono::duration<double>;

double Between(Clock::TimePoint from, Clock::TimePoint to) { return Seconds(to - from).count(); }

// What happens on the engine thread; an update costs some atomic additions.
class Listener final : public EngineListener {
 public:
  explicit Listener(VllmMetrics metrics) : metrics_(metrics) {}

  void OnStep(const StepFigures& figures) override { metrics_.iteration_tokens.Observe(figures.num_tokens); }
  void OnFirstToken(std::chrono::nanoseconds since_submitted) override {
    metrics_.time_to_first_token_seconds.Observe(Seconds(since_submitted).count());
  }
  void OnNextToken(std::chrono::nanoseconds since_previous) override {
    metrics_.inter_token_latency_seconds.Observe(Seconds(since_previous).count());
  }
  void OnRequestFinish(const RequestFigures& figures) override {
    Reason(figures.reason).Increment();
    const RequestTimes& times = figures.times;
    metrics_.e2e_request_latency_seconds.Observe(Between(times.submitted, times.finished));
    metrics_.request_queue_time_seconds.Observe(Between(times.submitted, times.scheduled));
    metrics_.request_prompt_tokens.Observe(static_cast<double>(figures.usage.prompt_tokens));
    metrics_.request_prefill_kv_computed_tokens.Observe(
        static_cast<double>(figures.usage.prompt_tokens - figures.usage.cached_tokens));
    metrics_.request_num_preemptions.Observe(times.num_preemptions);
    if (figures.generated) ObserveGeneration(figures);
  }

 private:
  Counter& Reason(FinishReason reason) {
    switch (reason) {
      case FinishReason::kStop: return metrics_.request_success_stop;
      case FinishReason::kLength: return metrics_.request_success_length;
      case FinishReason::kCancelled: return metrics_.request_success_abort;
      case FinishReason::kError: return metrics_.request_success_error;
    }
    return metrics_.request_success_error;
  }
  void ObserveGeneration(const RequestFigures& figures) {
    const RequestTimes& times = figures.times;
    const auto num_tokens = static_cast<double>(figures.usage.completion_tokens);
    metrics_.request_inference_time_seconds.Observe(Between(times.scheduled, times.last_token));
    metrics_.request_prefill_time_seconds.Observe(Between(times.scheduled, times.first_token));
    metrics_.request_decode_time_seconds.Observe(Between(times.first_token, times.last_token));
    metrics_.request_generation_tokens.Observe(num_tokens);
    metrics_.request_max_num_generation_tokens.Observe(num_tokens / std::max(1, figures.n));
    metrics_.request_params_n.Observe(figures.n);
    if (figures.max_tokens) metrics_.request_params_max_tokens.Observe(static_cast<double>(*figures.max_tokens));
    if (num_tokens > 1) {
      metrics_.request_time_per_output_token_seconds.Observe(Between(times.first_token, times.last_token) /
                                                             (num_tokens - 1));
    }
  }

  VllmMetrics metrics_;
};

}  // namespace

struct ModelMetrics::State {
  explicit State(MetricRegistry& the_registry) : registry(the_registry), own(the_registry) {}
  MetricRegistry& registry;
  OwnMetrics own;
  std::mutex mutex;
  std::map<std::string, VllmMetrics> models;
};

ModelMetrics::ModelMetrics(MetricRegistry& registry) : state_(std::make_unique<State>(registry)) {}
ModelMetrics::~ModelMetrics() = default;

std::shared_ptr<EngineListener> ModelMetrics::ListenerOf(const std::string& model, int64_t context_length) {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->models.try_emplace(model, state_->registry, model, context_length).first;
  return std::make_shared<Listener>(found->second);
}

void ModelMetrics::Refresh(const std::vector<HostedModel>& hosted) {
  const std::lock_guard lock(state_->mutex);
  for (auto& [name, metrics] : state_->models) {
    const auto is_this = [&](const HostedModel& model) { return model.name == name && model.loaded; };
    const auto model = std::find_if(hosted.begin(), hosted.end(), is_this);
    OwnMetrics::Model own = state_->own.model(name);
    own.loaded.Set(model != hosted.end() ? 1 : 0);
    metrics.awake.Set(model != hosted.end() ? 1 : 0);
    const EngineStats stats = model != hosted.end() ? model->stats : EngineStats{};
    metrics.num_requests_running.Set(stats.num_running);
    metrics.num_requests_waiting.Set(stats.num_waiting);
    metrics.kv_cache_usage.Set(stats.num_blocks > 0 ? static_cast<double>(stats.num_blocks_held) / stats.num_blocks
                                                    : 0.0);
    own.blocks.Set(stats.num_blocks);
    own.blocks_held.Set(stats.num_blocks_held);
    own.blocks_cached.Set(stats.num_blocks_cached);
    if (model == hosted.end()) continue;
    own.load_seconds.Set(model->figures.load_seconds);
    own.cache_bytes.Set(static_cast<double>(stats.cache_bytes));
    own.evictions.SetTotal(static_cast<double>(stats.num_evictions));
    own.steps.SetTotal(static_cast<double>(stats.num_steps));
    metrics.num_preemptions.SetTotal(static_cast<double>(stats.num_preemptions));
    metrics.prefix_cache_queries.SetTotal(static_cast<double>(stats.prefix_queried_tokens));
    metrics.prefix_cache_hits.SetTotal(static_cast<double>(stats.prefix_hit_tokens));
    metrics.prompt_tokens.SetTotal(static_cast<double>(stats.prompt_tokens));
    metrics.prompt_tokens_computed.SetTotal(static_cast<double>(stats.prompt_tokens - stats.prefix_hit_tokens));
    metrics.prompt_tokens_from_cache.SetTotal(static_cast<double>(stats.prefix_hit_tokens));
    metrics.prompt_tokens_cached.SetTotal(static_cast<double>(stats.prefix_hit_tokens));
    metrics.generation_tokens.SetTotal(static_cast<double>(stats.generation_tokens));
  }
}

}  // namespace atelier

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
    metrics_.request_max_num_generation_tokens.Observe(static_cast<double>(figures.longest_choice));
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
  State(MetricRegistry& the_registry, int64_t the_queue_limit)
      : registry(the_registry), own(the_registry), queue_limit(the_queue_limit) {}

  struct OfModel {
    VllmMetrics metrics;
    EngineStats before = {};  // what engines that are gone had counted
  };
  void SetGauges(const std::string& name, const VllmMetrics& metrics, const HostedModel* model);
  void SetTotals(const std::string& name, const OfModel& of_model, const EngineStats& now);

  MetricRegistry& registry;
  OwnMetrics own;
  const int64_t queue_limit;
  std::mutex mutex;
  std::map<std::string, OfModel> models;
};

ModelMetrics::ModelMetrics(MetricRegistry& registry, int64_t queue_limit)
    : state_(std::make_unique<State>(registry, queue_limit)) {}
ModelMetrics::~ModelMetrics() = default;

std::shared_ptr<EngineListener> ModelMetrics::ListenerOf(const std::string& model, int64_t context_length) {
  const std::lock_guard lock(state_->mutex);
  auto found = state_->models.find(model);
  if (found == state_->models.end()) {
    VllmMetrics metrics(state_->registry, model, context_length);
    found = state_->models.emplace(model, State::OfModel{std::move(metrics)}).first;
  }
  return std::make_shared<Listener>(found->second.metrics);
}

void ModelMetrics::Loaded(const std::string& model) { state_->own.model(model).loads.Increment(); }

void ModelMetrics::Unloaded(const std::string& model, const EngineStats& last) {
  state_->own.model(model).unloads.Increment();
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->models.find(model);
  if (found == state_->models.end()) return;
  EngineStats& before = found->second.before;
  before.num_steps += last.num_steps;
  before.num_preemptions += last.num_preemptions;
  before.num_evictions += last.num_evictions;
  before.num_refused += last.num_refused;
  before.prefix_queried_tokens += last.prefix_queried_tokens;
  before.prefix_hit_tokens += last.prefix_hit_tokens;
  before.prompt_tokens += last.prompt_tokens;
  before.generation_tokens += last.generation_tokens;
}

void ModelMetrics::State::SetGauges(const std::string& name, const VllmMetrics& metrics, const HostedModel* model) {
  const OwnMetrics::Model of_model = own.model(name);
  const EngineStats stats = model != nullptr ? model->stats : EngineStats{};
  of_model.loaded.Set(model != nullptr ? 1 : 0);
  of_model.queue_limit.Set(static_cast<double>(queue_limit));
  of_model.blocks.Set(stats.num_blocks);
  of_model.blocks_held.Set(stats.num_blocks_held);
  of_model.blocks_cached.Set(stats.num_blocks_cached);
  of_model.cache_bytes.Set(static_cast<double>(stats.cache_bytes));
  of_model.memory_bytes.Set(model != nullptr ? static_cast<double>(model->memory_bytes) : 0);
  if (model != nullptr) of_model.load_seconds.Set(model->figures.load_seconds);
  metrics.awake.Set(model != nullptr ? 1 : 0);
  metrics.num_requests_running.Set(stats.num_running);
  metrics.num_requests_waiting.Set(stats.num_waiting);
  metrics.num_requests_waiting_capacity.Set(stats.num_waiting);  // nothing here waits for anything else
  metrics.kv_cache_usage.Set(stats.num_blocks > 0 ? static_cast<double>(stats.num_blocks_held) / stats.num_blocks
                                                  : 0.0);
}

void ModelMetrics::State::SetTotals(const std::string& name, const OfModel& of_model, const EngineStats& now) {
  const EngineStats& before = of_model.before;
  const auto set = [](Counter& counter, int64_t then, int64_t since) {
    counter.SetTotal(static_cast<double>(then + since));
  };
  const OwnMetrics::Model ours = own.model(name);
  set(ours.evictions, before.num_evictions, now.num_evictions);
  set(ours.steps, before.num_steps, now.num_steps);
  const VllmMetrics& metrics = of_model.metrics;
  set(metrics.num_preemptions, before.num_preemptions, now.num_preemptions);
  set(metrics.rejected_queue_full, before.num_refused, now.num_refused);
  set(metrics.prefix_cache_queries, before.prefix_queried_tokens, now.prefix_queried_tokens);
  set(metrics.prompt_tokens, before.prompt_tokens, now.prompt_tokens);
  set(metrics.prompt_tokens_computed, before.prompt_tokens - before.prefix_hit_tokens,
      now.prompt_tokens - now.prefix_hit_tokens);
  for (Counter* hits : {&metrics.prefix_cache_hits, &metrics.prompt_tokens_from_cache, &metrics.prompt_tokens_cached,
                        &metrics.prompt_tokens_cached_on_device}) {
    set(*hits, before.prefix_hit_tokens, now.prefix_hit_tokens);
  }
  set(metrics.generation_tokens, before.generation_tokens, now.generation_tokens);
}

void ModelMetrics::Refresh(const std::vector<HostedModel>& hosted) {
  const std::lock_guard lock(state_->mutex);
  for (const auto& [name, of_model] : state_->models) {
    const auto is_this = [&](const HostedModel& model) { return model.name == name && model.loaded; };
    const auto found = std::find_if(hosted.begin(), hosted.end(), is_this);
    const HostedModel* model = found != hosted.end() ? &*found : nullptr;
    state_->SetGauges(name, of_model.metrics, model);
    state_->SetTotals(name, of_model, model != nullptr ? model->stats : EngineStats{});
  }
}

}  // namespace atelier

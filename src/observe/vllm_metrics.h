// The metrics of a served model under the names, types, labels and buckets that vLLM 0.33 gives them
// (v1/metrics/loggers.py), so that dashboards and alerts made for vLLM work as they are. Which there
// are is compared with the package itself: tools/golden_vllm_metrics.py, tests/golden/observe.
// What vLLM declares only with a feature on that Atelier has not got (KV transfer, watermarks,
// adapters, sampled block residency) is left out. Meanings that matter to whoever records:
//   time to first token    from arrival;    inter token latency   between a request's outputs
//   queue time             submitted to scheduled;   prefill  scheduled to first token
//   decode                 first to last token;      inference  scheduled to last token
//   time per output token  decode time / (output tokens - 1);    e2e  arrival to finish
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "observe/metrics.h"

namespace atelier {

// All families, sorted by name. Histograms of tokens per request carry no buckets here: those depend on
// the model's context (RequestTokenBuckets).
std::vector<MetricSpec> VllmMetricSpecs();
// 1, 2, 5, 10, … up to the context.
std::vector<double> RequestTokenBuckets(int64_t max_model_len);

// One model's metrics. Making it declares what is not declared yet; making it again for the same model
// gives the same metrics. Cheap to copy; valid as long as the registry.
class VllmLookup;

struct VllmMetrics {
  VllmMetrics(MetricRegistry& registry, const std::string& model_name, int64_t max_model_len,
              const std::string& engine = "0");
  explicit VllmMetrics(VllmLookup lookup);

  Gauge& num_requests_running;
  Gauge& num_requests_waiting;
  Gauge& num_requests_waiting_capacity;  // of these, for want of room
  Gauge& num_requests_waiting_deferred;
  Gauge& kv_cache_usage;  // 0 to 1
  Gauge& awake;           // engine_sleep_state: 1 while the model is loaded

  // Counters that an engine keeps as totals are brought up to date by SetTotal.
  Counter& prefix_cache_queries;  // tokens
  Counter& prefix_cache_hits;
  Counter& num_preemptions;
  Counter& prompt_tokens;  // computed or from the cache
  Counter& prompt_tokens_computed;
  Counter& prompt_tokens_from_cache;
  Counter& prompt_tokens_cached;
  Counter& prompt_tokens_cached_on_device;
  Counter& generation_tokens;
  Counter& request_success_stop;
  Counter& request_success_length;
  Counter& request_success_abort;
  Counter& request_success_error;
  Counter& rejected_queue_full;    // admission_rejections by number of requests
  Counter& rejected_queue_tokens;  // and by their tokens

  Histogram& request_prompt_tokens;
  Histogram& request_generation_tokens;
  Histogram& request_max_num_generation_tokens;
  Histogram& request_params_max_tokens;
  Histogram& request_prefill_kv_computed_tokens;
  Histogram& request_params_n;
  Histogram& request_num_preemptions;
  Histogram& iteration_tokens;
  Histogram& time_to_first_token_seconds;
  Histogram& inter_token_latency_seconds;
  Histogram& request_time_per_output_token_seconds;
  Histogram& e2e_request_latency_seconds;
  Histogram& request_queue_time_seconds;
  Histogram& request_inference_time_seconds;
  Histogram& request_prefill_time_seconds;
  Histogram& request_decode_time_seconds;
};

}  // namespace atelier

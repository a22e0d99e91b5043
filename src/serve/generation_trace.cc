#include "serve/generation_trace.h"

#include "app/api_keys.h"
#include "observe/gen_ai.h"
#include "serve/generation_reply.h"

namespace atelier {
namespace {

// The wall clock's time of a moment of the steady clock.
int64_t UnixNanosOf(const Clock& clock, Clock::TimePoint moment) {
  return clock.UnixNanos() - std::chrono::duration_cast<std::chrono::nanoseconds>(clock.Now() - moment).count();
}

}  // namespace

GenerationTrace::GenerationTrace(App& app, const HttpRequest& http, const ModelListing& model,
                                 std::string_view operation, const GenerationOptions& options, const Json& metadata)
    : app_(&app), principal_(http.call.principal) {
  const SpanContext remote = ParseTraceparent(http.headers.Get("traceparent"));
  span_ = app.tracer().StartRoot(std::string(operation) + " " + model.id, remote);
  const GenerateRequest& request = options.request;
  span_.Set(gen_ai::kOperationName, std::string(operation));
  span_.Set(gen_ai::kProviderName, std::string(gen_ai::kAtelier));
  span_.Set(gen_ai::kRequestModel, model.id);
  span_.Set(gen_ai::kRequestTemperature, static_cast<double>(request.sampling.temperature));
  if (request.sampling.top_p < 1) span_.Set(gen_ai::kRequestTopP, static_cast<double>(request.sampling.top_p));
  if (request.sampling.top_k > 0) span_.Set(gen_ai::kRequestTopK, int64_t{request.sampling.top_k});
  if (request.max_tokens) span_.Set(gen_ai::kRequestMaxTokens, *request.max_tokens);
  if (request.n > 1) span_.Set(gen_ai::kRequestChoiceCount, int64_t{request.n});
  if (options.seed) span_.Set(gen_ai::kRequestSeed, static_cast<int64_t>(*options.seed));
  if (!http.method.empty()) {  // else a command's
    span_.Set(gen_ai::kHttpRequestMethod, http.method);
    span_.Set(gen_ai::kHttpRoute, http.path);
  }
  if (!principal_.empty()) span_.Set("atelier.principal", principal_);
  if (metadata.is_object()) {
    for (const JsonMember& member : metadata.members()) {
      span_.Set("atelier.metadata." + member.key, member.value.is_string() ? member.value.AsString() : "");
    }
  }
}

std::string GenerationTrace::id() const { return TraceIdText(span_.context()) + SpanIdText(span_.context()); }

void GenerationTrace::AddGeneration(const GenerationEnd& end) {
  const RequestTimes& times = end.times;
  AddSpan(gen_ai::kQueueSpan, times.submitted, times.scheduled);
  AddSpan(gen_ai::kPrefillSpan, times.scheduled, times.first_token);
  AddSpan(gen_ai::kDecodeSpan, times.first_token, times.finished);
  if (times.num_preemptions > 0) span_.Set("atelier.preemptions", int64_t{times.num_preemptions});
  span_.Set(gen_ai::kResponseTimeToFirstChunk,
            std::chrono::duration<double>(times.first_token - times.submitted).count());
}

void GenerationTrace::AddSpan(std::string_view name, Clock::TimePoint start, Clock::TimePoint end) {
  const SpanContext context = NewSpanContext(span_.context());
  TraceSpan span;
  span.trace_id = TraceIdText(context);
  span.span_id = SpanIdText(context);
  span.parent_span_id = SpanIdText(span_.context());
  span.name = name;
  span.start_unix_nanos = UnixNanosOf(app_->clock(), start);
  span.end_unix_nanos = UnixNanosOf(app_->clock(), end);
  app_->tracer().Record(std::move(span));
}

void GenerationTrace::End(const Usage& usage, const std::optional<Error>& error,
                          const std::vector<std::vector<ChoiceResult>>& choices) {
  span_.Set(gen_ai::kUsageInputTokens, usage.prompt_tokens);
  span_.Set(gen_ai::kUsageOutputTokens, usage.completion_tokens);
  span_.Set(gen_ai::kUsageCacheReadInputTokens, usage.cached_tokens);
  std::vector<std::string> reasons;
  for (const auto& of_generation : choices) {
    for (const ChoiceResult& choice : of_generation) reasons.emplace_back(FinishName(choice.end.reason));
    if (app_->config().traces.record_content && !of_generation.empty()) {
      span_.Set("atelier.prompt", of_generation.front().generation->prompt_text);
      span_.Set("atelier.completion", of_generation.front().text);
    }
  }
  if (!reasons.empty()) span_.Set(gen_ai::kResponseFinishReasons, std::move(reasons));
  if (error) span_.Fail(*error);
  span_.End();
  app_->keys().Charge(principal_, usage.prompt_tokens + usage.completion_tokens);
}

}  // namespace atelier

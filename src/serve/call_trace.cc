#include "serve/call_trace.h"

#include "app/api_keys.h"
#include "observe/gen_ai.h"
#include "serve/errors.h"

namespace atelier {
namespace {

std::string NameOf(std::string_view operation, const std::string& model) {
  return std::string(operation) + (model.empty() ? "" : " " + model);
}

}  // namespace

CallTrace::CallTrace(App& app, const HttpRequest& http, std::string_view operation, const std::string& model)
    : app_(&app), from_http_(!http.method.empty()), principal_(http.call.principal), model_(model) {
  const SpanContext remote = ParseTraceparent(http.headers.Get("traceparent"));
  span_ = app.tracer().StartRoot(NameOf(operation, model), remote);
  span_.Set(gen_ai::kOperationName, std::string(operation));
  const std::string_view provider = app.ProviderOf(model);
  span_.Set(gen_ai::kProviderName, std::string(provider.empty() ? gen_ai::kAtelier : provider));
  if (!model.empty()) span_.Set(gen_ai::kRequestModel, model);
  if (from_http_) {  // else a command's
    span_.Set(gen_ai::kServerAddress, app.config().server.host);
    span_.Set(gen_ai::kServerPort, int64_t{app.config().server.port});
    span_.Set(gen_ai::kHttpRequestMethod, http.method);
    span_.Set(gen_ai::kHttpRoute, http.path);
  }
  if (!http.call.request_id.empty()) span_.Set("atelier.request_id", http.call.request_id);
  if (!principal_.empty()) span_.Set("atelier.principal", principal_);
}

std::string CallTrace::id() const { return TraceIdText(span_.context()) + SpanIdText(span_.context()); }

void CallTrace::SetRequest(const GenerationOptions& options, bool stream, const Json& metadata) {
  const GenerateRequest& request = options.request;
  const SamplingParams& sampling = request.sampling;
  span_.Set(gen_ai::kRequestTemperature, static_cast<double>(sampling.temperature));
  if (sampling.top_p < 1) span_.Set(gen_ai::kRequestTopP, static_cast<double>(sampling.top_p));
  if (sampling.top_k > 0) span_.Set(gen_ai::kRequestTopK, int64_t{sampling.top_k});
  if (sampling.frequency_penalty != 0) {
    span_.Set(gen_ai::kRequestFrequencyPenalty, static_cast<double>(sampling.frequency_penalty));
  }
  if (sampling.presence_penalty != 0) {
    span_.Set(gen_ai::kRequestPresencePenalty, static_cast<double>(sampling.presence_penalty));
  }
  if (request.max_tokens) span_.Set(gen_ai::kRequestMaxTokens, *request.max_tokens);
  if (request.n > 1) span_.Set(gen_ai::kRequestChoiceCount, int64_t{request.n});
  if (options.seed) span_.Set(gen_ai::kRequestSeed, static_cast<int64_t>(*options.seed));
  if (!request.stop.empty()) span_.Set(gen_ai::kRequestStopSequences, request.stop);
  if (stream) span_.Set(gen_ai::kRequestStream, true);
  if (!metadata.is_object()) return;
  for (const JsonMember& member : metadata.members()) {
    span_.Set("atelier.metadata." + member.key, member.value.is_string() ? member.value.AsString() : "");
  }
}

void CallTrace::AddTimes(const RequestTimes& times, const Usage& usage, bool generates) {
  AddSpan(gen_ai::kQueueSpan, times.submitted, times.scheduled, {});
  const Clock::TimePoint prefilled = generates ? times.first_token : times.finished;
  AddSpan(gen_ai::kPrefillSpan, times.scheduled, prefilled,
          {{std::string(gen_ai::kUsageInputTokens), usage.prompt_tokens},
           {std::string(gen_ai::kUsageCacheReadInputTokens), usage.cached_tokens}});
  if (times.num_preemptions > 0) span_.Set("atelier.preemptions", int64_t{times.num_preemptions});
  if (!generates) return;
  AddSpan(gen_ai::kDecodeSpan, times.first_token, times.finished,
          {{std::string(gen_ai::kUsageOutputTokens), usage.completion_tokens}});
  span_.Set(gen_ai::kResponseTimeToFirstChunk,
            std::chrono::duration<double>(times.first_token - times.submitted).count());
}

void CallTrace::AddSpan(std::string_view name, Clock::TimePoint start, Clock::TimePoint end, Attributes attributes) {
  const SpanContext context = NewSpanContext(span_.context());
  TraceSpan span;
  span.trace_id = TraceIdText(context);
  span.span_id = SpanIdText(context);
  span.parent_span_id = SpanIdText(span_.context());
  span.name = name;
  span.start_unix_nanos = UnixNanosOf(app_->clock(), start);
  span.end_unix_nanos = UnixNanosOf(app_->clock(), end);
  span.attributes = std::move(attributes);
  span.attributes.emplace_back(gen_ai::kRequestModel, model_);
  app_->tracer().Record(std::move(span));
}

void CallTrace::End(const Usage& usage, const std::optional<Error>& error, std::vector<std::string> finish_reasons) {
  if (!error || usage.prompt_tokens > 0) {
    span_.Set(gen_ai::kUsageInputTokens, usage.prompt_tokens);
    span_.Set(gen_ai::kUsageOutputTokens, usage.completion_tokens);
    span_.Set(gen_ai::kUsageCacheReadInputTokens, usage.cached_tokens);
    span_.Set(gen_ai::kResponseModel, model_);
  }
  if (!finish_reasons.empty()) span_.Set(gen_ai::kResponseFinishReasons, std::move(finish_reasons));
  if (from_http_) span_.Set(gen_ai::kHttpResponseStatusCode, int64_t{error ? StatusOf(*error) : 200});
  if (error) span_.Fail(*error);
  span_.End();
  app_->keys().Charge(principal_, usage.prompt_tokens + usage.completion_tokens);
}

HttpResponse RefuseCall(App& app, const HttpRequest& http, std::string_view operation, const Error& error) {
  CallTrace trace(app, http, operation, "");
  trace.End({}, error);
  return ErrorResponse(error, ErrorShapeOf(http.path));
}

}  // namespace atelier

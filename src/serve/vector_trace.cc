#include "serve/vector_trace.h"

#include "app/api_keys.h"
#include "observe/gen_ai.h"

namespace atelier {

VectorTrace::VectorTrace(App& app, const HttpRequest& http, const ModelListing& model, std::string_view operation)
    : app_(app), principal_(http.call.principal) {
  const SpanContext remote = ParseTraceparent(http.headers.Get("traceparent"));
  span_ = app.tracer().StartRoot(std::string(operation) + " " + model.id, remote);
  span_.Set(gen_ai::kOperationName, std::string(operation));
  span_.Set(gen_ai::kProviderName, std::string(gen_ai::kAtelier));
  span_.Set(gen_ai::kRequestModel, model.id);
  span_.Set(gen_ai::kHttpRoute, http.path);
  if (!principal_.empty()) span_.Set("atelier.principal", principal_);
}

void VectorTrace::End(int64_t prompt_tokens) {
  span_.Set(gen_ai::kUsageInputTokens, prompt_tokens);
  span_.End();
  app_.keys().Charge(principal_, prompt_tokens);
}

void VectorTrace::Fail(const Error& error) { span_.Fail(error); }

}  // namespace atelier

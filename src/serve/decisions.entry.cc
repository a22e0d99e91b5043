// /v1/decisions                                             [OpenAI API reference, "Decisions"; docs/decisions.md]
#include "observe/gen_ai.h"
#include "serve/call_trace.h"
#include "serve/decision_body.h"
#include "serve/errors.h"
#include "serve/resource.h"

namespace atelier {
namespace {

Task<HttpResponse> CreateDecision(HttpRequest http, App& app) {
  Result<Parsed<DecisionsBody>> parsed = ParseBody<DecisionsBody>(http, app);
  if (!parsed.ok()) co_return RefuseCall(app, http, gen_ai::kDecision, parsed.error());
  const Result<ModelListing> model = app.FindModel(parsed->body.model.value_or(""), "chat");
  if (!model.ok()) co_return RefuseCall(app, http, gen_ai::kDecision, model.error());
  CallTrace trace(app, http, gen_ai::kDecision, model->id);
  trace.Set(gen_ai::kDecisionQuestionCount, static_cast<int64_t>(parsed->body.questions.size()));
  Result<DecisionRequest> request = parsed->body.Request();
  if (!request.ok()) {
    trace.End({}, request.error());
    co_return ErrorResponse(request.error());
  }
  request->model = model->id;
  http.call.span = trace.context();
  Result<Decision> decision = co_await app.language_model().Decide(http.call, *request);
  if (!decision.ok()) {
    trace.End({}, decision.error());
    co_return ErrorResponse(decision.error());
  }
  trace.AddTimes(decision->times, decision->usage, false);
  trace.End(decision->usage, {});
  HttpResponse response = JsonResponse(DecisionReply(*request, *decision, model->id));
  AddWarnings(response, parsed->unknown);
  co_return response;
}

constexpr RouteSpec kRoutes[] = {
    {"POST", "/v1/decisions", "Probabilities of answers to questions about a text", CreateDecision,
     JsonSchema<DecisionsBody>},
};

}  // namespace

extern const Resource resource_decisions{kRoutes};

}  // namespace atelier

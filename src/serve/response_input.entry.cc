// /v1/responses/input_tokens and /compact: what a response would read, counted and made short; no response is made.
#include "serve/response_input.h"

#include "observe/gen_ai.h"
#include "serve/call_trace.h"
#include "serve/errors.h"
#include "serve/generation_run.h"
#include "serve/resource.h"
#include "serve/response_items.h"
#include "serve/response_writer.h"

namespace atelier {
namespace {

Task<Result<std::vector<Json>>> ItemsOf(App& app, ResponsesBody body, std::string principal) {
  CO_TRY(Json input, NormalItems(body.input));
  CO_TRY(GatheredItems all, co_await AllItems(app, std::move(body), std::move(input), std::move(principal)));
  co_return std::move(all.items);
}

Task<HttpResponse> CountInputTokens(HttpRequest http, App& app) {
  Result<Parsed<ResponsesBody>> parsed = ParseBody<ResponsesBody>(http, app);
  if (!parsed.ok()) co_return ErrorResponse(parsed.error());
  const Result<ModelListing> model = app.FindModel(parsed->body.model.value_or(""), "chat");
  if (!model.ok()) co_return ErrorResponse(model.error());
  auto items = co_await ItemsOf(app, parsed->body, http.call.principal);
  if (!items.ok()) co_return ErrorResponse(items.error());
  Result<GenerationRequest> request = ResponseRequest(parsed->body, *items);
  if (!request.ok()) co_return ErrorResponse(request.error());
  request->model = model->id;
  const Result<Generation> prepared = co_await app.language_model().Prepare(http.call, std::move(*request));
  if (!prepared.ok()) co_return ErrorResponse(prepared.error());
  const auto num_tokens = static_cast<int64_t>(prepared->prompt_tokens.size());
  co_return JsonResponse(Json::Object({{"object", "response.input_tokens"}, {"input_tokens", num_tokens}}));
}

// What was said becomes one item that the model wrote; a last message of the user is kept in it as it stands.
Task<HttpResponse> Compact(HttpRequest http, App& app) {
  Result<Parsed<ResponsesBody>> parsed = ParseBody<ResponsesBody>(http, app);
  if (!parsed.ok()) co_return RefuseCall(app, http, gen_ai::kChat, parsed.error());
  ResponsesBody& body = parsed->body;
  auto items = co_await ItemsOf(app, body, http.call.principal);
  if (!items.ok()) co_return RefuseCall(app, http, gen_ai::kChat, items.error());
  std::string last;
  if (!items->empty() && items->back()["role"] == Json("user")) {
    const Result<std::vector<ChatMessage>> message = MessagesOf({items->back()});
    if (!message.ok()) co_return RefuseCall(app, http, gen_ai::kChat, message.error());
    last = message->front().content.AsString();
    items->pop_back();
  }
  const std::string ask =
      "Sum up our conversation so far for yourself: facts, decisions, and what is still to do. Be brief.";
  items->push_back(Json::Object({{"type", "message"}, {"role", "user"}, {"content", ask}}));
  ResponsesBody summing;
  summing.model = body.model, summing.instructions = body.instructions;
  summing.temperature = 0, summing.max_output_tokens = 512;
  Result<GenerationRequest> request = ResponseRequest(summing, *items);
  if (!request.ok()) co_return RefuseCall(app, http, gen_ai::kChat, request.error());
  GenerationRun::Options options;
  auto run = co_await GenerationRun::Start(app, std::move(http), gen_ai::kChat, body.model.value_or(""),
                                           std::move(*request), std::move(options));
  if (!run.ok()) co_return ErrorResponse(run.error());
  co_await (*run)->Finish();
  if ((*run)->error()) co_return ErrorResponse(*(*run)->error());
  Json output = Json::Array({CompactionItem((*run)->choice().text, last)});
  co_return JsonResponse(Json::Object({{"id", NewItemId("resp_")},
                                       {"object", "response.compaction"},
                                       {"created_at", app.clock().UnixNanos() / 1'000'000'000},
                                       {"output", std::move(output)},
                                       {"usage", ResponseUsage((*run)->end())}}));
}

constexpr RouteSpec kRoutes[] = {
    {"POST", "/v1/responses/input_tokens", "Count what a response would read", CountInputTokens,
     JsonSchema<ResponsesBody>},
    {"POST", "/v1/responses/compact", "Make a long conversation short", Compact, JsonSchema<ResponsesBody>},
};

}  // namespace

extern const Resource resource_response_input{kRoutes};

}  // namespace atelier

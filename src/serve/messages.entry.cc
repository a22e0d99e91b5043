// /v1/messages and /v1/messages/count_tokens                                  [Anthropic API reference, "Messages"]
#include "base/net/sse.h"
#include "observe/gen_ai.h"
#include "serve/errors.h"
#include "serve/generation_run.h"
#include "serve/messages_body.h"
#include "serve/messages_writer.h"
#include "serve/resource.h"

namespace atelier {
namespace {

constexpr ErrorShape kShape = ErrorShape::kAnthropic;

std::string TextOf(const std::vector<MessageEvent>& events) {
  std::string text;
  for (const MessageEvent& event : events) {
    text += FormatSse(SseEvent{.event = event.type, .data = event.data.Dump(), .id = {}, .retry_ms = {}});
  }
  return text;
}

Task<void> Produce(std::shared_ptr<GenerationRun> run, bool shows_thinking, BodyWriter out) {
  MessageWriter writer(*run, shows_thinking);
  out.Write(TextOf(writer.Begin()));
  for (;;) {
    const std::deque<GenerationEvent> batch = co_await run->Next();
    if (batch.empty()) break;
    std::string text;
    for (const GenerationEvent& event : batch) text += TextOf(writer.Take(event));
    if (!text.empty() && !out.Write(text)) run->Cancel();
  }
  out.Write(TextOf(writer.End()));
}

Task<HttpResponse> Create(HttpRequest http, App& app) {
  Result<Parsed<MessagesBody>> parsed = ParseBody<MessagesBody>(http, app);
  if (!parsed.ok()) co_return RefuseCall(app, http, gen_ai::kChat, parsed.error());
  const MessagesBody& body = parsed->body;
  Result<GenerationRequest> request = body.Request();
  if (!request.ok()) co_return RefuseCall(app, http, gen_ai::kChat, request.error());
  GenerationRun::Options options;
  options.stream = body.stream;
  options.id_prefix = "msg_";
  if (body.metadata && body.metadata->user_id) {
    options.metadata = Json::Object({{"user_id", *body.metadata->user_id}});
  }
  auto run = co_await GenerationRun::Start(app, std::move(http), gen_ai::kChat, body.prompt.model.value_or(""),
                                           std::move(*request), std::move(options));
  if (!run.ok()) co_return ErrorResponse(run.error(), kShape);
  const bool shows_thinking = body.ShowsThinking();
  HttpResponse response;
  if (body.stream) {
    response = HttpResponse::Events(
        [run = *run, shows_thinking](BodyWriter out) { return Produce(run, shows_thinking, std::move(out)); });
  } else {
    co_await (*run)->Finish();
    const std::optional<Error>& error = (*run)->error();
    response = error ? ErrorResponse(*error, kShape) : JsonResponse(WholeMessage(**run, shows_thinking));
  }
  AddWarnings(response, parsed->unknown);
  co_return response;
}

Task<HttpResponse> CountTokens(HttpRequest http, App& app) {
  Result<Parsed<MessagesPromptBody>> parsed = ParseBody<MessagesPromptBody>(http, app);
  if (!parsed.ok()) co_return ErrorResponse(parsed.error(), kShape);
  const Result<ModelListing> model = app.FindModel(parsed->body.model.value_or(""), "chat");
  if (!model.ok()) co_return ErrorResponse(model.error(), kShape);
  Result<GenerationRequest> request = parsed->body.Request();
  if (!request.ok()) co_return ErrorResponse(request.error(), kShape);
  request->model = model->id;
  const Result<Generation> prepared = co_await app.language_model().Prepare(http.call, std::move(*request));
  if (!prepared.ok()) co_return ErrorResponse(prepared.error(), kShape);
  HttpResponse response = JsonResponse(Json::Object({{"input_tokens", prepared->prompt_tokens.size()}}));
  AddWarnings(response, parsed->unknown);
  co_return response;
}

constexpr RouteSpec kRoutes[] = {
    {"POST", "/v1/messages", "Answer a conversation, in Anthropic's words", Create, JsonSchema<MessagesBody>},
    {"POST", "/v1/messages/count_tokens", "Count the tokens of one", CountTokens, JsonSchema<MessagesPromptBody>},
};

}  // namespace

extern const Resource resource_messages{kRoutes};

}  // namespace atelier

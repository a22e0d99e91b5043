// /api/chat and /api/generate                                                             [Ollama's docs/api.md]
#include "app/model_library.h"
#include "observe/gen_ai.h"
#include "serve/errors.h"
#include "serve/generation_run.h"
#include "serve/ollama_body.h"
#include "serve/ollama_model.h"
#include "serve/ollama_writer.h"
#include "serve/resource.h"

namespace atelier {
namespace {

constexpr ErrorShape kShape = ErrorShape::kOllama;

Task<void> Produce(std::shared_ptr<GenerationRun> run, OllamaFrame frame, BodyWriter out) {
  OllamaWriter writer(std::move(frame), *run);
  for (;;) {
    const std::deque<GenerationEvent> batch = co_await run->Next();
    if (batch.empty()) break;
    std::string text;
    for (const GenerationEvent& event : batch) {
      if (const std::optional<Json> news = writer.Take(event)) text += JsonLine(*news);
    }
    if (!text.empty() && !out.Write(text)) run->Cancel();
  }
  out.Write(JsonLine(writer.End()));
}

// What is asked without a prompt: that the model be loaded, or unloaded.
Task<HttpResponse> LoadOrUnload(App& app, Call call, ModelListing model, OllamaBody body, OllamaFrame frame) {
  if (body.UnloadsAtOnce()) {
    app.library().Unload(model.id);
    co_return JsonResponse(OllamaNothing(frame, "unload"));
  }
  Result<GenerationOptions> options = body.Options();
  if (!options.ok()) co_return ErrorResponse(options.error(), kShape);
  if (model.provider.empty()) {
    GenerationRequest request;
    request.model = model.id;
    request.prompt = TextPrompt{"load"};
    request.options = std::move(*options);
    const Result<Generation> prepared = co_await app.language_model().Prepare(std::move(call), std::move(request));
    if (!prepared.ok()) co_return ErrorResponse(prepared.error(), kShape);
  }
  co_return JsonResponse(OllamaNothing(frame, "load"));
}

// Without the oldest turn that is not the system's, and what the tools that it called gave; false: nothing can go.
bool DropOldest(Json& messages) {
  Json kept = Json::Array();
  bool dropped = false, dropping = true;
  for (int64_t i = 0; i < messages.size(); ++i) {
    const Json& role = messages[i]["role"];
    const bool may_go = i + 1 < messages.size() && role != Json("system") && (!dropped || role == Json("tool"));
    if (dropping && may_go) {
      dropped = true;
      continue;
    }
    dropping = !dropped;
    kept.Push(messages[i]);
  }
  messages = std::move(kept);
  return dropped;
}

// The request with as many of the newest messages as the model's context holds.
Task<Result<GenerationRequest>> Fitted(App& app, Call call, GenerationRequest request, int64_t context_length) {
  for (;;) {
    CO_TRY(const Generation prepared, co_await app.language_model().Prepare(call, request));
    auto* chat = std::get_if<ChatPrompt>(&request.prompt);
    const bool fits = static_cast<int64_t>(prepared.prompt_tokens.size()) < context_length;
    if (fits || chat == nullptr || !DropOldest(chat->messages)) co_return request;
  }
}

Task<HttpResponse> Reply(App& app, HttpRequest http, std::string_view operation, GenerationRequest request,
                         OllamaFrame frame, bool stream) {
  GenerationRun::Options options;
  options.stream = stream;
  std::string model = request.model;
  auto run = co_await GenerationRun::Start(app, std::move(http), operation, std::move(model), std::move(request),
                                           std::move(options));
  if (!run.ok()) co_return ErrorResponse(run.error(), kShape);
  if (stream) {
    co_return JsonLines([run = *run, frame](BodyWriter out) { return Produce(run, frame, std::move(out)); });
  }
  co_await (*run)->Finish();
  const std::optional<Error>& error = (*run)->error();
  if (error) co_return ErrorResponse(*error, kShape);
  OllamaWriter writer(std::move(frame), **run);
  co_return JsonResponse(writer.Whole());
}

// What is known of a model here before it is asked; nothing of one elsewhere.
Task<Result<ModelDetails>> DetailsOf(App& app, Call call, ModelListing model) {
  ModelDetails elsewhere;
  elsewhere.chat_template = "?";
  elsewhere.reasons = true;
  if (!model.provider.empty()) co_return elsewhere;
  co_return co_await app.language_model().Describe(std::move(call), model.id);
}

Result<void> CheckThinking(const OllamaBody& body, const ModelDetails& details, bool has_own_template) {
  if (!body.WantsThinking() || details.reasons || has_own_template) return {};
  return Error::Unsupported("think", "got " + body.think.Dump() + ", want false: the model '" + body.model +
                                         "' does not think before it answers")
      .WithCode("unsupported_parameter");
}

OllamaFrame FrameOf(const App& app, const OllamaBody& body, const ModelListing& model, bool is_chat) {
  OllamaFrame frame{.clock = app.clock(), .is_chat = is_chat, .model = body.model.empty() ? model.id : body.model};
  frame.started = frame.loaded = app.clock().Now();
  return frame;
}

Task<HttpResponse> Chat(HttpRequest http, App& app) {
  Result<Parsed<OllamaChatBody>> parsed = ParseBody<OllamaChatBody>(http, app);
  if (!parsed.ok()) co_return RefuseCall(app, http, gen_ai::kChat, parsed.error());
  const OllamaChatBody& body = parsed->body;
  const Result<ModelListing> model = FindOllamaModel(app, body.common.model, "chat");
  if (!model.ok()) co_return RefuseCall(app, http, gen_ai::kChat, model.error());
  OllamaFrame frame = FrameOf(app, body.common, *model, true);
  HttpResponse response;
  if (body.messages.empty()) {
    response = co_await LoadOrUnload(app, http.call, *model, body.common, std::move(frame));
  } else {
    Result<GenerationRequest> request = body.Request();
    if (!request.ok()) co_return RefuseCall(app, http, gen_ai::kChat, request.error());
    request->model = model->id;
    const Result<ModelDetails> details = co_await DetailsOf(app, http.call, *model);
    if (!details.ok()) co_return RefuseCall(app, http, gen_ai::kChat, details.error());
    frame.loaded = app.clock().Now();
    const Result<void> may_think = CheckThinking(body.common, *details, body.chat_template.has_value());
    if (!may_think.ok()) co_return RefuseCall(app, http, gen_ai::kChat, may_think.error());
    if (body.common.truncate && model->provider.empty()) {
      request = co_await Fitted(app, http.call, std::move(*request), details->context_length);
      if (!request.ok()) co_return RefuseCall(app, http, gen_ai::kChat, request.error());
    }
    response =
        co_await Reply(app, std::move(http), gen_ai::kChat, std::move(*request), std::move(frame), body.common.stream);
  }
  AddWarnings(response, parsed->unknown);
  co_return response;
}

// The tokens of an earlier answer, then those of this prompt.
Task<Result<void>> PutBehind(App& app, Call call, std::vector<int64_t> context, GenerationRequest& request) {
  CO_TRY(const Generation prepared, co_await app.language_model().Prepare(std::move(call), request));
  TokenPrompt joined;
  joined.tokens.assign(context.begin(), context.end());
  joined.tokens.insert(joined.tokens.end(), prepared.prompt_tokens.begin(), prepared.prompt_tokens.end());
  request.prompt = std::move(joined);
  co_return Result<void>();
}

Task<HttpResponse> Generate(HttpRequest http, App& app) {
  Result<Parsed<OllamaGenerateBody>> parsed = ParseBody<OllamaGenerateBody>(http, app);
  if (!parsed.ok()) co_return RefuseCall(app, http, gen_ai::kTextCompletion, parsed.error());
  const OllamaGenerateBody& body = parsed->body;
  const Result<ModelListing> model = FindOllamaModel(app, body.common.model, "chat");
  if (!model.ok()) co_return RefuseCall(app, http, gen_ai::kTextCompletion, model.error());
  OllamaFrame frame = FrameOf(app, body.common, *model, false);
  HttpResponse response;
  if (body.prompt.empty() && body.suffix.empty()) {
    response = co_await LoadOrUnload(app, http.call, *model, body.common, std::move(frame));
  } else {
    const Result<ModelDetails> details = co_await DetailsOf(app, http.call, *model);
    if (!details.ok()) co_return RefuseCall(app, http, gen_ai::kTextCompletion, details.error());
    frame.loaded = app.clock().Now();
    frame.gives_context = !body.raw && model->provider.empty();
    Result<GenerationRequest> request = body.Request(!details->chat_template.empty());
    if (!request.ok()) co_return RefuseCall(app, http, gen_ai::kTextCompletion, request.error());
    request->model = model->id;
    Result<void> ready = CheckThinking(body.common, *details, body.chat_template.has_value());
    if (ready.ok() && !body.context.empty()) ready = co_await PutBehind(app, http.call, body.context, *request);
    if (!ready.ok()) co_return RefuseCall(app, http, gen_ai::kTextCompletion, ready.error());
    if (body.common.truncate && model->provider.empty()) {
      request->options.truncate_prompt_tokens = details->context_length - 1;
    }
    response = co_await Reply(app, std::move(http), gen_ai::kTextCompletion, std::move(*request), std::move(frame),
                              body.common.stream);
  }
  AddWarnings(response, parsed->unknown);
  co_return response;
}

constexpr RouteSpec kRoutes[] = {
    {"POST", "/api/chat", "Answer a conversation, in Ollama's words", Chat, JsonSchema<OllamaChatBody>},
    {"POST", "/api/generate", "Answer or continue a text, in Ollama's words", Generate, JsonSchema<OllamaGenerateBody>},
};

}  // namespace

extern const Resource resource_ollama_chat{kRoutes};

}  // namespace atelier

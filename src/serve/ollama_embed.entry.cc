// /api/embed and /api/embeddings                                                          [Ollama's docs/api.md]
#include "app/keep_alive.h"
#include "observe/gen_ai.h"
#include "serve/call_trace.h"
#include "serve/embedding_run.h"
#include "serve/errors.h"
#include "serve/ollama_model.h"
#include "serve/ollama_options.h"
#include "serve/prompt_body.h"
#include "serve/resource.h"

namespace atelier {
namespace {

constexpr ErrorShape kShape = ErrorShape::kOllama;

struct EmbedBody {
  std::string model;
  Json input;
  bool truncate = true;
  std::optional<int64_t> dimensions;
  std::optional<Json> keep_alive;
  OllamaOptions options;  // read, so that a wrong one is named; none has an effect on vectors
  static Fields Describe();
};

Fields EmbedBody::Describe() {
  using B = EmbedBody;
  static constexpr Field fields[] = {
      Key<&B::model>("model", "id of an embedding model; without, the default one"),
      Key<&B::input>("input", "a text or texts, at most 2048; without, the model is loaded"),
      Key<&B::truncate>("truncate", "cut inputs over the context instead of an error; true unless given"),
      Key<&B::dimensions>("dimensions", "keep the first so many, scaled to unit length").Between(1, 1 << 20),
      Key<&B::keep_alive>("keep_alive", "how long the model stays loaded, as \"5m\" or seconds; negative: for ever"),
      Key<&B::options>("options", "without effect on vectors"),
  };
  return fields;
}

struct OneEmbeddingBody {
  std::string model, prompt;
  std::optional<Json> keep_alive;
  OllamaOptions options;
  static Fields Describe();
};

Fields OneEmbeddingBody::Describe() {
  using B = OneEmbeddingBody;
  static constexpr Field fields[] = {
      Key<&B::model>("model", "id of an embedding model; without, the default one"),
      Key<&B::prompt>("prompt", "a text; without, the model is loaded"),
      Key<&B::keep_alive>("keep_alive", "how long the model stays loaded, as \"5m\" or seconds; negative: for ever"),
      Key<&B::options>("options", "without effect on vectors"),
  };
  return fields;
}

Result<EmbeddingCall> CallOf(const Json& input, const std::optional<Json>& keep_alive, std::string_view name) {
  EmbeddingCall call;
  const bool is_nothing = input.is_null() || input == Json("") || (input.is_array() && input.empty());
  if (!is_nothing) {
    TRY(call.request.inputs, ReadPrompts(input, name, TextPrompt{}));
  }
  if (keep_alive) {
    TRY(call.request.keep_alive, ParseKeepAlive(*keep_alive));
  }
  return call;
}

// The vectors; none, and the model loaded, where there is no input.
Task<Result<Embeddings>> Embed(App& app, HttpRequest http, Result<EmbeddingCall> call, std::string name) {
  Result<ModelListing> model = FindOllamaModel(app, name, "embedding");
  const std::optional<Error> fault = !call.ok()    ? std::optional(call.error())
                                     : !model.ok() ? std::optional(model.error())
                                                   : std::nullopt;
  if (fault) {
    (void)RefuseCall(app, http, gen_ai::kEmbeddings, *fault);
    co_return *fault;
  }
  call->model = std::move(*model);
  if (!call->request.inputs.empty()) co_return co_await RunEmbedding(app, std::move(http), std::move(*call));
  if (call->model.provider.empty()) {
    GenerationRequest request;
    request.model = call->model.id;
    request.prompt = TextPrompt{"load"};
    request.options.keep_alive = call->request.keep_alive;
    CO_TRY_VOID(co_await app.language_model().Prepare(http.call, std::move(request)));
  }
  co_return Embeddings{};
}

Task<HttpResponse> EmbedMany(HttpRequest http, App& app) {
  const Clock::TimePoint started = app.clock().Now();
  Result<Parsed<EmbedBody>> parsed = ParseBody<EmbedBody>(http, app);
  if (!parsed.ok()) co_return RefuseCall(app, http, gen_ai::kEmbeddings, parsed.error());
  const EmbedBody& body = parsed->body;
  Result<EmbeddingCall> call = CallOf(body.input, body.keep_alive, "input");
  if (call.ok()) {
    call->request.truncate = body.truncate;
    call->dimensions = body.dimensions;
  }
  const Result<Embeddings> embeddings = co_await Embed(app, std::move(http), std::move(call), body.model);
  if (!embeddings.ok()) co_return ErrorResponse(embeddings.error(), kShape);
  Json vectors = Json::Array();
  for (const std::vector<float>& vector : embeddings->vectors) vectors.Push(VectorBody(vector));
  const auto nanos = [](Clock::TimePoint::duration time) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
  };
  Json reply = Json::Object({{"model", body.model}});
  reply.Set("embeddings", std::move(vectors));
  reply.Set("total_duration", nanos(app.clock().Now() - started));
  const bool was_run = !embeddings->vectors.empty();
  reply.Set("load_duration", was_run ? nanos(embeddings->times.submitted - started) : 0);
  reply.Set("prompt_eval_count", embeddings->usage.prompt_tokens);
  HttpResponse response = JsonResponse(reply);
  AddWarnings(response, parsed->unknown);
  co_return response;
}

Task<HttpResponse> EmbedOne(HttpRequest http, App& app) {
  Result<Parsed<OneEmbeddingBody>> parsed = ParseBody<OneEmbeddingBody>(http, app);
  if (!parsed.ok()) co_return RefuseCall(app, http, gen_ai::kEmbeddings, parsed.error());
  const OneEmbeddingBody& body = parsed->body;
  Result<EmbeddingCall> call = CallOf(body.prompt, body.keep_alive, "prompt");
  if (call.ok()) call->request.truncate = true;
  const Result<Embeddings> embeddings = co_await Embed(app, std::move(http), std::move(call), body.model);
  if (!embeddings.ok()) co_return ErrorResponse(embeddings.error(), kShape);
  Json vector = Json::Array();
  if (!embeddings->vectors.empty()) vector = VectorBody(embeddings->vectors.front());
  HttpResponse response = JsonResponse(Json::Object({{"embedding", std::move(vector)}}));
  AddWarnings(response, parsed->unknown);
  co_return response;
}

constexpr RouteSpec kRoutes[] = {
    {"POST", "/api/embed", "Vectors of texts, in Ollama's words", EmbedMany, JsonSchema<EmbedBody>},
    {"POST", "/api/embeddings", "The vector of a text, as Ollama had it before", EmbedOne,
     JsonSchema<OneEmbeddingBody>},
};

}  // namespace

extern const Resource resource_ollama_embed{kRoutes};

}  // namespace atelier

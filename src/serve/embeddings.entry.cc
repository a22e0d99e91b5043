// /v1/embeddings                                                      [OpenAI API reference, "Embeddings"]
#include "observe/gen_ai.h"
#include "serve/call_trace.h"
#include "serve/embedding_run.h"
#include "serve/errors.h"
#include "serve/generation_body.h"
#include "serve/prompt_body.h"
#include "serve/resource.h"

namespace atelier {
namespace {

struct EmbeddingsBody {
  std::optional<std::string> model;
  Json input;
  std::optional<int64_t> dimensions, priority;
  std::string encoding_format = "float";
  bool truncate = false, add_special_tokens = true;
  std::optional<Json> keep_alive;
  static Fields Describe();
};

Fields EmbeddingsBody::Describe() {
  using B = EmbeddingsBody;
  static constexpr Field fields[] = {
      Key<&B::input>("input", "a text, texts, token ids, or arrays of token ids; at most 2048").Required(),
      Key<&B::model>("model", "id of an embedding model; without, the default one"),
      Key<&B::dimensions>("dimensions", "keep the first so many, scaled to unit length").Between(1, 1 << 20),
      Key<&B::encoding_format>("encoding_format", "base64 is little-endian float32").OneOf("float|base64"),
      Key<&B::truncate>("truncate", "cut inputs over the context instead of an error"),
      Key<&B::add_special_tokens>("add_special_tokens", "what the tokenizer puts around a text"),
      Key<&B::priority>("priority", "smaller is served sooner").Between(-1000, 1000),
      Key<&B::keep_alive>("keep_alive", "how long the model stays loaded"),
      Ignored("user", "accepted without effect"),
  };
  return fields;
}

// What the body asks; errors name the parameter.
Result<EmbeddingCall> CallOf(const EmbeddingsBody& body, const ModelListing& model) {
  EmbeddingCall call{.model = model, .request = {}, .dimensions = body.dimensions, .encoding = body.encoding_format};
  EmbeddingRequest& request = call.request;
  const TextPrompt as{.text = {}, .add_special_tokens = body.add_special_tokens};
  TRY(request.inputs, ReadPrompts(body.input, "input", as));
  request.truncate = body.truncate;
  request.priority = static_cast<int32_t>(body.priority.value_or(0));
  if (body.keep_alive) {
    TRY(request.keep_alive, ParseKeepAlive(*body.keep_alive));
  }
  return call;
}

Json ReplyBody(const std::string& model, const Embeddings& embeddings, bool as_base64) {
  Json data = Json::Array();
  for (const std::vector<float>& vector : embeddings.vectors) {
    Json item = Json::Object({{"object", "embedding"}, {"index", data.size()}});
    item.Set("embedding", VectorBody(vector, as_base64));
    data.Push(std::move(item));
  }
  const int64_t num_tokens = embeddings.usage.prompt_tokens;
  Json reply = Json::Object({{"object", "list"}, {"model", model}});
  reply.Set("data", std::move(data));
  reply.Set("usage", Json::Object({{"prompt_tokens", num_tokens}, {"total_tokens", num_tokens}}));
  return reply;
}

Task<HttpResponse> CreateEmbeddings(HttpRequest http, App& app) {
  Result<Parsed<EmbeddingsBody>> parsed = ParseBody<EmbeddingsBody>(http, app);
  if (!parsed.ok()) co_return RefuseCall(app, http, gen_ai::kEmbeddings, parsed.error());
  const EmbeddingsBody& body = parsed->body;
  const Result<ModelListing> model = app.FindModel(body.model.value_or(""), "embedding");
  if (!model.ok()) co_return RefuseCall(app, http, gen_ai::kEmbeddings, model.error());
  Result<EmbeddingCall> call = CallOf(body, *model);
  if (!call.ok()) co_return RefuseCall(app, http, gen_ai::kEmbeddings, call.error());
  const Result<Embeddings> embeddings = co_await RunEmbedding(app, std::move(http), std::move(*call));
  if (!embeddings.ok()) co_return ErrorResponse(embeddings.error());
  HttpResponse response = JsonResponse(ReplyBody(model->id, *embeddings, body.encoding_format == "base64"));
  AddWarnings(response, parsed->unknown);
  co_return response;
}

constexpr RouteSpec kRoutes[] = {
    {"POST", "/v1/embeddings", "Vectors of texts", CreateEmbeddings, JsonSchema<EmbeddingsBody>},
};

}  // namespace

extern const Resource resource_embeddings{kRoutes};

}  // namespace atelier

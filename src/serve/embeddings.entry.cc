// /v1/embeddings                                                      [OpenAI API reference, "Embeddings"]
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include "base/text/base64.h"
#include "observe/gen_ai.h"
#include "serve/call_trace.h"
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

// The first `dimensions` of a vector, of unit length again.   [Matryoshka embeddings, arXiv:2205.13147]
void CutTo(std::vector<float>& vector, size_t dimensions) {
  vector.resize(dimensions);
  double sum = 0;
  for (const float x : vector) sum += static_cast<double>(x) * static_cast<double>(x);
  const double scale = sum > 0 ? 1 / std::sqrt(sum) : 0;
  for (float& x : vector) x = static_cast<float>(static_cast<double>(x) * scale);
}

// The shortest text that reads back as the same float: half of what the digits of a double would take.
Json FloatBody(float value) {
  if (!std::isfinite(value)) return {};
  char text[24];
  const auto [end, fault] = std::to_chars(text, text + sizeof text, value);
  CHECK(fault == std::errc());
  return Json::NumberOf(std::string(text, end));
}

Json VectorBody(const std::vector<float>& vector, bool as_base64) {
  static_assert(std::endian::native == std::endian::little);
  if (as_base64) {
    std::string bytes(vector.size() * sizeof(float), '\0');
    std::memcpy(bytes.data(), vector.data(), bytes.size());
    return Base64Encode(bytes);
  }
  Json numbers = Json::Array();
  for (const float x : vector) numbers.Push(FloatBody(x));
  return numbers;
}

// What the body asks of `model`; errors name the parameter.
Result<EmbeddingRequest> RequestOf(const EmbeddingsBody& body, const ModelListing& model) {
  if (body.dimensions && model.vector_size > 0 && *body.dimensions > model.vector_size) {
    return Error::Invalid("dimensions", "got " + std::to_string(*body.dimensions) + ", want at most " +
                                            std::to_string(model.vector_size))
        .WithCode("invalid_value");
  }
  EmbeddingRequest request;
  request.model = model.id;
  const TextPrompt as{.text = {}, .add_special_tokens = body.add_special_tokens};
  TRY(request.inputs, ReadPrompts(body.input, "input", as));
  request.truncate = body.truncate;
  request.priority = static_cast<int32_t>(body.priority.value_or(0));
  if (body.keep_alive) {
    TRY(request.keep_alive, ParseKeepAlive(*body.keep_alive));
  }
  return request;
}

Json ReplyBody(const EmbeddingsBody& body, const std::string& model, Embeddings& embeddings) {
  Json data = Json::Array();
  for (std::vector<float>& vector : embeddings.vectors) {
    if (body.dimensions) CutTo(vector, static_cast<size_t>(*body.dimensions));
    Json item = Json::Object({{"object", "embedding"}, {"index", data.size()}});
    item.Set("embedding", VectorBody(vector, body.encoding_format == "base64"));
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
  CallTrace trace(app, http, gen_ai::kEmbeddings, model->id);
  trace.Set(gen_ai::kEmbeddingsDimensionCount, body.dimensions.value_or(model->vector_size));
  trace.Set(gen_ai::kRequestEncodingFormats, std::vector<std::string>{body.encoding_format});
  Result<EmbeddingRequest> request = RequestOf(body, *model);
  if (!request.ok()) {
    trace.End({}, request.error());
    co_return ErrorResponse(request.error());
  }
  http.call.span = trace.context();
  Result<Embeddings> embeddings = co_await app.embedder().Embed(http.call, std::move(*request));
  if (!embeddings.ok()) {
    trace.End({}, embeddings.error());
    co_return ErrorResponse(embeddings.error());
  }
  trace.AddTimes(embeddings->times, embeddings->usage, false);
  trace.End(embeddings->usage, {});
  HttpResponse response = JsonResponse(ReplyBody(body, model->id, *embeddings));
  AddWarnings(response, parsed->unknown);
  co_return response;
}

constexpr RouteSpec kRoutes[] = {
    {"POST", "/v1/embeddings", "Vectors of texts", CreateEmbeddings, JsonSchema<EmbeddingsBody>},
};

}  // namespace

extern const Resource resource_embeddings{kRoutes};

}  // namespace atelier

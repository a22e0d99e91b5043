// /v1/rerank, /v2/rerank and /rerank                  [Cohere API reference, "Rerank"; Jina "Reranker API"]
#include <algorithm>
#include <numeric>

#include "observe/gen_ai.h"
#include "serve/call_trace.h"
#include "serve/errors.h"
#include "serve/generation_body.h"
#include "serve/resource.h"

namespace atelier {
namespace {

struct RerankBody {
  std::optional<std::string> model;
  std::string query;
  OneOrMany<Json> documents;  // texts, or objects with a text
  std::optional<int64_t> top_n, priority;
  bool return_documents = false, truncate = true;
  std::optional<Json> keep_alive;
  static Fields Describe();
};

Fields RerankBody::Describe() {
  using B = RerankBody;
  static constexpr Field fields[] = {
      Key<&B::query>("query", "what the documents are compared with").Required(),
      Key<&B::documents>("documents", "texts, or objects with a text").Required().AtMostItems(10000),
      Key<&B::model>("model", "a cross-encoder, or an embedding model (by cosine similarity)"),
      Key<&B::top_n>("top_n", "only the best so many; 0: all").Between(0, 10000),
      Key<&B::return_documents>("return_documents", "the texts beside their scores"),
      Key<&B::truncate>("truncate", "cut documents over the context (as Cohere and Jina do) instead of an error"),
      Key<&B::priority>("priority", "smaller is served sooner").Between(-1000, 1000),
      Key<&B::keep_alive>("keep_alive", "how long the model stays loaded"),
      Ignored("max_chunks_per_doc", "documents are not cut into chunks"),
      Ignored("max_tokens_per_doc", "documents are cut at the model's context"),
      Ignored("user", "accepted without effect"),
      Unsupported("max_tokens_per_query", "a bound on the query"),
      Unsupported("instruction", "instructions to the model"),
      Unsupported("return_embeddings", "vectors beside the scores").UnlessIs("false"),
      Unsupported("rank_fields", "fields of a document").UnlessIs("[\"text\"]|[]"),
  };
  return fields;
}

Result<std::vector<std::string>> Texts(const std::vector<Json>& documents) {
  if (documents.empty()) return Error::Invalid("documents", "got none, want at least one").WithCode("invalid_value");
  std::vector<std::string> texts;
  for (size_t i = 0; i < documents.size(); ++i) {
    const Json& text = documents[i].is_object() ? documents[i]["text"] : documents[i];
    if (!text.is_string()) {
      return Error::Invalid("documents[" + std::to_string(i) + "]",
                            "got " + std::string(documents[i].TypeName()) + ", want a text or an object with a text")
          .WithCode("invalid_type");
    }
    texts.push_back(text.AsString());
  }
  return texts;
}

// Indices of the best scores; equal ones in their order.
std::vector<size_t> Ranked(const std::vector<double>& scores, std::optional<int64_t> top_n) {
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return scores[a] > scores[b]; });
  if (top_n && *top_n > 0 && *top_n < static_cast<int64_t>(order.size())) order.resize(static_cast<size_t>(*top_n));
  return order;
}

// Cohere's fields and Jina's: results are alike, the accounting stands at both places.
Json ReplyBody(const ModelListing& model, const Reranking& reranking, const std::vector<std::string>& texts,
               const RerankBody& body, std::string id) {
  Json results = Json::Array();
  for (const size_t i : Ranked(reranking.scores, body.top_n)) {
    Json result = Json::Object({{"index", static_cast<int64_t>(i)}, {"relevance_score", reranking.scores[i]}});
    if (body.return_documents) result.Set("document", Json::Object({{"text", texts[i]}}));
    results.Push(std::move(result));
  }
  Json reply = Json::Object({{"id", std::move(id)}, {"object", "list"}, {"model", model.id}});
  reply.Set("results", std::move(results));
  reply.Set("usage", Json::Object({{"prompt_tokens", reranking.usage.prompt_tokens},
                                   {"total_tokens", reranking.usage.prompt_tokens}}));
  reply.Set("meta", Json::Object({{"api_version", Json::Object({{"version", "2"}})},
                                  {"billed_units", Json::Object({{"search_units", 1}})},
                                  {"tokens", Json::Object({{"input_tokens", reranking.usage.prompt_tokens}})}}));
  return reply;
}

Result<RerankingRequest> RequestOf(const RerankBody& body, const ModelListing& model) {
  RerankingRequest request;
  request.model = model.id;
  request.query = body.query;
  TRY(request.documents, Texts(body.documents.values));
  request.truncate = body.truncate;
  request.priority = static_cast<int32_t>(body.priority.value_or(0));
  if (body.keep_alive) {
    TRY(request.keep_alive, ParseKeepAlive(*body.keep_alive));
  }
  return request;
}

Task<HttpResponse> CreateRerank(HttpRequest http, App& app) {
  Result<Parsed<RerankBody>> parsed = ParseBody<RerankBody>(http, app);
  if (!parsed.ok()) co_return RefuseCall(app, http, gen_ai::kRerank, parsed.error());
  const RerankBody& body = parsed->body;
  Result<ModelListing> model = app.FindModel(body.model.value_or(""), "rerank");
  if (!model.ok() && !body.model) model = app.FindModel("", "embedding");
  if (!model.ok()) co_return RefuseCall(app, http, gen_ai::kRerank, model.error());
  CallTrace trace(app, http, gen_ai::kRerank, model->id);
  Result<RerankingRequest> request = RequestOf(body, *model);
  if (!request.ok()) {
    trace.End({}, request.error());
    co_return ErrorResponse(request.error());
  }
  const std::vector<std::string> texts = request->documents;
  http.call.span = trace.context();
  Result<Reranking> reranking = co_await app.reranker().Rerank(http.call, std::move(*request));
  if (!reranking.ok()) {
    trace.End({}, reranking.error());
    co_return ErrorResponse(reranking.error());
  }
  trace.AddTimes(reranking->times, reranking->usage, false);
  trace.End(reranking->usage, {});
  HttpResponse response = JsonResponse(ReplyBody(*model, *reranking, texts, body, http.call.request_id));
  AddWarnings(response, parsed->unknown);
  co_return response;
}

constexpr RouteSpec kRoutes[] = {
    {"POST", "/v1/rerank", "Sort documents by relevance", CreateRerank, JsonSchema<RerankBody>},
    {"POST", "/v2/rerank", "The same, by Cohere's newer path", CreateRerank, JsonSchema<RerankBody>},
    {"POST", "/rerank", "The same, as vLLM and Jina name it", CreateRerank, JsonSchema<RerankBody>},
    {"POST", "/v1/reranking", "The same, as llama-server names it", CreateRerank, JsonSchema<RerankBody>},
    {"POST", "/reranking", "The same, as llama-server names it", CreateRerank, JsonSchema<RerankBody>},
};

}  // namespace

extern const Resource resource_rerank{kRoutes};

}  // namespace atelier

// What a vector store, or a corpus by its name, has to offer before it is searched: how many chunks there are of each
// value of an attribute, and words that go on from what was typed. Counts are over what the key may see. OpenAI's API
// has neither.
#include <utility>

#include "app/corpus_library.h"
#include "app/vector_store_search.h"
#include "app/vector_store_view.h"
#include "serve/attribute_filter.h"
#include "serve/errors.h"
#include "serve/resource.h"

namespace atelier {
namespace {

constexpr int64_t kMaxKeys = 16, kMaxKeyBytes = 64, kMaxValues = 1000;
constexpr int64_t kMaxTextBytes = 16 << 10;
constexpr int64_t kMaxSuggestions = 100;

struct FacetsBody {
  std::vector<std::string> keys;
  std::string query;
  Json filters;
  int64_t max_values = 10;
  static Fields Describe();
};

Fields FacetsBody::Describe() {
  using B = FacetsBody;
  static constexpr Field fields[] = {
      Key<&B::keys>("keys", "attributes whose values are counted")
          .Required()
          .AtMostItems(kMaxKeys)
          .AtMostBytes(kMaxKeyBytes),
      Key<&B::query>("query", "count chunks that have a word of it; without, all").AtMostBytes(kMaxTextBytes),
      Key<&B::filters>("filters", "comparisons of attributes: eq, ne, gt, gte, lt, lte, in, nin, and, or"),
      Key<&B::max_values>("max_values", "of each attribute, the most frequent").Between(1, kMaxValues),
  };
  return fields;
}

struct SuggestionsBody {
  std::string text;
  int64_t limit = 10;
  static Fields Describe();
};

Fields SuggestionsBody::Describe() {
  using B = SuggestionsBody;
  static constexpr Field fields[] = {
      Key<&B::text>("text", "what was typed; its last word is gone on from, or spelt nearly so")
          .Required()
          .AtMostBytes(kMaxTextBytes),
      Key<&B::limit>("limit", "most words").Between(1, kMaxSuggestions),
  };
  return fields;
}

// Names that begin with '$' or '@' are the index's and the corpus's own.
Result<void> CheckKeys(const std::vector<std::string>& keys) {
  for (size_t i = 0; i < keys.size(); ++i) {
    if (!keys[i].empty() && keys[i][0] != '$' && keys[i][0] != '@') continue;
    return Error::Invalid("keys[" + std::to_string(i) + "]",
                          "got \"" + keys[i] + "\", want 1 to 64 bytes that begin neither with '$' nor '@'")
        .WithCode("invalid_value");
  }
  return {};
}

Json FacetJson(const Facet& facet) {
  Json values = Json::Array();
  for (const auto& [value, num_chunks] : facet.values) {
    values.Push(Json::Object({{"value", value}, {"count", num_chunks}}));
  }
  return Json::Object({{"key", facet.key}, {"values", std::move(values)}});
}

Json ListOf(Json data) { return Json::Object({{"object", "list"}, {"data", std::move(data)}}); }

Task<HttpResponse> CountFacets(HttpRequest http, App& app) {
  const Result<Parsed<FacetsBody>> parsed = ParseBody<FacetsBody>(http, app);
  if (!parsed.ok()) co_return ErrorResponse(parsed.error());
  const std::string id(http.Path("id"));
  auto work = [&]() -> Result<Json> {
    const FacetsBody& body = parsed->body;
    TRY_VOID(CheckKeys(body.keys));
    TRY(const Filter filter, ReadAttributeFilter(body.filters, "filters"));
    TRY(const Access::View view, ViewOfStore(app, id, http.call.principal));
    TRY(const std::shared_ptr<OpenedCorpus> corpus, OpenSearched(app, id));
    TRY(const std::vector<Facet> facets,
        corpus->corpus->Facets(body.query, filter, view.visible, body.keys, static_cast<int32_t>(body.max_values)));
    Json data = Json::Array();
    for (const Facet& facet : facets) data.Push(FacetJson(facet));
    return ListOf(std::move(data));
  };
  co_return co_await AnswerOnPool(app, std::move(work));
}

Task<HttpResponse> SuggestWords(HttpRequest http, App& app) {
  const Result<Parsed<SuggestionsBody>> parsed = ParseBody<SuggestionsBody>(http, app);
  if (!parsed.ok()) co_return ErrorResponse(parsed.error());
  const std::string id(http.Path("id"));
  auto work = [&]() -> Result<Json> {
    TRY(const Access::View view, ViewOfStore(app, id, http.call.principal));
    TRY(const std::shared_ptr<OpenedCorpus> corpus, OpenSearched(app, id));
    TRY(const std::vector<Suggestion> words,
        corpus->corpus->Suggest(parsed->body.text, view.visible, static_cast<int32_t>(parsed->body.limit)));
    Json data = Json::Array();
    for (const Suggestion& word : words) {
      data.Push(Json::Object({{"text", word.text}, {"count", word.num_records}}));
    }
    return ListOf(std::move(data));
  };
  co_return co_await AnswerOnPool(app, std::move(work));
}

constexpr RouteSpec kRoutes[] = {
    {"POST", "/v1/vector_stores/{id}/facets", "Count the chunks of a vector store by values of attributes", CountFacets,
     JsonSchema<FacetsBody>},
    {"POST", "/v1/vector_stores/{id}/suggestions", "Words of a vector store that go on from what was typed",
     SuggestWords, JsonSchema<SuggestionsBody>},
};

}  // namespace

extern const Resource resource_vector_store_words{kRoutes};

}  // namespace atelier

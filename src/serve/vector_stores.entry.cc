// /v1/vector_stores and their search                             [OpenAI API reference, "Vector stores"]
//
// A corpus that `atelier index` made is a vector store too, by its name: it can be retrieved and searched, and changed
// only by the commands that made it.
#include "app/vector_stores.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "app/corpus_library.h"
#include "app/corpus_tools.h"
#include "app/file_store.h"
#include "app/query_rewriting.h"
#include "app/vector_size.h"
#include "app/vector_store_corpora.h"
#include "app/vector_store_search.h"
#include "app/vector_store_view.h"
#include "base/task/pool.h"
#include "serve/attached_files.h"
#include "serve/attribute_filter.h"
#include "serve/errors.h"
#include "serve/resource.h"
#include "serve/vector_store_body.h"

namespace atelier {
namespace {

constexpr int64_t kMaxQueries = 16;
constexpr int64_t kMaxQueryBytes = 16 << 10;  // more than an embedding model reads
constexpr int64_t kMaxResults = 50;

struct StoreCreateBody {
  std::string name, description, embedding_model;
  std::map<std::string, std::string> metadata;
  std::optional<StoreExpiryBody> expires_after;
  std::optional<ChunkingBody> chunking_strategy;
  std::vector<std::string> file_ids;
  static Fields Describe();
};

Fields StoreCreateBody::Describe() {
  using B = StoreCreateBody;
  static constexpr Field fields[] = {
      Key<&B::name>("name", "of the store").AtMostBytes(512),
      Key<&B::description>("description", "what it is for").AtMostBytes(4096),
      Key<&B::file_ids>("file_ids", "files of /v1/files to put into it").AtMostItems(kMaxFilesOfStore),
      Key<&B::chunking_strategy>("chunking_strategy", "how these files are cut"),
      Key<&B::expires_after>("expires_after", "when it goes where nobody uses it"),
      Key<&B::metadata>("metadata", "up to 16 texts, kept with the store").AtMostItems(16).AtMostBytes(512),
      Key<&B::embedding_model>("embedding_model",
                               "what makes its vectors, for good; \"none\": it is searched by words alone")
          .AtMostBytes(256),
  };
  return fields;
}

struct StoreUpdateBody {
  std::optional<std::string> name;
  std::optional<std::map<std::string, std::string>> metadata;
  std::optional<StoreExpiryBody> expires_after;
  static Fields Describe();
};

Fields StoreUpdateBody::Describe() {
  using B = StoreUpdateBody;
  static constexpr Field fields[] = {
      Key<&B::name>("name", "of the store").AtMostBytes(512),
      Key<&B::expires_after>("expires_after", "when it goes where nobody uses it; null: never"),
      Key<&B::metadata>("metadata", "up to 16 texts, in place of those before").AtMostItems(16).AtMostBytes(512),
  };
  return fields;
}

struct StoreSearchBody {
  OneOrMany<std::string> query;
  Json filters;
  int64_t max_num_results = 10;
  std::optional<RankingBody> ranking_options;
  bool rewrite_query = false;
  static Fields Describe();
};

Fields StoreSearchBody::Describe() {
  using B = StoreSearchBody;
  static constexpr Field fields[] = {
      Key<&B::query>("query", "what is looked for; of several, what any of them finds")
          .Required()
          .AtMostItems(kMaxQueries)
          .AtMostBytes(kMaxQueryBytes),
      Key<&B::filters>("filters", "comparisons of attributes: eq, ne, gt, gte, lt, lte, in, nin, and, or"),
      Key<&B::max_num_results>("max_num_results", "most chunks").Between(1, kMaxResults),
      Key<&B::ranking_options>("ranking_options", "how what is found is scored"),
      Key<&B::rewrite_query>("rewrite_query", "search for what the default chat model makes of the query too"),
  };
  return fields;
}

// What a new store's texts are embedded by. Nothing: no embedding model is there at all, words are searched alone.
Result<std::optional<ModelListing>> EmbedderOf(const App& app, const StoreCreateBody& body) {
  CorpusConfig config;
  config.embedder = body.embedding_model;
  Result<std::optional<ModelListing>> embedder = EmbedderFor(app, config);
  if (embedder.ok() || !body.embedding_model.empty()) return embedder;
  return std::optional<ModelListing>();
}

Result<VectorStore> MakeStore(App& app, const StoreCreateBody& body, const std::string& embedder, int32_t dimensions,
                              const std::string& principal) {
  VectorStore store;
  store.embedder = embedder, store.dimensions = dimensions;
  store.name = body.name, store.description = body.description;
  store.owner = app.access()->UserOf(principal);
  store.metadata = TextsBody(body.metadata);
  if (body.expires_after) store.expires_after_days = body.expires_after->days;
  std::vector<StoreFileBody> files;
  for (const std::string& id : body.file_ids) files.push_back({id, Json(), body.chunking_strategy});
  TRY(auto attached, AttachedFiles(app, files, "file_ids", principal));
  return app.vector_stores().Create(std::move(store), std::move(attached));
}

Task<HttpResponse> CreateStore(HttpRequest http, App& app) {
  Result<Parsed<StoreCreateBody>> parsed = ParseBody<StoreCreateBody>(http, app);
  if (!parsed.ok()) co_return ErrorResponse(parsed.error());
  const Result<std::optional<ModelListing>> embedder = EmbedderOf(app, parsed->body);
  if (!embedder.ok()) co_return ErrorResponse(Error(embedder.error()).Under("embedding_model"));
  const Result<int32_t> dimensions = co_await VectorSizeOf(http.call, app, *embedder);
  if (!dimensions.ok()) co_return ErrorResponse(Error(dimensions.error()).Under("embedding_model"));
  const std::string embedder_id = *embedder ? (*embedder)->id : "none";
  auto make = [&] { return MakeStore(app, parsed->body, embedder_id, *dimensions, http.call.principal); };
  auto making = OnPool(app.pool(), make);
  const Result<VectorStore> store = co_await making;
  if (!store.ok()) co_return ErrorResponse(store.error());
  HttpResponse response = JsonResponse(StoreBody(*store));
  AddWarnings(response, parsed->unknown);
  co_return response;
}

Task<HttpResponse> ListStores(HttpRequest http, App& app) {
  const Result<BothWays> ways = ReadBothWays(http);
  if (!ways.ok()) co_return ErrorResponse(ways.error());
  auto work = [&]() -> Result<Json> {
    const std::shared_ptr<const Access> access = app.access();
    const auto view_of = [&](const VectorStore& store) {
      return access->ViewOf(http.call.principal, store.id, store.owner);
    };
    const auto list = [&](const PageQuery& query) -> Result<Page<VectorStore>> {
      TRY(Page<VectorStore> page,
          app.vector_stores().List(query, [&](const VectorStore& store) { return view_of(store).has_value(); }));
      for (VectorStore& store : page.items) {
        TRY(store, StoreAsSeen(app, store, *view_of(store)));
      }
      return page;
    };
    return ListedPage<VectorStore>(*ways, list, StoreBody);
  };
  co_return co_await AnswerOnPool(app, std::move(work));
}

// A corpus as a store that is always there: one file a document.
Result<VectorStore> StoreOfCorpus(App& app, const std::string& id, const Filter& visible) {
  TRY(const std::shared_ptr<OpenedCorpus> corpus, OpenSearched(app, id));
  VectorStore store;
  store.id = id, store.name = id;
  if (!corpus->corpus->capabilities().Has(CorpusCapability::kListing)) {
    // What is told of the whole is not for those who see a part.
    if (visible.op != Filter::Op::kAll) return corpus->corpus->capabilities().Lacks(CorpusCapability::kListing, id);
    TRY(const CorpusStats stats, corpus->corpus->Stats());
    store.files.completed = stats.num_documents, store.usage_bytes = stats.bytes_on_disk;
    return store;
  }
  TRY(const auto documents, corpus->corpus->List({}, visible, "", std::numeric_limits<int32_t>::max()));
  store.files.completed = static_cast<int64_t>(documents.size());
  for (const DocumentListing& document : documents) store.usage_bytes += document.num_bytes;
  return store;
}

Task<HttpResponse> RetrieveStore(HttpRequest http, App& app) {
  const std::string id(http.Path("id"));
  auto work = [&]() -> Result<Json> {
    TRY(const Access::View view, ViewOfStore(app, id, http.call.principal));
    Result<VectorStore> store = app.vector_stores().Get(id);
    if (!store.ok() && store.error().kind == ErrorKind::kNotFound) {
      store = StoreOfCorpus(app, id, view.visible);
    } else if (store.ok()) {
      store = StoreAsSeen(app, std::move(*store), view);
    }
    if (!store.ok()) return store.error();
    return StoreBody(*store);
  };
  co_return co_await AnswerOnPool(app, std::move(work));
}

Task<HttpResponse> UpdateStore(HttpRequest http, App& app) {
  const std::string id(http.Path("id"));
  const Result<Parsed<StoreUpdateBody>> parsed = ParseBody<StoreUpdateBody>(http, app);
  if (!parsed.ok()) co_return ErrorResponse(parsed.error());
  VectorStoreChange change;
  change.name = parsed->body.name;
  if (parsed->body.metadata) change.metadata = TextsBody(*parsed->body.metadata);
  const Result<Json> given = ParseJsonBody(http);
  if (given.ok() && given->Has("expires_after")) change.expires_after_days = std::optional<int64_t>();
  if (parsed->body.expires_after) change.expires_after_days = parsed->body.expires_after->days;
  auto work = [&]() -> Result<Json> {
    TRY_VOID(CheckMayChange(app, id, http.call.principal));
    TRY(const VectorStore store, app.vector_stores().Update(id, change));
    return StoreBody(store);
  };
  co_return co_await AnswerOnPool(app, std::move(work));
}

Task<HttpResponse> DeleteStore(HttpRequest http, App& app) {
  const std::string id(http.Path("id"));
  auto work = [&]() -> Result<Json> {
    TRY_VOID(CheckMayChange(app, id, http.call.principal));
    TRY_VOID(app.vector_store_corpora().RemoveStore(id));
    return Json::Object({{"id", id}, {"object", "vector_store.deleted"}, {"deleted", true}});
  };
  co_return co_await AnswerOnPool(app, std::move(work));
}

Result<VectorStoreSearch> SearchOf(const StoreSearchBody& body, const std::string& id) {
  VectorStoreSearch search;
  search.store_ids = {id};
  search.queries = body.query.values;
  const auto says_nothing = [](const std::string& query) { return query.find_first_not_of(" \t\r\n") == query.npos; };
  if (search.queries.empty() || std::ranges::any_of(search.queries, says_nothing)) {
    return Error::Invalid("query", "got no words, want what is looked for").WithCode("invalid_value");
  }
  TRY(search.filter, ReadAttributeFilter(body.filters, "filters"));
  TRY_VOID(SetRanking(body.ranking_options, search));
  search.max_results = static_cast<int32_t>(body.max_num_results);
  return search;
}

Json HitBody(const VectorStoreHit& hit) {
  Json text = Json::Object({{"type", "text"}, {"text", hit.passage.text}});
  Json body = Json::Object({{"file_id", hit.file_id}, {"filename", hit.filename}, {"score", hit.passage.score}});
  body.Set("attributes", HitAttributes(hit));
  body.Set("content", Json::Array({std::move(text)}));
  return body;
}

Task<HttpResponse> SearchStore(HttpRequest http, App& app) {
  const Result<Parsed<StoreSearchBody>> parsed = ParseBody<StoreSearchBody>(http, app);
  if (!parsed.ok()) co_return ErrorResponse(parsed.error());
  Result<VectorStoreSearch> search = SearchOf(parsed->body, std::string(http.Path("id")));
  if (!search.ok()) co_return ErrorResponse(search.error());
  if (parsed->body.rewrite_query) search->queries = co_await WithRewritten(app, http.call, search->queries);
  const Result<std::vector<VectorStoreHit>> hits = co_await SearchVectorStores(app, http.call, *search);
  if (!hits.ok()) co_return ErrorResponse(hits.error());
  Json data = Json::Array();
  for (const VectorStoreHit& hit : *hits) data.Push(HitBody(hit));
  Json page = Json::Object({{"object", "vector_store.search_results.page"}, {"search_query", Json(search->queries)}});
  page.Set("data", std::move(data));
  page.Set("has_more", false);
  page.Set("next_page", nullptr);
  HttpResponse response = JsonResponse(page);
  AddWarnings(response, parsed->unknown);
  co_return response;
}

constexpr RouteSpec kRoutes[] = {
    {"POST", "/v1/vector_stores", "Make a vector store", CreateStore, JsonSchema<StoreCreateBody>},
    {"GET", "/v1/vector_stores", "All vector stores, newest first (after, before, limit, order)", ListStores},
    {"GET", "/v1/vector_stores/{id}", "One vector store, or a corpus by its name", RetrieveStore},
    {"POST", "/v1/vector_stores/{id}", "Change a vector store's name, metadata or expiry", UpdateStore,
     JsonSchema<StoreUpdateBody>},
    {"DELETE", "/v1/vector_stores/{id}", "Remove a vector store; its files stay in /v1/files", DeleteStore},
    {"POST", "/v1/vector_stores/{id}/search", "Search a vector store, or a corpus by its name", SearchStore,
     JsonSchema<StoreSearchBody>},
};

}  // namespace

extern const Resource resource_vector_stores{kRoutes};

}  // namespace atelier

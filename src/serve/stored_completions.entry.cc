// /v1/chat/completions that are stored                    [OpenAI API reference, "Chat completions", List to Delete]
#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "app/completion_store.h"
#include "base/task/pool.h"
#include "serve/errors.h"
#include "serve/listing.h"
#include "serve/resource.h"

namespace atelier {
namespace {

constexpr ListingRules kRules{.default_limit = 20, .max_limit = 100, .ascending = true};

struct MetadataBody {
  std::map<std::string, std::string> metadata;
  static Fields Describe();
};

Fields MetadataBody::Describe() {
  static constexpr Field fields[] = {
      Key<&MetadataBody::metadata>("metadata", "up to 16 texts, in place of those there are")
          .AtMostItems(16)
          .AtMostBytes(512),
  };
  return fields;
}

Json BodyOf(const StoredCompletion& completion) {
  Json body = completion.body;
  body.Set("metadata", completion.metadata);
  return body;
}

// "metadata[key]=text" of the query.
Json WantedMetadata(const HttpRequest& http) {
  constexpr std::string_view kBegin = "metadata[";
  Json wanted = Json::Object();
  for (const auto& [name, value] : http.query) {
    if (!name.starts_with(kBegin) || !name.ends_with(']')) continue;
    wanted.Set(name.substr(kBegin.size(), name.size() - kBegin.size() - 1), value);
  }
  return wanted;
}

Task<HttpResponse> List(HttpRequest http, App& app) {
  const Result<PageQuery> query = ReadPageQuery(http, kRules);
  if (!query.ok()) co_return ErrorResponse(query.error());
  CompletionStore::Filter filter{.principal = http.call.principal, .model = std::string(http.Query("model"))};
  filter.metadata = WantedMetadata(http);
  auto work = [&app, query = *query, filter = std::move(filter)]() -> Result<Json> {
    TRY(const Page<StoredCompletion> page, app.completions().List(query, filter));
    Json data = Json::Array();
    for (const StoredCompletion& completion : page.items) data.Push(BodyOf(completion));
    return ListBody(std::move(data), page.has_more);
  };
  co_return co_await AnswerOnPool(app, std::move(work));
}

Task<HttpResponse> Retrieve(HttpRequest http, App& app) {
  auto work = [&app, id = std::string(http.Path("id")), principal = http.call.principal]() -> Result<Json> {
    TRY(const StoredCompletion completion, app.completions().Get(id, principal));
    return BodyOf(completion);
  };
  co_return co_await AnswerOnPool(app, std::move(work));
}

Task<HttpResponse> Update(HttpRequest http, App& app) {
  const auto parsed = ParseBody<MetadataBody>(http, app);
  if (!parsed.ok()) co_return ErrorResponse(parsed.error());
  auto work = [&app, id = std::string(http.Path("id")), principal = http.call.principal,
               metadata = TextsBody(parsed->body.metadata)]() -> Result<Json> {
    TRY_VOID(app.completions().SetMetadata(id, principal, metadata));
    TRY(const StoredCompletion completion, app.completions().Get(id, principal));
    return BodyOf(completion);
  };
  co_return co_await AnswerOnPool(app, std::move(work));
}

Task<HttpResponse> Delete(HttpRequest http, App& app) {
  auto work = [&app, id = std::string(http.Path("id")), principal = http.call.principal]() -> Result<Json> {
    TRY_VOID(app.completions().Delete(id, principal));
    return Json::Object({{"object", "chat.completion.deleted"}, {"id", id}, {"deleted", true}});
  };
  co_return co_await AnswerOnPool(app, std::move(work));
}

// The messages are few and in one place: pages are cut of them here.
Result<Json> MessagePage(const Json& messages, const PageQuery& query) {
  std::vector<Json> ordered(messages.items().begin(), messages.items().end());
  if (!query.ascending) std::ranges::reverse(ordered);
  auto first = ordered.begin();
  if (!query.after.empty()) {
    first = std::ranges::find_if(ordered, [&](const Json& message) { return message["id"] == Json(query.after); });
    if (first == ordered.end()) {
      return Error::Invalid("after", "got '" + query.after.substr(0, 64) + "', want the id of one of the messages");
    }
    ++first;
  }
  Json data = Json::Array();
  while (first != ordered.end() && data.size() < query.limit) data.Push(*first++);
  return ListBody(std::move(data), first != ordered.end());
}

Task<HttpResponse> Messages(HttpRequest http, App& app) {
  const Result<PageQuery> query = ReadPageQuery(http, kRules);
  if (!query.ok()) co_return ErrorResponse(query.error());
  auto work = [&app, id = std::string(http.Path("id")), principal = http.call.principal,
               query = *query]() -> Result<Json> {
    TRY(const StoredCompletion completion, app.completions().Get(id, principal));
    return MessagePage(completion.messages, query);
  };
  co_return co_await AnswerOnPool(app, std::move(work));
}

constexpr RouteSpec kRoutes[] = {
    {"GET", "/v1/chat/completions", "Stored completions (model, metadata[key], after, limit, order)", List},
    {"GET", "/v1/chat/completions/{id}", "A stored completion", Retrieve},
    {"POST", "/v1/chat/completions/{id}", "Change a stored completion's metadata", Update, JsonSchema<MetadataBody>},
    {"DELETE", "/v1/chat/completions/{id}", "Forget a stored completion", Delete},
    {"GET", "/v1/chat/completions/{id}/messages", "What a stored completion answered (after, limit, order)", Messages},
};

}  // namespace

extern const Resource resource_stored_completions{kRoutes};

}  // namespace atelier

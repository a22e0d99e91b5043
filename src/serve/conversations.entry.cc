// /v1/conversations                                                   [OpenAI API reference, "Conversations"]
#include <algorithm>
#include <map>

#include "app/response_store.h"
#include "base/task/pool.h"
#include "serve/errors.h"
#include "serve/resource.h"
#include "serve/response_items.h"

namespace atelier {
namespace {

constexpr int64_t kMaxItemsAtOnce = 1000;  // OpenAI: 20

struct ConversationBody {
  Json items;
  std::map<std::string, std::string> metadata;
  static Fields Describe();
};

Fields ConversationBody::Describe() {
  using B = ConversationBody;
  static constexpr Field fields[] = {
      Key<&B::items>("items", "what it begins with"),
      Key<&B::metadata>("metadata", "up to 16 texts").AtMostItems(16).AtMostBytes(512),
  };
  return fields;
}

struct ItemsBody {
  std::vector<Json> items;
  static Fields Describe();
};

Fields ItemsBody::Describe() {
  static constexpr Field fields[] = {
      Key<&ItemsBody::items>("items", "what is added, in order").Required().AtMostItems(kMaxItemsAtOnce)};
  return fields;
}

Json BodyOf(const StoredConversation& conversation) {
  return Json::Object({{"id", conversation.id},
                       {"object", "conversation"},
                       {"created_at", conversation.created_unix},
                       {"metadata", conversation.metadata}});
}

Task<HttpResponse> Create(HttpRequest http, App& app) {
  auto parsed = ParseBody<ConversationBody>(http, app);
  if (!parsed.ok()) co_return ErrorResponse(parsed.error());
  auto items = NormalItems(parsed->body.items);
  if (!items.ok()) co_return ErrorResponse(items.error());
  StoredConversation conversation;
  conversation.id = NewItemId("conv_");
  conversation.principal = http.call.principal;
  conversation.created_unix = app.clock().UnixNanos() / 1'000'000'000;
  conversation.metadata = TextsBody(parsed->body.metadata);
  auto work = [&app, conversation, items = *items]() -> Result<Json> {
    TRY_VOID(app.responses().PutConversation(conversation));
    TRY_VOID(app.responses().AddItems(conversation.id, items, conversation.principal));
    return BodyOf(conversation);
  };
  co_return co_await AnswerOnPool(app, std::move(work));
}

Task<HttpResponse> Retrieve(HttpRequest http, App& app) {
  const std::string id(http.Path("id")), principal = http.call.principal;
  auto work = [&app, id, principal]() -> Result<Json> {
    TRY(const StoredConversation conversation, app.responses().GetConversation(id, principal));
    return BodyOf(conversation);
  };
  co_return co_await AnswerOnPool(app, std::move(work));
}

Task<HttpResponse> Update(HttpRequest http, App& app) {
  auto parsed = ParseBody<ConversationBody>(http, app);
  if (!parsed.ok()) co_return ErrorResponse(parsed.error());
  const std::string id(http.Path("id")), principal = http.call.principal;
  const Json metadata = TextsBody(parsed->body.metadata);
  auto work = [&app, id, principal, metadata]() -> Result<Json> {
    TRY(StoredConversation conversation, app.responses().GetConversation(id, principal));
    conversation.metadata = metadata;
    TRY_VOID(app.responses().PutConversation(conversation));
    return BodyOf(conversation);
  };
  co_return co_await AnswerOnPool(app, std::move(work));
}

Task<HttpResponse> Delete(HttpRequest http, App& app) {
  const std::string id(http.Path("id")), principal = http.call.principal;
  auto work = [&app, id, principal]() -> Result<Json> {
    TRY_VOID(app.responses().DeleteConversation(id, principal));
    return Json::Object({{"id", id}, {"object", "conversation.deleted"}, {"deleted", true}});
  };
  co_return co_await AnswerOnPool(app, std::move(work));
}

Task<HttpResponse> AddItems(HttpRequest http, App& app) {
  auto parsed = ParseBody<ItemsBody>(http, app);
  if (!parsed.ok()) co_return ErrorResponse(parsed.error());
  Json given = Json::Array();
  for (const Json& item : parsed->body.items) given.Push(item);
  auto items = NormalItems(given);
  if (!items.ok()) co_return ErrorResponse(items.error());
  const std::string id(http.Path("id")), principal = http.call.principal;
  auto work = [&app, id, principal, items = *items]() -> Result<Json> {
    TRY_VOID(app.responses().GetConversation(id, principal));
    TRY_VOID(app.responses().AddItems(id, items, principal));
    return PageOf({items.items().begin(), items.items().end()}, {.after = {}, .order = "asc", .limit = 100});
  };
  co_return co_await AnswerOnPool(app, std::move(work));
}

Task<HttpResponse> ListItems(HttpRequest http, App& app) {
  const std::string id(http.Path("id")), principal = http.call.principal;
  ItemsPage page{
      .after = std::string(http.Query("after")), .order = std::string(http.Query("order", "desc")), .limit = 20};
  if (const std::string limit(http.Query("limit")); !limit.empty()) {
    const auto number = Json::Parse(limit);
    page.limit = number.ok() ? number->AsInt64().value_or(0) : 0;
  }
  auto work = [&app, id, principal, page]() -> Result<Json> {
    TRY(std::vector<Json> items, app.responses().Items(id, principal));
    return PageOf(std::move(items), page);
  };
  co_return co_await AnswerOnPool(app, std::move(work));
}

Task<HttpResponse> RetrieveItem(HttpRequest http, App& app) {
  const std::string id(http.Path("id")), item_id(http.Path("item_id")), principal = http.call.principal;
  auto work = [&app, id, item_id, principal]() -> Result<Json> {
    TRY(const std::vector<Json> items, app.responses().Items(id, principal));
    const auto found = std::ranges::find_if(items, [&](const Json& item) { return item["id"] == Json(item_id); });
    if (found == items.end()) return Error::NotFound("item_id", "got '" + item_id + "', want the id of an item of it");
    return *found;
  };
  co_return co_await AnswerOnPool(app, std::move(work));
}

Task<HttpResponse> DeleteItem(HttpRequest http, App& app) {
  const std::string id(http.Path("id")), item_id(http.Path("item_id")), principal = http.call.principal;
  auto work = [&app, id, item_id, principal]() -> Result<Json> {
    TRY_VOID(app.responses().DeleteItem(id, item_id, principal));
    TRY(const StoredConversation conversation, app.responses().GetConversation(id, principal));
    return BodyOf(conversation);
  };
  co_return co_await AnswerOnPool(app, std::move(work));
}

constexpr RouteSpec kRoutes[] = {
    {"POST", "/v1/conversations", "Begin a conversation", Create, JsonSchema<ConversationBody>},
    {"GET", "/v1/conversations/{id}", "A conversation", Retrieve},
    {"POST", "/v1/conversations/{id}", "Change a conversation's metadata", Update, JsonSchema<ConversationBody>},
    {"DELETE", "/v1/conversations/{id}", "Forget a conversation", Delete},
    {"POST", "/v1/conversations/{id}/items", "Add to a conversation", AddItems, JsonSchema<ItemsBody>},
    {"GET", "/v1/conversations/{id}/items", "What was said", ListItems},
    {"GET", "/v1/conversations/{id}/items/{item_id}", "One item", RetrieveItem},
    {"DELETE", "/v1/conversations/{id}/items/{item_id}", "Forget one item", DeleteItem},
};

}  // namespace

extern const Resource resource_conversations{kRoutes};

}  // namespace atelier

// /v1/memory: what is remembered of people and conversations                                          [docs/memory.md]
//
// Whose it is stands with everything that is kept. A caller with an API key reads, writes and forgets what is
// remembered of the user that the key is; where the server wants no keys, whoever calls names the user, or means all.
#include <optional>

#include "app/agent_library.h"
#include "app/memory_view.h"
#include "base/text/describe_json.h"
#include "serve/errors.h"
#include "serve/listing.h"
#include "serve/resource.h"

namespace atelier {
namespace {

constexpr size_t kMaxQuestionBytes = 64 << 10;

struct RememberBody {
  std::string kind = "fact", text, user, agent, session, speaker, reference;
  double importance = 0.5;
  int64_t said_ms = 0, valid_from_ms = 0, valid_to_ms = 0;
  static Fields Describe();
};
Fields RememberBody::Describe() {
  using B = RememberBody;
  static constexpr Field fields[] = {
      Key<&B::kind>("kind", "a turn is something that was said, and is kept as it is")
          .OneOf("fact|profile|procedure|turn"),
      Key<&B::text>("text", "what is to be remembered").Required().AtMostBytes(kMaxTurnBytes),
      Key<&B::user>("user", "whose memory; with an API key its own").AtMostBytes(kMaxNameBytes),
      Key<&B::agent>("agent", "of which agent; empty: of none in particular").AtMostBytes(kMaxNameBytes),
      Key<&B::session>("session", "of which conversation").AtMostBytes(kMaxNameBytes),
      Key<&B::speaker>("speaker", "of a turn, who said it; empty: the user").AtMostBytes(kMaxNameBytes),
      Key<&B::reference>("reference", "of a turn, what you call it; one that is there already is not kept again")
          .AtMostBytes(kMaxNameBytes),
      Key<&B::importance>("importance", "of a fact").Between(0, 1),
      Key<&B::said_ms>("said_ms", "of a turn, when, since 1970; 0: now").AtLeast(0),
      Key<&B::valid_from_ms>("valid_from_ms", "of a fact, since when it is so; 0: not known").AtLeast(0),
      Key<&B::valid_to_ms>("valid_to_ms", "of a fact, until when it was; 0: still").AtLeast(0),
  };
  return fields;
}

struct FindBody {
  std::string query, user, agent, session;
  int64_t limit = 5;
  static Fields Describe();
};
Fields FindBody::Describe() {
  using B = FindBody;
  static constexpr Field fields[] = {
      Key<&B::query>("query", "what to look for").Required().AtMostBytes(kMaxQuestionBytes),
      Key<&B::user>("user", "only of this person; with an API key its own").AtMostBytes(kMaxNameBytes),
      Key<&B::agent>("agent", "only of this agent").AtMostBytes(kMaxNameBytes),
      Key<&B::session>("session", "only turns of this conversation").AtMostBytes(kMaxNameBytes),
      Key<&B::limit>("limit", "facts, and turns, at most so many of each").Between(1, 100),
  };
  return fields;
}

// Whose memory a caller means. Errors: another's.
Result<std::string> UserFor(const HttpRequest& http, std::string user) {
  const std::string& principal = http.call.principal;
  if (principal.empty() || user == principal) return user;
  if (user.empty()) return principal;
  return Error::Denied("user", "got '" + user.substr(0, 64) + "', want none, or that of the key: '" + principal + "'")
      .WithCode("forbidden");
}

Result<MemoryScope> ScopeIn(const HttpRequest& http) {
  MemoryScope scope;
  TRY(scope.user, UserFor(http, std::string(http.Query("user"))));
  scope.agent = http.Query("agent"), scope.session = http.Query("session");
  for (const std::string* name : {&scope.user, &scope.agent, &scope.session}) {
    if (name->size() > kMaxNameBytes) return Error::Invalid("query", "a name has more than 256 bytes");
  }
  return scope;
}

// What there is before anything was recorded.
Result<std::shared_ptr<MemoryStore>> ReadOrNothing(App& app) {
  auto store = app.agents().memory().Read();
  if (!store.ok() && store.error().kind == ErrorKind::kNotFound) return std::shared_ptr<MemoryStore>();
  return store;
}

struct ListQuery {
  std::string what, kind;
  PageQuery page;
};

Result<ListQuery> ReadListQuery(const HttpRequest& http) {
  ListQuery query{
      .what = std::string(http.Query("what", "facts")), .kind = std::string(http.Query("kind")), .page = {}};
  if (query.what != "sessions" && query.what != "facts" && query.what != "turns") {
    return Error::Invalid("what", "got '" + query.what.substr(0, 32) + "', want facts, turns or sessions");
  }
  TRY(query.page, ReadPageQuery(http, {.default_limit = 100, .max_limit = 1'000, .ascending = true}));
  if (!query.page.ascending) return Error::Invalid("order", "got desc, want asc: the order of ids");
  return query;
}

// Of facts those that hold at `at_ms`; 0: all.
Result<Json> ListOf(const MemoryStore& store, const MemoryScope& scope, const ListQuery& query, int64_t at_ms) {
  const auto& [what, kind, page] = query;
  Json data = Json::Array({});
  bool has_more = false;
  const auto put = [&data, &has_more, limit = page.limit](Json body) {
    has_more = data.size() == limit;
    if (!has_more) data.Push(std::move(body));
  };
  if (what == "sessions") {
    TRY(const auto states, store.Sessions(scope));
    for (const MemorySessionState& state : states) data.Push(SessionBody(state));
  } else if (what == "turns") {
    TRY(const auto turns, store.List(scope, page.after, static_cast<int32_t>(page.limit) + 1));
    for (const MemoryTurn& turn : turns) put(TurnBody(turn));
  } else {
    TRY(const auto facts, FactsThatHold(store, scope, kind, page.after, page.limit + 1, at_ms));
    for (const MemoryFact& fact : facts) put(WriteJson(fact));
  }
  return ListBody(std::move(data), has_more);
}

Task<HttpResponse> List(HttpRequest http, App& app) {
  const Result<MemoryScope> scope = ScopeIn(http);
  if (!scope.ok()) co_return ErrorResponse(scope.error());
  const Result<ListQuery> query = ReadListQuery(http);
  if (!query.ok()) co_return ErrorResponse(query.error());
  const int64_t at_ms = http.Query("all") == "true" ? 0 : app.agents().memory().NowMs();
  auto list = [&app, &query, &scope, at_ms]() -> Result<Json> {
    TRY(const auto store, ReadOrNothing(app));
    if (!store) return ListBody(Json::Array({}), false);
    return ListOf(*store, *scope, *query, at_ms);
  };
  co_return co_await AnswerOnPool(app, std::move(list));
}

Task<Result<std::vector<std::string>>> Keep(App& app, Call call, RememberBody body) {
  MemoryLibrary& memory = app.agents().memory();
  if (body.kind == "turn") {
    MemoryScope scope{.user = body.user, .agent = std::move(body.agent), .session = std::move(body.session)};
    MemoryTurn turn;
    turn.speaker = body.speaker.empty() ? std::move(body.user) : std::move(body.speaker);
    turn.text = std::move(body.text), turn.reference = std::move(body.reference);
    turn.said_ms = body.said_ms == 0 ? memory.NowMs() : body.said_ms;
    std::vector<MemoryTurn> turns = {std::move(turn)};
    co_return co_await memory.Record(std::move(call), std::move(scope), std::move(turns));
  }
  if (body.text.size() > kMaxFactBytes) {
    co_return Error::Invalid("text", "got " + std::to_string(body.text.size()) + " bytes, want a fact of at most " +
                                         std::to_string(kMaxFactBytes));
  }
  MemoryFact fact;
  fact.user = std::move(body.user), fact.agent = std::move(body.agent), fact.session = std::move(body.session);
  fact.kind = std::move(body.kind), fact.text = std::move(body.text), fact.importance = body.importance;
  fact.valid_from_ms = body.valid_from_ms, fact.valid_to_ms = body.valid_to_ms, fact.recorded_ms = memory.NowMs();
  std::vector<MemoryFact> facts = {std::move(fact)};
  co_return co_await memory.PutFacts(std::move(call), std::move(facts));
}

Task<HttpResponse> Add(HttpRequest http, App& app) {
  Result<Parsed<RememberBody>> parsed = ParseBody<RememberBody>(http, app);
  if (!parsed.ok()) co_return ErrorResponse(parsed.error());
  RememberBody& body = parsed->body;
  const Result<std::string> user = UserFor(http, body.user);
  if (!user.ok()) co_return ErrorResponse(user.error());
  body.user = user->empty() ? "me" : *user;
  const Result<std::vector<std::string>> ids = co_await Keep(app, http.call, std::move(body));
  if (!ids.ok()) co_return ErrorResponse(ids.error());
  // A turn whose reference the session has already is not kept again.
  Json said = Json::Object({{"object", "memory"}, {"id", ids->empty() ? Json() : Json(ids->front())}});
  HttpResponse response = JsonResponse(said);
  AddWarnings(response, parsed->unknown);
  co_return response;
}

Task<HttpResponse> Search(HttpRequest http, App& app) {
  Result<Parsed<FindBody>> parsed = ParseBody<FindBody>(http, app);
  if (!parsed.ok()) co_return ErrorResponse(parsed.error());
  const Result<std::string> user = UserFor(http, parsed->body.user);
  if (!user.ok()) co_return ErrorResponse(user.error());
  MemoryLibrary& memory = app.agents().memory();
  RecallRequest request;
  request.question = std::move(parsed->body.query);
  request.scope = {.user = *user, .agent = std::move(parsed->body.agent), .session = std::move(parsed->body.session)};
  request.top_k = static_cast<int32_t>(parsed->body.limit);
  const auto facts = co_await memory.RecallFacts(http.call, request, memory.NowMs());
  if (!facts.ok()) co_return ErrorResponse(facts.error());
  const auto turns = co_await memory.Recall(http.call, request);
  if (!turns.ok()) co_return ErrorResponse(turns.error());
  HttpResponse response = JsonResponse(FoundBody(*facts, *turns));
  AddWarnings(response, parsed->unknown);
  co_return response;
}

// The thing, if it is the caller's. Blocks.
Result<Json> FindOwn(App& app, const std::string& id, const std::string& principal) {
  TRY(const auto store, ReadOrNothing(app));
  Result<Json> body = store ? RememberedBody(*store, id) : Error::NotFound("id", "got '" + id.substr(0, 64) + "'");
  if (body.ok() && !principal.empty() && (*body)["user"] != Json(principal)) {
    return Error::NotFound("id", "got '" + id.substr(0, 64) + "', want that of a fact or a turn");
  }
  return body;
}

Task<HttpResponse> Show(HttpRequest http, App& app) {
  auto show = [&app, id = std::string(http.Path("id")), principal = http.call.principal] {
    return FindOwn(app, id, principal);
  };
  co_return co_await AnswerOnPool(app, std::move(show));
}

HttpResponse Forgotten(int64_t num_gone) {
  return JsonResponse(Json::Object({{"object", "memory.forgotten"}, {"forgotten", num_gone}}));
}

Task<HttpResponse> Forget(HttpRequest http, App& app) {
  const std::string id(http.Path("id"));
  auto find = [&] { return FindOwn(app, id, http.call.principal); };
  auto finding = OnPool(app.pool(), find);
  const Result<Json> found = co_await finding;
  if (!found.ok()) co_return ErrorResponse(found.error());
  std::vector<std::string> ids = {id};
  const Result<int64_t> gone = co_await app.agents().memory().Forget(http.call, std::move(ids));
  co_return gone.ok() ? Forgotten(*gone) : ErrorResponse(gone.error());
}

Task<HttpResponse> ForgetAll(HttpRequest http, App& app) {
  const Result<MemoryScope> scope = ScopeIn(http);
  if (!scope.ok()) co_return ErrorResponse(scope.error());
  const bool named = !http.Query("user").empty() || !scope->agent.empty() || !scope->session.empty();
  if (!named && http.Query("all") != "true") {
    co_return ErrorResponse(
        Error::Invalid("query", "got none, want user, agent or session, or all=true for all of it"));
  }
  const Result<int64_t> gone = co_await app.agents().memory().ForgetAll(http.call, *scope);
  if (!gone.ok() && gone.error().kind == ErrorKind::kNotFound) co_return Forgotten(0);
  co_return gone.ok() ? Forgotten(*gone) : ErrorResponse(gone.error());
}

// Lines of JSON, no faster than they are read.
Task<void> WriteAll(App& app, MemoryScope scope, BodyWriter writer) {
  std::optional<MemoryExport> all;
  auto next = [&]() -> Result<std::string> {
    if (!all) {
      TRY(const auto store, ReadOrNothing(app));
      if (!store) return std::string();
      all.emplace(store, scope);
    }
    TRY(const std::vector<Json> some, all->Next());
    std::string text;
    for (const Json& one : some) text += one.Dump() + "\n";
    return text;
  };
  while (true) {
    auto reading = OnPool(app.pool(), next);
    const Result<std::string> text = co_await reading;
    if (!text.ok()) {  // what has been sent cannot be taken back: the last line says that it is not all
      const Json fault = Json::Object({{"type", "error"}, {"message", text.error().Message()}});
      writer.Write(fault.Dump() + "\n");
      co_return;
    }
    if (text->empty() || !writer.Write(*text)) co_return;
    if (!co_await writer.Flush()) co_return;
  }
}

Task<HttpResponse> Export(HttpRequest http, App& app) {
  const Result<MemoryScope> scope = ScopeIn(http);
  if (!scope.ok()) co_return ErrorResponse(scope.error());
  auto produce = [&app, scope = *scope](BodyWriter writer) { return WriteAll(app, scope, std::move(writer)); };
  co_return HttpResponse::Streamed("application/x-ndjson", std::move(produce));
}

constexpr RouteSpec kRoutes[] = {
    {"GET", "/v1/memory", "Lists facts, turns or conversations.", List},
    {"POST", "/v1/memory", "Remembers something.", Add, JsonSchema<RememberBody>},
    {"DELETE", "/v1/memory", "Forgets a person, an agent, a conversation.", ForgetAll},
    {"POST", "/v1/memory/search", "Searches facts and turns.", Search, JsonSchema<FindBody>},
    {"GET", "/v1/memory/export", "All that is remembered, as lines of JSON.", Export},
    {"GET", "/v1/memory/{id...}", "A fact with the turns that it stands on, or a turn.", Show},
    {"DELETE", "/v1/memory/{id...}", "Forgets a fact, or a turn with what stands on it.", Forget},
};

}  // namespace

extern const Resource resource_memory{kRoutes};

}  // namespace atelier

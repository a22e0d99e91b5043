// /v1/responses                                                       [OpenAI API reference, "Responses"]
//
// A response is made by one task (Make) that adds its events to a LiveResponse; who streams watches that, from any
// event on. Stored responses are in the ResponseStore before the last event is out; those under way are there too where
// they run in the background.
#include <algorithm>

#include "app/agent_library.h"
#include "app/agent_models.h"
#include "app/live_responses.h"
#include "app/response_store.h"
#include "app/vector_store_view.h"
#include "base/net/sse.h"
#include "base/task/pool.h"
#include "base/text/base64.h"
#include "observe/gen_ai.h"
#include "observe/log.h"
#include "serve/call_trace.h"
#include "serve/errors.h"
#include "serve/file_search.h"
#include "serve/generation_run.h"
#include "serve/resource.h"
#include "serve/response_body.h"
#include "serve/response_input.h"
#include "serve/response_items.h"
#include "serve/response_mcp.h"
#include "serve/response_search.h"
#include "serve/response_served.h"
#include "serve/response_writer.h"

namespace atelier {
namespace {

int64_t NowUnix(App& app) { return app.clock().UnixNanos() / 1'000'000'000; }

// A response under way.
struct Job {
  App& app;
  ResponsesBody body;
  std::string id, principal, conversation;
  int64_t created_unix = 0;
  HttpRequest http;
  GenerationRequest request;
  Json input;  // own items
  ResponseWriter writer;
  std::optional<ServedCalls> served;  // what the events become
  std::shared_ptr<LiveResponse> live;
  std::shared_ptr<GenerationRun> run;    // null: not begun
  Json closing;                          // the last event, once it is known
  std::optional<ResponseSearch> search;  // none: no vector stores are searched
  std::optional<ResponseMcp> mcp;        // none: no MCP servers
  std::optional<Error> error;            // why it failed

  // What can fail comes before the model is asked, so that no status of its own tells of it.
  bool WorksFirst() const { return mcp || (search && search->is_first()); }
};

// Of one response, where max_tool_calls says nothing.
constexpr int64_t kMostSearches = 4;
constexpr int64_t kMostMcpCalls = 16;

// --- making it ---

Task<void> Store(std::shared_ptr<Job> job, bool whole) {
  StoredResponse stored;
  stored.id = job->id, stored.principal = job->principal, stored.created_unix = job->created_unix;
  stored.body = job->writer.response();
  stored.input = job->input;
  if (job->body.stream || job->body.background) {
    stored.events = Json::Array();
    for (const Json& event : job->live->events()) stored.events.Push(event);
    if (!job->closing.is_null()) stored.events.Push(job->closing);
  }
  ResponseStore& store = job->app.responses();
  auto work = [&]() -> Result<void> {
    if (job->body.store) TRY_VOID(store.Put(stored));
    if (!whole || job->conversation.empty()) return {};
    TRY_VOID(store.AddItems(job->conversation, job->input, job->principal));
    return store.AddItems(job->conversation, stored.body["output"], job->principal);
  };
  auto waiting = OnPool(job->app.pool(), work);
  const Result<void> done = co_await waiting;
  if (!done.ok()) LogWarn("response " + job->id + ": " + done.error().Message());
}

void AddAll(Job& job, std::vector<Json> events) {
  for (Json& event : events) job.live->Add(std::move(event));
}

GenerationRun::Options RunOptionsOf(const ResponsesBody& body) {
  GenerationRun::Options options;
  options.stream = body.stream;
  options.id_prefix = "resp_";
  if (!body.metadata.empty()) options.metadata = TextsBody(body.metadata);
  return options;
}

Task<Result<void>> Begin(std::shared_ptr<Job> job) {
  const std::string model = job->request.model;
  GenerationRun::Options options = RunOptionsOf(job->body);
  CO_TRY(job->run,
         co_await GenerationRun::Start(job->app, job->http, gen_ai::kChat, model, job->request, std::move(options)));
  job->live->cancel = [run = job->run] { run->Cancel(); };
  co_return Result<void>();
}

// Answers calls of the server's own tools. False: the model must not go on.
Task<Result<bool>> AnswerOwn(std::shared_ptr<Job> job, std::vector<ToolCallDelta> calls) {
  const auto first_search = std::stable_partition(
      calls.begin(), calls.end(), [&](const ToolCallDelta& call) { return job->mcp && job->mcp->Owns(call.name); });
  std::vector<ToolCallDelta> searches(first_search, calls.end());
  calls.erase(first_search, calls.end());
  if (!searches.empty()) {
    CO_TRY_VOID(co_await job->search->Answer(job->http.call, std::move(searches), job->request));
  }
  // Calls of the client's own tools wait for the client.
  if (calls.empty()) co_return !job->writer.any_calls();
  CO_TRY(const bool goes_on, co_await job->mcp->Answer(job->http.call, std::move(calls), job->request));
  co_return goes_on && !job->writer.any_calls();
}

// Asks the model, and again with what it searched for or called.
Task<Result<void>> Generate(std::shared_ptr<Job> job) {
  if (job->WorksFirst()) job->live->cancel = [live = job->live.get()] { live->is_cancelled = true; };
  if (job->search && job->search->is_first()) {
    CO_TRY_VOID(co_await job->search->SearchFirst(job->http.call, job->request));
  }
  if (job->mcp) CO_TRY_VOID(co_await job->mcp->Prepare(job->http.call, job->request));
  for (;;) {
    if (job->run == nullptr && !job->live->is_cancelled) CO_TRY_VOID(co_await Begin(job));
    if (job->run == nullptr) co_return Result<void>();
    for (;;) {
      const std::deque<GenerationEvent> batch = co_await job->run->Next();
      if (batch.empty()) break;
      for (const GenerationEvent& event : batch) AddAll(*job, job->served->Take(event));
    }
    std::vector<ToolCallDelta> calls = job->writer.TakeOwnCalls();
    if (calls.empty() || job->run->error()) co_return Result<void>();
    CO_TRY(const bool goes_on, co_await AnswerOwn(job, std::move(calls)));
    if (!goes_on) co_return Result<void>();
    job->run = nullptr;
  }
}

Task<void> Make(std::shared_ptr<Job> job) {
  AddAll(*job, job->writer.Begin());
  job->live->body = job->writer.response();
  const Result<void> generated = co_await Generate(job);
  if (job->mcp) co_await job->mcp->Close();
  std::vector<Json> last;
  if (!generated.ok() && generated.error().kind != ErrorKind::kCancelled) {
    job->error = generated.error();
    last = job->writer.Fail(*job->error);
  } else {
    if (!generated.ok()) job->error = generated.error();
    if (generated.ok() && job->run != nullptr) job->error = job->run->error();
    const bool gone = (job->run == nullptr && !job->error) || (job->error && job->error->kind == ErrorKind::kCancelled);
    last = job->writer.End(NowUnix(job->app), job->live->is_cancelled || gone);
  }
  // The last event is stored before anybody sees it.
  const Json closing = std::move(last.back());
  last.pop_back();
  AddAll(*job, std::move(last));
  job->live->body = job->writer.response();
  job->closing = closing;
  co_await Store(job, true);
  job->live->Add(closing);
  job->live->End();
  job->live->cancel = nullptr;
  job->app.live_responses().Forget(job->id);
}

std::string EventText(const Json& event) {
  return FormatSse(SseEvent{.event = event["type"].AsString(), .data = event.Dump(), .id = {}, .retry_ms = {}});
}

// Sends events from index `next` on. The one who asked for a response ends it by leaving, unless it is in the
// background.
Task<void> Send(std::shared_ptr<LiveResponse> live, size_t next, bool ends_it, BodyWriter writer) {
  auto watch = live->Watch();
  for (;;) {
    std::string text;
    for (; next < live->events().size(); ++next) text += EventText(live->events()[next]);
    if (!text.empty() && !writer.Write(text)) {
      if (ends_it && live->cancel) live->cancel();
      co_return;
    }
    if (live->is_over()) co_return;
    co_await watch->NextBatch();
  }
}

void AddSearch(Job& job, FileSearchUse use) {
  ResponseSearch::Options options;
  options.use = std::move(use);
  options.max_calls = std::min(job.body.max_tool_calls.value_or(kMostSearches), kMostSearches);
  options.show_results = job.body.Includes("file_search_call.results");
  options.emit = [&job](std::vector<Json> events) { AddAll(job, std::move(events)); };
  job.search.emplace(job.app, job.writer, std::move(options));
}

void AddMcp(Job& job, std::vector<McpToolUse> uses, std::vector<Json> items) {
  ResponseMcp::Options options;
  options.uses = std::move(uses), options.items = std::move(items), options.tool_choice = job.body.tool_choice;
  options.max_calls = job.body.max_tool_calls.value_or(kMostMcpCalls);
  options.emit = [&job](std::vector<Json> events) { AddAll(job, std::move(events)); };
  job.mcp.emplace(job.app, job.writer, std::move(options));
}

// An id that is no store's is refused before anything begins.
Task<Result<void>> CheckStores(App& app, std::vector<std::string> ids, std::string principal) {
  auto open = [&]() -> Result<void> {
    for (const std::string& id : ids) {
      const Result<Access::View> view = ViewOfStore(app, id, principal);
      if (!view.ok()) return Error(view.error()).Under("tools");
      Result<std::shared_ptr<OpenedCorpus>> corpus = OpenSearched(app, id);
      if (!corpus.ok()) return std::move(corpus).error().Under("tools");
    }
    return {};
  };
  auto opening = OnPool(app.pool(), open);
  auto opened = co_await opening;
  co_return opened;
}

// What an agent that remembers calls the conversation: as the API does where it has a name for it. A response that
// stands alone and is stored may be gone on from; earlier turns that a client sends itself may be of any.
std::string ConversationToRemember(const ResponsesBody& body, const GatheredItems& all, const std::string& own_id) {
  if (const std::string conversation = ConversationOf(body); !conversation.empty()) return conversation;
  if (!all.first_response.empty()) return all.first_response;
  const bool alone =
      std::ranges::none_of(all.items, [](const Json& item) { return item["role"] == Json("assistant"); });
  return body.store && alone ? own_id : std::string();
}

Task<HttpResponse> Create(HttpRequest http, App& app) {
  Result<Parsed<ResponsesBody>> parsed = ParseBody<ResponsesBody>(http, app);
  if (!parsed.ok()) co_return RefuseCall(app, http, gen_ai::kChat, parsed.error());
  ResponsesBody body = std::move(parsed->body);
  const std::vector<std::string> unknown = parsed->unknown;
  if (body.background && !body.store) {
    const Error error = Error::Invalid("background", "got true with store false, want what is stored");
    co_return RefuseCall(app, http, gen_ai::kChat, error);
  }
  const Result<ModelListing> model = app.FindModel(body.model.value_or(""), "chat");
  if (!model.ok()) co_return RefuseCall(app, http, gen_ai::kChat, model.error());
  Result<Json> input = NormalItems(body.input);
  if (!input.ok()) co_return RefuseCall(app, http, gen_ai::kChat, input.error());
  const std::string principal = http.call.principal;
  Result<GatheredItems> all = co_await AllItems(app, body, *input, principal);
  if (!all.ok()) co_return RefuseCall(app, http, gen_ai::kChat, all.error());
  std::vector<Json>& items = all->items;
  const std::string id = NewItemId("resp_");
  const std::string remembered_as = ConversationToRemember(body, *all, id);
  Result<std::optional<RunAnswers>> answers = std::optional<RunAnswers>();
  if (model->kind == kAgentModels) answers = TakeRunAnswers(*input, items);
  if (!answers.ok()) co_return RefuseCall(app, http, gen_ai::kChat, answers.error());
  Result<std::vector<McpToolUse>> servers = McpUsesOf(body);
  if (!servers.ok()) co_return RefuseCall(app, http, gen_ai::kChat, servers.error());
  std::vector<Json> asked = servers->empty() ? std::vector<Json>() : items;
  Result<GenerationRequest> request = co_await FittingRequest(app, http.call, body, model->id, std::move(items));
  if (!request.ok()) co_return RefuseCall(app, http, gen_ai::kChat, request.error());

  Result<std::optional<FileSearchUse>> searching = FileSearchOf(body);
  if (!searching.ok()) co_return RefuseCall(app, http, gen_ai::kChat, searching.error());
  if (*searching) {
    const Result<void> there = co_await CheckStores(app, (*searching)->search.store_ids, http.call.principal);
    if (!there.ok()) co_return RefuseCall(app, http, gen_ai::kChat, there.error());
  }

  std::shared_ptr<AgentServing> serving;
  if (model->kind == kAgentModels) {
    serving = std::make_shared<AgentServing>();
    serving->conversation = remembered_as;
    app.agents().servings().Add(id, serving);
    std::get<ChatPrompt>(request->prompt).template_kwargs = AgentServings::Named(id);
  }
  if (*answers) {
    Result<AgentServing::AnsweredRun> run = co_await AnswerRun(app, std::move(**answers), principal);
    if (!run.ok()) co_return RefuseCall(app, http, gen_ai::kChat, run.error());
    serving->goes_on = *std::move(run);
  }
  const int64_t now = NowUnix(app);
  ResponseWriterOptions options;
  options.id = id;
  options.body = EchoOf(body, model->id, now);
  options.background = body.background;
  options.logprobs = body.Includes("message.output_text.logprobs");
  const std::string conversation = ConversationOf(body);
  if (!conversation.empty()) options.body.Set("conversation", Json::Object({{"id", conversation}}));
  if (body.background) {  // goes on when its client leaves
    Call call;
    call.principal = principal;
    call.request_id = http.call.request_id;
    http.call = std::move(call);
  }
  auto job = std::make_shared<Job>(Job{.app = app,
                                       .body = std::move(body),
                                       .id = id,
                                       .principal = principal,
                                       .conversation = conversation,
                                       .created_unix = now,
                                       .http = std::move(http),
                                       .request = std::move(*request),
                                       .input = std::move(*input),
                                       .writer = ResponseWriter(std::move(options)),
                                       .served = {},
                                       .live = app.live_responses().Begin(app.loop(), id, principal),
                                       .run = nullptr,
                                       .closing = {},
                                       .search = {},
                                       .mcp = {},
                                       .error = {}});
  job->served.emplace(job->writer, std::move(serving));
  if (*searching && !(*searching)->first) job->writer.AddOwnTools({std::string(kFileSearch)});
  if (*searching) AddSearch(*job, std::move(**searching));
  if (!servers->empty()) AddMcp(*job, std::move(*servers), std::move(asked));
  if (job->body.background) {
    job->live->body = job->writer.response();
    co_await Store(job, false);
  } else if (!job->WorksFirst()) {  // what cannot begin has a status of its own
    if (const Result<void> begun = co_await Begin(job); !begun.ok()) {
      app.live_responses().Forget(id);
      co_return ErrorResponse(begun.error());
    }
  }
  HttpResponse response;
  const bool background = job->body.background;
  if (!job->body.stream && !background) {
    co_await Make(job);
    response = job->error ? ErrorResponse(*job->error) : JsonResponse(job->live->body);
  } else {
    const Json first = job->live->body;
    Spawn(Make(job), [] {});
    if (!job->body.stream) {
      response = JsonResponse(first);
    } else {
      response = HttpResponse::Events(
          [live = job->live, background](BodyWriter writer) { return Send(live, 0, !background, std::move(writer)); });
    }
  }
  AddWarnings(response, unknown);
  co_return response;
}

// --- what is stored ---

Task<Result<StoredResponse>> Find(App& app, std::string id, std::string principal) {
  auto work = [&] { return app.responses().Get(id, principal); };
  auto waiting = OnPool(app.pool(), work);
  auto found = co_await waiting;
  co_return found;
}

Result<std::optional<int64_t>> QueryNumber(const HttpRequest& http, std::string_view name) {
  const std::string text(http.Query(name));
  if (text.empty()) return std::optional<int64_t>();
  const auto number = Json::Parse(text);
  const auto value = number.ok() ? number->AsInt64() : std::nullopt;
  if (!value) return Error::Invalid(std::string(name), "got '" + text + "', want a number").WithCode("invalid_value");
  return std::optional<int64_t>(*value);
}

Task<HttpResponse> Retrieve(HttpRequest http, App& app) {
  const std::string id(http.Path("id"));
  const bool stream = http.Query("stream") == "true";
  const auto after = QueryNumber(http, "starting_after");
  if (!after.ok()) co_return ErrorResponse(after.error());
  const auto first = static_cast<size_t>(std::max<int64_t>(after->value_or(-1) + 1, 0));
  if (const auto live = app.live_responses().Find(id, http.call.principal)) {
    if (!stream) co_return JsonResponse(live->body);
    co_return HttpResponse::Events(
        [live, first](BodyWriter writer) { return Send(live, first, false, std::move(writer)); });
  }
  Result<StoredResponse> stored = co_await Find(app, id, http.call.principal);
  if (!stored.ok()) co_return ErrorResponse(stored.error());
  if (!stream) co_return JsonResponse(stored->body);
  if (stored->events.is_null()) {
    co_return ErrorResponse(Error::Invalid("stream", "got a response that was made without a stream, want one with"));
  }
  std::string text;
  for (auto i = static_cast<int64_t>(first); i < stored->events.size(); ++i) text += EventText(stored->events[i]);
  co_return HttpResponse::Events([text = std::move(text)](BodyWriter writer) -> Task<void> {
    writer.Write(text);
    co_return;
  });
}

Task<HttpResponse> Delete(HttpRequest http, App& app) {
  const std::string id(http.Path("id")), principal = http.call.principal;
  auto work = [&] { return app.responses().Delete(id, principal); };
  auto waiting = OnPool(app.pool(), work);
  const Result<void> done = co_await waiting;
  if (!done.ok()) co_return ErrorResponse(done.error());
  co_return JsonResponse(Json::Object({{"id", id}, {"object", "response.deleted"}, {"deleted", true}}));
}

Task<HttpResponse> Cancel(HttpRequest http, App& app) {
  const std::string id(http.Path("id"));
  if (const auto live = app.live_responses().Find(id, http.call.principal)) {
    if (live->body["background"] != Json(true)) {
      co_return ErrorResponse(
          Error::Invalid("response_id", "got a response that is not in the background, want one that is"));
    }
    live->is_cancelled = true;
    if (live->cancel) live->cancel();
    auto watch = live->Watch();
    while (!live->is_over()) co_await watch->NextBatch();
    co_return JsonResponse(live->body);
  }
  Result<StoredResponse> stored = co_await Find(app, id, http.call.principal);
  co_return stored.ok() ? JsonResponse(stored->body) : ErrorResponse(stored.error());
}

Task<HttpResponse> ListInputItems(HttpRequest http, App& app) {
  Result<StoredResponse> stored = co_await Find(app, std::string(http.Path("id")), http.call.principal);
  if (!stored.ok()) co_return ErrorResponse(stored.error());
  const auto limit = QueryNumber(http, "limit");
  if (!limit.ok()) co_return ErrorResponse(limit.error());
  const ItemsPage page{.after = std::string(http.Query("after")),
                       .order = std::string(http.Query("order", "desc")),
                       .limit = limit->value_or(20)};
  std::vector<Json> items(stored->input.items().begin(), stored->input.items().end());
  Result<Json> reply = PageOf(std::move(items), page);
  co_return reply.ok() ? JsonResponse(*reply) : ErrorResponse(reply.error());
}

constexpr RouteSpec kRoutes[] = {
    {"POST", "/v1/responses", "Make a response", Create, JsonSchema<ResponsesBody>},
    {"GET", "/v1/responses/{id}", "A stored response, or its events", Retrieve},
    {"DELETE", "/v1/responses/{id}", "Forget a response", Delete},
    {"POST", "/v1/responses/{id}/cancel", "End a response in the background", Cancel},
    {"GET", "/v1/responses/{id}/input_items", "What a response was made of", ListInputItems},
};

}  // namespace

extern const Resource resource_responses{kRoutes};

}  // namespace atelier

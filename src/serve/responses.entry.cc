// /v1/responses                                                       [OpenAI API reference, "Responses"]
//
// A response is made by one task (Make) that adds its events to a LiveResponse; who streams watches that, from any
// event on. Stored responses are in the ResponseStore before the last event is out; those under way are there too where
// they run in the background.
#include <algorithm>

#include "app/live_responses.h"
#include "app/response_store.h"
#include "base/net/sse.h"
#include "base/task/pool.h"
#include "base/text/base64.h"
#include "observe/gen_ai.h"
#include "observe/log.h"
#include "serve/call_trace.h"
#include "serve/errors.h"
#include "serve/generation_run.h"
#include "serve/resource.h"
#include "serve/response_body.h"
#include "serve/response_items.h"
#include "serve/response_writer.h"

namespace atelier {
namespace {

constexpr int kMaxChain = 1000;  // responses that go on from each other

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
  std::shared_ptr<LiveResponse> live;
  std::shared_ptr<GenerationRun> run;  // null: not begun
  Json closing;                        // the last event, once it is known
};

// --- what goes in ---

std::string ConversationOf(const ResponsesBody& body) {
  if (body.conversation.is_string()) return body.conversation.AsString();
  return body.conversation["id"].is_string() ? body.conversation["id"].AsString() : std::string();
}

// The items before this response's own, oldest first. Blocks.
Result<std::vector<Json>> History(ResponseStore& store, const ResponsesBody& body, const std::string& principal) {
  const std::string conversation = ConversationOf(body);
  if (!conversation.empty()) return store.Items(conversation, principal);
  std::vector<StoredResponse> chain;
  std::optional<std::string> id = body.previous_response_id;
  while (id && chain.size() < kMaxChain) {
    Result<StoredResponse> response = store.Get(*id, principal);
    if (!response.ok()) {
      return Error::NotFound("previous_response_id", "got '" + *id + "', want the id of a stored response")
          .WithCode("previous_response_not_found");
    }
    const Json& before = response->body["previous_response_id"];
    id = before.is_string() ? std::optional(before.AsString()) : std::nullopt;
    chain.push_back(std::move(*response));
  }
  std::vector<Json> items;
  for (auto response = chain.rbegin(); response != chain.rend(); ++response) {
    for (const Json& item : response->input.items()) items.push_back(item);
    for (const Json& item : response->body["output"].items()) items.push_back(item);
  }
  return items;
}

// All items, references followed. Blocks.
Result<std::vector<Json>> AllItems(ResponseStore& store, const ResponsesBody& body, const Json& input,
                                   const std::string& principal) {
  if (!ConversationOf(body).empty() && body.previous_response_id) {
    return Error::Invalid("conversation", "got it beside previous_response_id, want one of the two")
        .WithCode("invalid_value");
  }
  TRY(std::vector<Json> items, History(store, body, principal));
  for (const Json& item : input.items()) {
    if (item["type"] != Json("item_reference")) {
      items.push_back(item);
      continue;
    }
    TRY(Json found, store.FindItem(item["id"].AsString(), principal));
    items.push_back(std::move(found));
  }
  return items;
}

// Without the oldest turn: a call goes with its output.
bool DropOldest(std::vector<Json>& items) {
  const auto is_kept = [](const Json& item) {
    return item["role"] == Json("system") || item["role"] == Json("developer");
  };
  const auto oldest = std::ranges::find_if_not(items, is_kept);
  if (oldest == items.end() || oldest + 1 == items.end()) return false;
  const Json call_id = (*oldest)["call_id"];
  items.erase(oldest);
  if (!call_id.is_null()) std::erase_if(items, [&](const Json& item) { return item["call_id"] == call_id; });
  return !items.empty();
}

// The request; with truncation auto, of the newest items that fit.
Task<Result<GenerationRequest>> RequestOf(App& app, Call call, ResponsesBody body, std::string model,
                                          std::vector<Json> items) {
  for (;;) {
    CO_TRY(GenerationRequest request, ResponseRequest(body, items));
    request.model = model;
    if (body.truncation != "auto") co_return request;
    CO_TRY(const Generation prepared, co_await app.language_model().Prepare(call, request));
    CO_TRY(const ModelDetails details, co_await app.language_model().Describe(call, model));
    const bool fits = static_cast<int64_t>(prepared.prompt_tokens.size()) < details.context_length;
    if (fits || !DropOldest(items)) co_return request;
  }
}

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
  if (body.metadata.empty()) return options;
  options.metadata = Json::Object();
  for (const auto& [key, value] : body.metadata) options.metadata.Set(key, value);
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

Task<void> Make(std::shared_ptr<Job> job) {
  AddAll(*job, job->writer.Begin());
  job->live->body = job->writer.response();
  Result<void> begun;
  if (job->run == nullptr && !job->live->is_cancelled) begun = co_await Begin(job);
  std::vector<Json> last;
  if (job->run != nullptr) {
    for (;;) {
      const std::deque<GenerationEvent> batch = co_await job->run->Next();
      if (batch.empty()) break;
      for (const GenerationEvent& event : batch) AddAll(*job, job->writer.Take(event));
    }
    const bool gone = job->run->error() && job->run->error()->kind == ErrorKind::kCancelled;
    last = job->writer.End(NowUnix(job->app), job->live->is_cancelled || gone);
  } else {
    last = begun.ok() ? job->writer.End(NowUnix(job->app), true) : job->writer.Fail(begun.error());
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
  auto gather = [&] { return AllItems(app.responses(), body, *input, principal); };
  auto waiting = OnPool(app.pool(), gather);
  Result<std::vector<Json>> items = co_await waiting;
  if (!items.ok()) co_return RefuseCall(app, http, gen_ai::kChat, items.error());
  Result<GenerationRequest> request = co_await RequestOf(app, http.call, body, model->id, std::move(*items));
  if (!request.ok()) co_return RefuseCall(app, http, gen_ai::kChat, request.error());

  const std::string id = NewItemId("resp_");
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
                                       .live = app.live_responses().Begin(app.loop(), id, principal),
                                       .run = nullptr,
                                       .closing = {}});
  if (job->body.background) {
    job->live->body = job->writer.response();
    co_await Store(job, false);
  } else if (const Result<void> begun = co_await Begin(job); !begun.ok()) {
    app.live_responses().Forget(id);
    co_return ErrorResponse(begun.error());
  }
  HttpResponse response;
  const bool background = job->body.background;
  if (!job->body.stream && !background) {
    co_await Make(job);
    const std::optional<Error>& error = job->run->error();
    response = error ? ErrorResponse(*error) : JsonResponse(job->live->body);
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
  const Page page{.after = std::string(http.Query("after")),
                  .order = std::string(http.Query("order", "desc")),
                  .limit = limit->value_or(20)};
  std::vector<Json> items(stored->input.items().begin(), stored->input.items().end());
  Result<Json> reply = PageOf(std::move(items), page);
  co_return reply.ok() ? JsonResponse(*reply) : ErrorResponse(reply.error());
}

// --- without a response ---

// The items of a body and what was before them.
Task<Result<std::vector<Json>>> ItemsOf(App& app, ResponsesBody body, std::string principal) {
  CO_TRY(const Json input, NormalItems(body.input));
  auto gather = [&] { return AllItems(app.responses(), body, input, principal); };
  auto waiting = OnPool(app.pool(), gather);
  auto items = co_await waiting;
  co_return items;
}

Task<HttpResponse> CountInputTokens(HttpRequest http, App& app) {
  Result<Parsed<ResponsesBody>> parsed = ParseBody<ResponsesBody>(http, app);
  if (!parsed.ok()) co_return ErrorResponse(parsed.error());
  const Result<ModelListing> model = app.FindModel(parsed->body.model.value_or(""), "chat");
  if (!model.ok()) co_return ErrorResponse(model.error());
  auto items = co_await ItemsOf(app, parsed->body, http.call.principal);
  if (!items.ok()) co_return ErrorResponse(items.error());
  Result<GenerationRequest> request = ResponseRequest(parsed->body, *items);
  if (!request.ok()) co_return ErrorResponse(request.error());
  request->model = model->id;
  const Result<Generation> prepared = co_await app.language_model().Prepare(http.call, std::move(*request));
  if (!prepared.ok()) co_return ErrorResponse(prepared.error());
  const auto num_tokens = static_cast<int64_t>(prepared->prompt_tokens.size());
  co_return JsonResponse(Json::Object({{"object", "response.input_tokens"}, {"input_tokens", num_tokens}}));
}

// What was said becomes one item that the model wrote; a last message of the user is kept in it as it stands.
Task<HttpResponse> Compact(HttpRequest http, App& app) {
  Result<Parsed<ResponsesBody>> parsed = ParseBody<ResponsesBody>(http, app);
  if (!parsed.ok()) co_return RefuseCall(app, http, gen_ai::kChat, parsed.error());
  ResponsesBody& body = parsed->body;
  auto items = co_await ItemsOf(app, body, http.call.principal);
  if (!items.ok()) co_return RefuseCall(app, http, gen_ai::kChat, items.error());
  std::string last;
  if (!items->empty() && items->back()["role"] == Json("user")) {
    const Result<std::vector<ChatMessage>> message = MessagesOf({items->back()});
    if (!message.ok()) co_return RefuseCall(app, http, gen_ai::kChat, message.error());
    last = message->front().content.AsString();
    items->pop_back();
  }
  const std::string ask =
      "Sum up our conversation so far for yourself: facts, decisions, and what is still to do. Be brief.";
  items->push_back(Json::Object({{"type", "message"}, {"role", "user"}, {"content", ask}}));
  ResponsesBody summing;
  summing.model = body.model, summing.instructions = body.instructions;
  summing.temperature = 0, summing.max_output_tokens = 512;
  Result<GenerationRequest> request = ResponseRequest(summing, *items);
  if (!request.ok()) co_return RefuseCall(app, http, gen_ai::kChat, request.error());
  GenerationRun::Options options;
  auto run = co_await GenerationRun::Start(app, std::move(http), gen_ai::kChat, body.model.value_or(""),
                                           std::move(*request), std::move(options));
  if (!run.ok()) co_return ErrorResponse(run.error());
  co_await (*run)->Finish();
  if ((*run)->error()) co_return ErrorResponse(*(*run)->error());
  Json output = Json::Array({CompactionItem((*run)->choice().text, last)});
  co_return JsonResponse(Json::Object({{"id", NewItemId("resp_")},
                                       {"object", "response.compaction"},
                                       {"created_at", NowUnix(app)},
                                       {"output", std::move(output)},
                                       {"usage", ResponseUsage((*run)->end())}}));
}

constexpr RouteSpec kRoutes[] = {
    {"POST", "/v1/responses", "Make a response", Create, JsonSchema<ResponsesBody>},
    {"POST", "/v1/responses/input_tokens", "Count what a response would read", CountInputTokens,
     JsonSchema<ResponsesBody>},
    {"POST", "/v1/responses/compact", "Make a long conversation short", Compact, JsonSchema<ResponsesBody>},
    {"GET", "/v1/responses/{id}", "A stored response, or its events", Retrieve},
    {"DELETE", "/v1/responses/{id}", "Forget a response", Delete},
    {"POST", "/v1/responses/{id}/cancel", "End a response in the background", Cancel},
    {"GET", "/v1/responses/{id}/input_items", "What a response was made of", ListInputItems},
};

}  // namespace

extern const Resource resource_responses{kRoutes};

}  // namespace atelier

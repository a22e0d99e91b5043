// /v1/runs: runs of agents, started, watched, answered and resumed                      [docs/agents.md]
//
// A run belongs to the API key that started it. It goes on when its client leaves; who comes back reads its steps, or
// watches its events from the beginning of its present life.
#include <algorithm>

#include "app/agent_library.h"
#include "app/agent_view.h"
#include "base/net/sse.h"
#include "base/task/pool.h"
#include "serve/errors.h"
#include "serve/listing.h"
#include "serve/resource.h"

namespace atelier {
namespace {

struct StartBody {
  std::string agent, conversation;
  Json input;
  bool stream = false, background = false;
  static Fields Describe();
};
Fields StartBody::Describe() {
  using B = StartBody;
  static constexpr Field fields[] = {
      Key<&B::agent>("agent", "which; without, the first of atelier.yaml").AtMostBytes(64),
      Key<&B::input>("input", "a text, or messages of a conversation").Required(),
      Key<&B::conversation>("conversation", "that it belongs to, for agents that remember; without, one a day")
          .AtMostBytes(256),
      Key<&B::stream>("stream", "events as they come"),
      Key<&B::background>("background", "answer at once"),
  };
  return fields;
}

struct AnswerBody {
  std::string step, decision = "approve", text, reason;
  Json arguments;
  bool resume = true;
  static Fields Describe();
};
Fields AnswerBody::Describe() {
  using B = AnswerBody;
  static constexpr Field fields[] = {
      Key<&B::step>("step", "its path; without, the only one that waits").AtMostBytes(256),
      Key<&B::decision>("decision", "what is to become of it").OneOf("approve|edit|reject"),
      Key<&B::arguments>("arguments", "edit: in place of the call's"),
      Key<&B::text>("text", "the answer to a question; edit: in place of a refused answer, or what a lost call gave"),
      Key<&B::reason>("reason", "told to the agent"),
      Key<&B::resume>("resume", "go on with the run"),
  };
  return fields;
}

struct ForkBody {
  int64_t at = 0;
  bool resume = true;
  static Fields Describe();
};
Fields ForkBody::Describe() {
  static constexpr Field fields[] = {
      Key<&ForkBody::at>("at", "how many steps the new run begins with").AtLeast(0).Required(),
      Key<&ForkBody::resume>("resume", "go on with the new run"),
  };
  return fields;
}

std::string EventText(const Json& event) {
  return FormatSse(SseEvent{.event = event["type"].AsString(), .data = event.Dump(), .id = {}, .retry_ms = {}});
}

Task<void> Send(std::shared_ptr<LiveResponse> live, BodyWriter writer) {
  auto watch = live->Watch();
  for (size_t next = 0;;) {
    std::string text;
    for (; next < live->events().size(); ++next) text += EventText(live->events()[next]);
    if (!text.empty() && !writer.Write(text)) co_return;
    if (live->is_over()) co_return;
    co_await watch->NextBatch();
  }
}

Task<void> UntilOver(std::shared_ptr<LiveResponse> live) {
  auto watch = live->Watch();
  while (!live->is_over()) co_await watch->NextBatch();
}

// The run, if it is the caller's.
Task<Result<RunRow>> Find(App& app, std::string id, std::string principal) {
  auto get = [&] { return app.agents().journal().Get(id); };
  auto getting = OnPool(app.pool(), get);
  Result<RunRow> run = co_await getting;
  if (run.ok() && run->principal != principal) {
    co_return Error::NotFound("run", "got '" + id.substr(0, 64) + "', want the id of a run").WithCode("not_found");
  }
  co_return run;
}

// What a caller is given of a run that was just set going.
enum class Wanted : uint8_t { kRun, kEvents, kNow };

Task<HttpResponse> Answered(App& app, std::string id, std::string principal, Wanted wanted) {
  Result<std::shared_ptr<LiveResponse>> live = app.agents().keeper().Keep(id, principal);
  if (!live.ok()) co_return ErrorResponse(live.error());
  if (wanted == Wanted::kEvents) {
    co_return HttpResponse::Events([live = *live](BodyWriter writer) { return Send(live, std::move(writer)); });
  }
  if (wanted == Wanted::kRun) co_await UntilOver(*live);
  const Result<RunRow> run = co_await Find(app, id, principal);
  co_return run.ok() ? JsonResponse(RunBody(*run), wanted == Wanted::kNow ? 202 : 200) : ErrorResponse(run.error());
}

Task<HttpResponse> Create(HttpRequest http, App& app) {
  Result<Parsed<StartBody>> parsed = ParseBody<StartBody>(http, app);
  if (!parsed.ok()) co_return ErrorResponse(parsed.error());
  StartBody& body = parsed->body;
  AgentRuns::Start start;
  start.agent = body.agent.empty() ? app.agents().configs().front().name : std::move(body.agent);
  start.input = std::move(body.input), start.principal = http.call.principal;
  start.conversation = std::move(body.conversation);
  const Result<std::string> id = co_await app.agents().runs().Create(std::move(start));
  if (!id.ok()) co_return ErrorResponse(id.error());
  const Wanted wanted = body.stream ? Wanted::kEvents : body.background ? Wanted::kNow : Wanted::kRun;
  HttpResponse response = co_await Answered(app, *id, http.call.principal, wanted);
  AddWarnings(response, parsed->unknown);
  co_return response;
}

Task<HttpResponse> List(HttpRequest http, App& app) {
  const auto page = ReadPageQuery(http, {.default_limit = 20, .max_limit = 100});
  if (!page.ok()) co_return ErrorResponse(page.error());
  Journal::Filter filter{.principal = http.call.principal, .limit = page->limit + 1, .before = page->after};
  filter.agent = std::string(http.Query("agent"));
  const std::string status(http.Query("status"));
  filter.status = RunStatusOf(status);
  if (!status.empty() && !filter.status) {
    co_return ErrorResponse(
        Error::Invalid("status", "got '" + status.substr(0, 64) + "', which is no status of a run"));
  }
  auto list = [&] { return app.agents().journal().List(filter); };
  auto listing = OnPool(app.pool(), list);
  const Result<std::vector<RunRow>> runs = co_await listing;
  if (!runs.ok()) co_return ErrorResponse(runs.error());
  Json data = Json::Array({});
  for (const RunRow& run : *runs) {
    if (data.size() < page->limit) data.Push(RunBody(run));
  }
  co_return JsonResponse(ListBody(std::move(data), static_cast<int64_t>(runs->size()) > page->limit));
}

Task<HttpResponse> Get(HttpRequest http, App& app) {
  const Result<RunRow> run = co_await Find(app, std::string(http.Path("id")), http.call.principal);
  co_return run.ok() ? JsonResponse(RunBody(*run)) : ErrorResponse(run.error());
}

Task<HttpResponse> Steps(HttpRequest http, App& app) {
  const std::string id(http.Path("id"));
  const Result<RunRow> run = co_await Find(app, id, http.call.principal);
  if (!run.ok()) co_return ErrorResponse(run.error());
  auto read = [&] { return app.agents().journal().Steps(id); };
  auto reading = OnPool(app.pool(), read);
  const Result<std::vector<StepRow>> steps = co_await reading;
  if (!steps.ok()) co_return ErrorResponse(steps.error());
  Json data = Json::Array({});
  for (const StepRow& step : *steps) data.Push(StepBody(step));
  co_return JsonResponse(Json::Object({{"object", "list"}, {"data", std::move(data)}}));
}

Task<HttpResponse> Events(HttpRequest http, App& app) {
  const std::string id(http.Path("id"));
  const Result<RunRow> run = co_await Find(app, id, http.call.principal);
  if (!run.ok()) co_return ErrorResponse(run.error());
  if (const auto live = app.agents().keeper().Find(id)) {
    co_return HttpResponse::Events([live](BodyWriter writer) { return Send(live, std::move(writer)); });
  }
  // Nothing is under way: how it stands is all there is to tell.
  Json ended = RunBody(*run);
  ended.Set("type", "run_ended");
  co_return HttpResponse::Events([text = EventText(ended)](BodyWriter writer) -> Task<void> {
    writer.Write(text);
    co_return;
  });
}

Task<HttpResponse> Resume(HttpRequest http, App& app) {
  const std::string id(http.Path("id"));
  const Result<RunRow> run = co_await Find(app, id, http.call.principal);
  if (!run.ok()) co_return ErrorResponse(run.error());
  const Wanted wanted = http.Query("stream") == "true" ? Wanted::kEvents : Wanted::kRun;
  co_return co_await Answered(app, id, http.call.principal, wanted);
}

Task<HttpResponse> AnswerStep(HttpRequest http, App& app) {
  const std::string id(http.Path("id"));
  Result<Parsed<AnswerBody>> parsed = ParseBody<AnswerBody>(http, app);
  if (!parsed.ok()) co_return ErrorResponse(parsed.error());
  const Result<RunRow> run = co_await Find(app, id, http.call.principal);
  if (!run.ok()) co_return ErrorResponse(run.error());
  AnswerBody& body = parsed->body;
  PersonAnswer answer{.decision = std::move(body.decision), .arguments = std::move(body.arguments)};
  answer.text = std::move(body.text), answer.reason = std::move(body.reason), answer.by = http.call.principal;
  const Result<void> kept = co_await app.agents().runs().Answer(id, body.step, std::move(answer));
  if (!kept.ok()) co_return ErrorResponse(kept.error());
  if (body.resume) co_return co_await Answered(app, id, http.call.principal, Wanted::kRun);
  co_return JsonResponse(RunBody(*run));
}

Task<HttpResponse> Cancel(HttpRequest http, App& app) {
  const std::string id(http.Path("id"));
  Result<RunRow> run = co_await Find(app, id, http.call.principal);
  if (!run.ok()) co_return ErrorResponse(run.error());
  const Result<void> cancelled = co_await app.agents().runs().Cancel(id);
  if (!cancelled.ok()) co_return ErrorResponse(cancelled.error());
  if (const auto live = app.agents().keeper().Find(id)) co_await UntilOver(live);
  run = co_await Find(app, id, http.call.principal);
  co_return run.ok() ? JsonResponse(RunBody(*run)) : ErrorResponse(run.error());
}

Task<HttpResponse> Fork(HttpRequest http, App& app) {
  const std::string id(http.Path("id"));
  const Result<Parsed<ForkBody>> parsed = ParseBody<ForkBody>(http, app);
  if (!parsed.ok()) co_return ErrorResponse(parsed.error());
  const Result<RunRow> run = co_await Find(app, id, http.call.principal);
  if (!run.ok()) co_return ErrorResponse(run.error());
  const Result<std::string> fork = co_await app.agents().runs().Fork(id, parsed->body.at);
  if (!fork.ok()) co_return ErrorResponse(fork.error());
  if (parsed->body.resume) co_return co_await Answered(app, *fork, http.call.principal, Wanted::kRun);
  const Result<RunRow> made = co_await Find(app, *fork, http.call.principal);
  co_return made.ok() ? JsonResponse(RunBody(*made)) : ErrorResponse(made.error());
}

Task<HttpResponse> Delete(HttpRequest http, App& app) {
  const std::string id(http.Path("id"));
  const Result<RunRow> run = co_await Find(app, id, http.call.principal);
  if (!run.ok()) co_return ErrorResponse(run.error());
  if (app.agents().runs().IsRunning(id)) {
    co_return ErrorResponse(Error::Conflict("run " + id, "is running; cancel it first"));
  }
  auto erase = [&app, id]() -> Result<Json> {
    TRY_VOID(app.agents().runs().Delete(id));
    return Json::Object({{"id", id}, {"object", "agent.run.deleted"}, {"deleted", true}});
  };
  co_return co_await AnswerOnPool(app, std::move(erase));
}

constexpr RouteSpec kRoutes[] = {
    {"POST", "/v1/runs", "Has an agent do something.", Create, JsonSchema<StartBody>},
    {"GET", "/v1/runs", "Lists runs, the newest first.", List},
    {"GET", "/v1/runs/{id}", "A run.", Get},
    {"DELETE", "/v1/runs/{id}", "Removes a run.", Delete},
    {"GET", "/v1/runs/{id}/steps", "What a run has done, step by step.", Steps},
    {"GET", "/v1/runs/{id}/events", "What a run does, as it does it.", Events},
    {"POST", "/v1/runs/{id}/resume", "Goes on with a run.", Resume},
    {"POST", "/v1/runs/{id}/answer", "A person's word on a step that waits.", AnswerStep, JsonSchema<AnswerBody>},
    {"POST", "/v1/runs/{id}/cancel", "Ends a run for good.", Cancel},
    {"POST", "/v1/runs/{id}/fork", "A new run with the first steps of another.", Fork, JsonSchema<ForkBody>},
};

}  // namespace

extern const Resource resource_agent_runs{kRoutes};

}  // namespace atelier

#include "app/mcp_host.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "app/access.h"
#include "app/agent_library.h"
#include "app/agent_view.h"
#include "app/corpus_library.h"
#include "app/foreign_mcp.h"
#include "app/mcp_prompts.h"
#include "app/vector_store_search.h"
#include "base/object_id.h"
#include "base/task/pool.h"
#include "observe/log.h"

namespace atelier {
namespace {

constexpr std::string_view kCorpora = "atelier://corpora";
constexpr std::string_view kCorpusTemplate = "atelier://corpora/{name}",
                           kSearchTemplate = "atelier://corpora/{name}/search{?query}";
constexpr std::string_view kSearch = "/search";
constexpr int32_t kMaxPassages = 10;
constexpr int kMaxRounds = 16;  // of questions that one run asks
constexpr std::string_view kAskPrefix = "ask_";

Json DefinitionOf(const ToolSpec& spec) {
  Json definition = Json::Object({{"name", spec.name}, {"description", spec.description}});
  if (!spec.title.empty()) definition.Set("title", spec.title);
  definition.Set("inputSchema", spec.parameters);
  if (spec.output_schema.is_object()) definition.Set("outputSchema", spec.output_schema);
  definition.Set("annotations",
                 Json::Object({{"readOnlyHint", spec.read_only}, {"idempotentHint", spec.may_repeat()}}));
  return definition;
}

Json DefinitionOf(const AgentConfig& agent) {
  Json input = Json::Object({{"type", "string"}, {"description", "what the agent is asked"}});
  Json schema = Json::Object({{"type", "object"},
                              {"properties", Json::Object({{"input", std::move(input)}})},
                              {"required", Json::Array({"input"})}});
  const std::string about = agent.description.empty() ? "An agent of this application." : agent.description;
  return Json::Object(
      {{"name", std::string(kAskPrefix) + agent.name}, {"description", about}, {"inputSchema", std::move(schema)}});
}

Json ResultOfTool(ToolOutput output) {
  Json content = Json::Array();
  if (!output.text.empty() || output.parts.empty()) content.Push(McpText(output.text));
  for (Json& part : output.parts) content.Push(std::move(part));
  Json result = Json::Object({{"content", std::move(content)}});
  if (!output.structured.is_null()) result.Set("structuredContent", std::move(output.structured));
  if (output.is_error) result.Set("isError", true);
  return result;
}

// Whoever calls is outside: what is sensitive must not be steered from there without a person's word.
bool WantsPerson(const ToolSpec& spec) { return spec.needs_approval || spec.sensitive; }

// A form that the client shows its user before a tool runs that wants a person's word.
McpQuestion Approval(const std::string& tool, const Json& arguments) {
  Json schema = *Json::Parse(R"({"type":"object","properties":{"approve":{"type":"boolean",
      "title":"Run it","description":"whether the tool may run"}},"required":["approve"]})");
  const std::string message = "May the tool " + tool + " run with " + arguments.Dump().substr(0, 2000) + "?";
  return {"approve_" + tool, "elicitation/create",
          Json::Object({{"message", message}, {"requestedSchema", std::move(schema)}})};
}

// What a run that waits asks its person, as a form.
McpQuestion FormOf(const OpenQuestion& open) {
  const Json& question = open.question;
  if (question["reason"] != Json("question")) {
    const Json& tool = question[question["tool"].is_string() ? "tool" : "name"];
    McpQuestion form = Approval(tool.is_string() ? tool.AsString() : "the agent's next step", question["arguments"]);
    if (const std::string why = WhyAsked(question); !why.empty()) {
      form.params.Set("message", why + " " + form.params["message"].AsString());
    }
    form.key = open.path;
    return form;
  }
  Json answer = Json::Object({{"type", "string"}, {"title", "Answer"}});
  Json schema = Json::Object({{"type", "object"},
                              {"properties", Json::Object({{"answer", std::move(answer)}})},
                              {"required", Json::Array({"answer"})}});
  return {open.path, "elicitation/create",
          Json::Object({{"message", question["question"]}, {"requestedSchema", std::move(schema)}})};
}

PersonAnswer AnswerOf(const Json& said, const std::string& principal) {
  const Json& content = said["content"];
  const bool accepted = said["action"] == Json("accept");
  PersonAnswer answer{.decision = accepted && content["approve"] != Json(false) ? "approve" : "reject"};
  if (content["answer"].is_string()) answer.text = content["answer"].AsString();
  answer.by = principal;
  return answer;
}

class HostTools final : public McpTools {
 public:
  explicit HostTools(App& app) : app_(app) {}

  std::vector<Json> List(const McpCaller& caller) override {
    std::vector<Json> definitions;
    for (const auto& tool : Tools()) {
      if (WantsPerson(tool->spec()) && !caller.Can("elicitation")) continue;
      definitions.push_back(DefinitionOf(tool->spec()));
    }
    for (const AgentConfig& agent : app_.agents().configs()) definitions.push_back(DefinitionOf(agent));
    return definitions;
  }

  // An agent may be at work for long, and may have to ask.
  TaskUse TaskUseOf(const std::string& name) override {
    if (!name.starts_with(kAskPrefix)) return TaskUse::kNever;
    for (const AgentConfig& agent : app_.agents().configs()) {
      if (name.substr(kAskPrefix.size()) == agent.name) return TaskUse::kMay;
    }
    return TaskUse::kNever;
  }

  // A task of an agent is its run, which is durable.
  std::string NewTaskId(const std::string&) override { return NewObjectId("run_"); }

  Task<std::optional<LeftTask>> FindLeft(McpCaller caller, std::string id) override {
    const Result<RunRow> run = co_await FindRun(std::move(id));
    const bool is_theirs = run.ok() && run->principal == caller.principal;
    // Of an editor's session are those with a sign in their names.
    if (!is_theirs || run->agent.find('@') != std::string::npos) co_return std::nullopt;
    co_return LeftTask{.created_ms = run->created_ms, .is_cancelled = run->status == RunStatus::kCancelled};
  }

  Task<Result<Json>> GoOn(McpContextPtr context, std::string id) override {
    co_return co_await Follow(std::move(context), std::move(id));
  }

  Task<void> EndTask(std::string id) override {
    const Result<void> ended = co_await app_.agents().runs().Cancel(std::move(id));
    if (!ended.ok() && ended.error().kind != ErrorKind::kConflict) LogWarn(ended.error().Message());
  }

  Task<Result<Json>> Call(McpContextPtr context, std::string name, Json arguments) override {
    for (const auto& tool : Tools()) {
      if (tool->spec().name == name) co_return co_await RunTool(context, tool, std::move(arguments));
    }
    co_return co_await AskAgent(context, name.substr(kAskPrefix.size()), arguments["input"].AsString());
  }

 private:
  const AgentTools& Tools() {
    static const AgentTools kNone;
    const auto tools = app_.agents().Tools();
    if (tools.ok()) return **tools;
    LogWarn(tools.error().Message());
    return kNone;
  }

  Task<Result<Json>> RunTool(McpContextPtr context, std::shared_ptr<AgentTool> tool, Json arguments) {
    const ToolSpec& spec = tool->spec();
    if (WantsPerson(spec)) {
      McpQuestion question = Approval(spec.name, arguments);
      CO_TRY(const Json answer, co_await context->Ask(std::move(question)));
      if (!(answer["content"]["approve"] == Json(true))) co_return McpTextResult("The user did not approve it.", true);
    }
    ToolCallInfo info;
    info.run_id = "mcp";
    info.idempotency_key = "mcp-" + RandomHex(16);
    info.principal = context->caller().principal;
    info.on_progress = [context](double done, double total, std::string message) {
      context->Progress(done, total, message);
    };
    atelier::Call call = context->call();
    call.deadline = std::min(call.deadline, app_.loop().Now() + spec.timeout);
    CO_TRY(ToolOutput output, co_await tool->Run(std::move(call), std::move(info), std::move(arguments)));
    co_return ResultOfTool(std::move(output));
  }

  Task<Result<Json>> AskAgent(McpContextPtr context, std::string agent, std::string input) {
    AgentRuns::Start start{.agent = std::move(agent), .input = std::move(input)};
    start.principal = context->caller().principal, start.id = context->task_id();
    CO_TRY(const std::string id, co_await app_.agents().runs().Create(std::move(start)));
    co_return co_await Follow(context, id);
  }

  Task<Result<RunRow>> FindRun(std::string id) {
    auto get = [this, &id] { return app_.agents().journal().Get(id); };
    co_return co_await OnPool(app_.pool(), get);
  }

  // Has the run work until it ends, or waits for a person whom the client cannot ask.
  Task<Result<Json>> Follow(McpContextPtr context, std::string id) {
    const auto num_steps = std::make_shared<int>(0);
    const OnAgentEvent emit = [context, num_steps](const AgentEvent& event) {
      if (event.type == AgentEventType::kStepStarted) {
        context->Progress(++*num_steps, 0, event.agent + ": " + event.data["name"].Dump());
      }
    };
    const bool can_ask = context->waits() && context->caller().Can("elicitation");
    CO_TRY(RunRow run, co_await Live(context, id, emit));
    for (int i = 0; i < kMaxRounds && can_ask && run.status == RunStatus::kWaiting; ++i) {
      CO_TRY_VOID(co_await AskPerson(context, id));
      CO_TRY(run, co_await Live(context, id, emit));
    }
    co_return ResultOf(run);
  }

  // The run's next life, or the one that is under way: a server that starts goes on with what was left.
  Task<Result<RunRow>> Live(McpContextPtr context, std::string id, OnAgentEvent emit) {
    AgentLibrary& agents = app_.agents();
    if (const auto live = agents.keeper().Find(id)) {
      const auto watch = live->Watch();
      const std::stop_callback on_stop(context->call().stop, [watch] { watch->Close(); });
      while (!live->is_over() && !context->call().stop.stop_requested()) co_await watch->NextBatch();
      co_return co_await FindRun(std::move(id));
    }
    CO_TRY(RunRow run, co_await FindRun(id));
    if (HasEnded(run.status)) co_return run;
    CO_TRY(run, co_await agents.runs().Run(context->call(), std::move(id), std::move(emit)));
    agents.keeper().Ended(run);
    co_return run;
  }

  static Json ResultOf(const RunRow& run) {
    if (run.status == RunStatus::kWaiting) {
      return McpTextResult(
          "The agent's run " + run.id + " waits for a person; it can be answered with `atelier agent`.", true);
    }
    const Json& text = run.outcome["text"];
    const bool answered = run.status == RunStatus::kCompleted;
    const Json& what = run.outcome["what"];
    const std::string said = text.is_string() && !text.AsString().empty() ? text.AsString()
                             : what.is_string()                           ? what.AsString()
                                                                          : std::string(RunStatusName(run.status));
    Json result = McpTextResult(said, !answered);
    if (run.outcome["structured"].is_object()) result.Set("structuredContent", run.outcome["structured"]);
    return result;
  }

  // The client's user says what the run waits for.
  Task<Result<void>> AskPerson(McpContextPtr context, std::string run_id) {
    AgentRuns& runs = app_.agents().runs();
    CO_TRY(const std::vector<OpenQuestion> open, co_await runs.Questions(run_id));
    std::vector<McpQuestion> forms;
    for (const OpenQuestion& question : open) forms.push_back(FormOf(question));
    CO_TRY(const std::vector<Json> said, co_await context->AskAll(std::move(forms)));
    for (size_t i = 0; i < open.size(); ++i) {
      PersonAnswer answer = AnswerOf(said[i], context->caller().principal);
      CO_TRY_VOID(co_await runs.Answer(run_id, open[i].path, std::move(answer)));
    }
    co_return Result<void>();
  }

  App& app_;
};

// What corpora there are that the caller may see.
Task<Result<std::vector<CorpusConfig>>> CorporaFor(App& app, std::string principal) {
  const auto access = app.access();
  const auto list = [&app] { return app.corpora().List(); };
  auto listing = OnPool(app.pool(), list);
  CO_TRY(auto configs, co_await listing);
  std::erase_if(configs, [&](const CorpusConfig& one) { return !access->ViewOf(principal, one.name, ""); });
  co_return configs;
}

class HostResources final : public McpResources {
 public:
  explicit HostResources(App& app) : app_(app) {}
  std::vector<Json> List(const McpCaller&) override {
    return {Json::Object({{"uri", kCorpora},
                          {"name", "corpora"},
                          {"description", "what corpora there are"},
                          {"mimeType", "application/json"}})};
  }
  std::vector<Json> Templates(const McpCaller&) override {
    return {Json::Object({{"uriTemplate", kCorpusTemplate},
                          {"name", "corpus"},
                          {"description", "how a corpus was made"},
                          {"mimeType", "application/json"}}),
            Json::Object({{"uriTemplate", kSearchTemplate},
                          {"name", "search"},
                          {"description", "what a corpus has on a question: the passages that fit best"},
                          {"mimeType", "application/json"}})};
  }
  Task<Result<Json>> Read(McpContextPtr context, std::string uri) override {
    const std::string principal = context->caller().principal;
    CO_TRY(const std::vector<CorpusConfig> configs, co_await CorporaFor(app_, principal));
    const std::string place = uri.substr(0, uri.find('?'));
    Json found = Json::Array();
    for (const CorpusConfig& config : configs) {
      const std::string own = std::string(kCorpora) + "/" + PercentEncode(config.name);
      if (place == own + std::string(kSearch)) co_return co_await Search(context, config.name, uri);
      if (uri != kCorpora && uri != own) continue;
      found.Push(Json::Object({{"name", config.name}, {"embedder", config.embedder}, {"language", config.language}}));
    }
    if (uri != kCorpora && found.empty()) co_return Error::NotFound(uri, "there is no such resource");
    co_return Contents(uri, uri == kCorpora ? found : found[0]);
  }

 private:
  static Json Contents(const std::string& uri, const Json& body) {
    Json one = Json::Object({{"uri", uri}, {"mimeType", "application/json"}, {"text", body.Dump()}});
    return Json::Object({{"contents", Json::Array({std::move(one)})}});
  }

  Task<Result<Json>> Search(McpContextPtr context, std::string corpus, std::string uri) {
    const size_t mark = uri.find('?');
    const HttpParameters given = ParseQuery(mark == std::string::npos ? "" : std::string_view(uri).substr(mark + 1));
    VectorStoreSearch search;
    for (const auto& [name, value] : given) {
      if (name == "query") search.queries = {value};
    }
    if (search.queries.empty() || search.queries[0].empty()) {
      co_return Error::Invalid("query", "got none, want what to search for");
    }
    search.store_ids = {std::move(corpus)}, search.max_results = kMaxPassages;
    auto searching = SearchVectorStores(app_, context->call(), std::move(search));
    CO_TRY(const std::vector<VectorStoreHit> hits, co_await searching);
    Json passages = Json::Array();
    for (const VectorStoreHit& hit : hits) {
      passages.Push(Json::Object({{"document", hit.passage.document_id},
                                  {"title", hit.passage.title},
                                  {"heading_path", hit.passage.chunk.heading_path},
                                  {"text", hit.passage.shown.empty() ? hit.passage.text : hit.passage.shown},
                                  {"score", hit.passage.score}}));
    }
    co_return Contents(uri, passages);
  }

  App& app_;
};

// Names of corpora, in templates of resources; values of prompts' arguments.
class HostCompletion final : public McpCompletion {
 public:
  HostCompletion(App& app, std::shared_ptr<McpPromptFiles> prompts) : app_(app), prompts_(std::move(prompts)) {}
  Task<Result<std::vector<std::string>>> Complete(McpContextPtr context, Json reference, std::string argument,
                                                  std::string value, Json) override {
    std::vector<std::string> names;
    const Json& uri = reference["uri"];
    if (prompts_ && reference["type"] == Json("ref/prompt") && reference["name"].is_string()) {
      co_return prompts_->Complete(reference["name"].AsString(), argument, value);
    }
    const bool of_corpora = uri == Json(kCorpusTemplate) || uri == Json(kSearchTemplate);
    if (!of_corpora)
      co_return Error::Invalid("ref", "got " + reference.Dump().substr(0, 100) + ", want a template of this server");
    if (argument != "name") co_return names;
    CO_TRY(const std::vector<CorpusConfig> configs, co_await CorporaFor(app_, context->caller().principal));
    for (const CorpusConfig& config : configs) {
      if (config.name.starts_with(value)) names.push_back(config.name);
    }
    co_return names;
  }

 private:
  App& app_;
  const std::shared_ptr<McpPromptFiles> prompts_;
};

}  // namespace

McpHost::McpHost(App& app) {
  McpFeatures features;
  features.title = "Atelier";
  features.instructions = "Tools, agents (ask_…) and corpora of a local AI application.";
  features.tools = std::make_shared<HostTools>(app);
  features.resources = std::make_shared<HostResources>(app);
  if (const std::string& folder = app.config().prompts; !folder.empty()) {
    prompts_ = std::make_shared<McpPromptFiles>(app.loop(), BesideConfig(app.config(), folder));
    features.prompts = prompts_;
  }
  features.completion = std::make_shared<HostCompletion>(app, prompts_);
  server_ = std::make_shared<McpServer>(app.loop(), std::move(features));
  if (prompts_) prompts_->OnChange([server = server_.get()] { server->PromptsChanged(); });
  McpHttpOptions options;
  const std::string& host = app.config().server.host;
  options.local_only = host == "localhost" || host == "::1" || host.starts_with("127.");
  options.allowed_origins = app.config().server.cors_origins;
  http_ = std::make_unique<McpHttp>(server_, std::move(options));
}

Task<void> McpHost::Watch(Call call) {
  if (prompts_) co_await prompts_->Watch(std::move(call));
}

}  // namespace atelier

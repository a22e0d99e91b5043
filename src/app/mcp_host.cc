#include "app/mcp_host.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "app/access.h"
#include "app/agent_library.h"
#include "app/corpus_library.h"
#include "base/task/pool.h"
#include "observe/log.h"

namespace atelier {
namespace {

constexpr std::string_view kCorpora = "atelier://corpora";
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

Json ResultOf(ToolOutput output) {
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
    co_return ResultOf(std::move(output));
  }

  Task<Result<Json>> AskAgent(McpContextPtr context, std::string agent, std::string input) {
    AgentRuns& runs = app_.agents().runs();
    AgentRuns::Start start{.agent = std::move(agent), .input = std::move(input)};
    start.principal = context->caller().principal;
    CO_TRY(const std::string id, co_await runs.Create(std::move(start)));
    int num_steps = 0;
    const OnAgentEvent emit = [context, &num_steps](const AgentEvent& event) {
      if (event.type == AgentEventType::kStepStarted) {
        context->Progress(++num_steps, 0, event.agent + ": " + event.data["name"].Dump());
      }
    };
    CO_TRY(const RunRow run, co_await runs.Run(context->call(), id, emit));
    if (run.status == RunStatus::kWaiting) {
      co_return McpTextResult("The agent's run " + id + " waits for a person; it can be answered with `atelier agent`.",
                              true);
    }
    const Json& text = run.outcome["text"];
    const bool answered = run.status == RunStatus::kCompleted;
    const Json& what = run.outcome["what"];
    const std::string said = text.is_string() && !text.AsString().empty() ? text.AsString()
                             : what.is_string()                           ? what.AsString()
                                                                          : std::string(RunStatusName(run.status));
    Json result = McpTextResult(said, !answered);
    if (run.outcome["structured"].is_object()) result.Set("structuredContent", run.outcome["structured"]);
    co_return result;
  }

  App& app_;
};

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
    return {Json::Object({{"uriTemplate", std::string(kCorpora) + "/{name}"},
                          {"name", "corpus"},
                          {"description", "how a corpus was made"},
                          {"mimeType", "application/json"}})};
  }
  Task<Result<Json>> Read(McpContextPtr context, std::string uri) override {
    const auto access = app_.access();
    const std::string principal = context->caller().principal;
    const auto list = [&app = app_] { return app.corpora().List(); };
    auto listing = OnPool(app_.pool(), list);
    CO_TRY(const auto configs, co_await listing);
    Json found = Json::Array();
    for (const CorpusConfig& config : configs) {
      if (!access->ViewOf(principal, config.name, "")) continue;
      const std::string own_uri = std::string(kCorpora) + "/" + PercentEncode(config.name);
      if (uri != kCorpora && uri != own_uri) continue;
      found.Push(Json::Object({{"name", config.name}, {"embedder", config.embedder}, {"language", config.language}}));
    }
    if (uri != kCorpora && found.empty()) co_return Error::NotFound(uri, "there is no such resource");
    Json one = Json::Object({{"uri", uri}, {"mimeType", "application/json"}});
    one.Set("text", uri == kCorpora ? found.Dump() : found[0].Dump());
    co_return Json::Object({{"contents", Json::Array({std::move(one)})}});
  }

 private:
  App& app_;
};

}  // namespace

McpHost::McpHost(App& app) {
  McpFeatures features;
  features.title = "Atelier";
  features.instructions = "Tools, agents (ask_…) and corpora of a local AI application.";
  features.tools = std::make_shared<HostTools>(app);
  features.resources = std::make_shared<HostResources>(app);
  server_ = std::make_shared<McpServer>(app.loop(), std::move(features));
  McpHttpOptions options;
  const std::string& host = app.config().server.host;
  options.local_only = host == "localhost" || host == "::1" || host.starts_with("127.");
  options.allowed_origins = app.config().server.cors_origins;
  http_ = std::make_unique<McpHttp>(server_, std::move(options));
}

}  // namespace atelier

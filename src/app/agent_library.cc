#include "app/agent_library.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "agent/agent_elsewhere.h"
#include "agent/protocol/a2a_tool.h"
#include "agent/workflow/workflow.h"
#include "app/agent_models.h"
#include "app/foreign_mcp.h"
#include "app/memory_tools.h"
#include "app/vector_store_search.h"
#include "base/net/async_http_client.h"
#include "base/store/database.h"
#include "base/text/glob.h"
#include "observe/log.h"
#include "provider/provider_set.h"

namespace atelier {
namespace {

constexpr char kLocks[] = "/agent-locks";
constexpr char kForeignAgent[] = "a2a";  // a type that speaks a protocol: above the types of agent/tools
constexpr char kWorkflowPolicy[] = "workflow";
constexpr char kCalculator[] = "calculator";

AgentConfig Assistant() {
  AgentConfig config;
  config.name = "assistant";
  config.description = "Answers, and calculates where that is wanted.";
  config.instructions = "You are a helpful assistant. Use the calculator for arithmetic.";
  config.tools = {kCalculator};
  return config;
}

std::string At(std::string_view list, size_t i) { return std::string(list) + "[" + std::to_string(i) + "]"; }

std::map<std::string, Runnable> RunnablesOf(const std::vector<AgentConfig>& agents) {
  std::map<std::string, Runnable> runnables;
  for (const AgentConfig& agent : agents) {
    if (agent.policy == kWorkflowPolicy) continue;
    runnables[agent.name] = {.description = agent.description, .output_schema = agent.output_schema};
  }
  return runnables;
}

AgentConfig AsAgent(const WorkflowConfig& workflow) {
  AgentConfig config;
  config.name = workflow.name, config.description = workflow.description, config.policy = kWorkflowPolicy;
  config.model = workflow.model, config.limits = workflow.limits;
  return config;
}

// Why a tool of a foreign server that `error` misses is not there.
Error WithReason(Error error, const AgentConfig& config, const AgentTools& tools, const McpServers& servers) {
  for (const std::string& wanted : config.tools) {
    const auto fits = [&](const auto& tool) { return GlobMatches(wanted, tool->spec().name); };
    if (std::ranges::any_of(tools, fits)) continue;
    if (const std::string why = servers.WhyNone(wanted); !why.empty()) error.what += ": " + why;
    break;
  }
  return error;
}

Task<Result<std::vector<FoundPassage>>> SearchCorpus(App& app, Call call, PassageQuery query) {
  VectorStoreSearch search;
  search.store_ids = {query.corpus}, search.queries = {query.text}, search.max_results = query.limit;
  CO_TRY(const std::vector<VectorStoreHit> hits, co_await SearchVectorStores(app, std::move(call), std::move(search)));
  std::vector<FoundPassage> found;
  for (const VectorStoreHit& hit : hits) {
    FoundPassage& passage = found.emplace_back();
    passage.document_id = hit.passage.document_id, passage.title = hit.passage.title;
    passage.text = hit.passage.shown.empty() ? hit.passage.text : hit.passage.shown;
    passage.first_page = hit.passage.chunk.first_page, passage.heading_path = hit.passage.chunk.heading_path;
    passage.score = hit.passage.score;
  }
  co_return found;
}

}  // namespace

namespace {

// The agent that another asks as its model; none where it asks a model.
const AgentConfig* AskedAsModel(const std::vector<AgentConfig>& agents, const AgentConfig& agent) {
  const std::string prefix = std::string(kAgentModels) + "/";
  if (!agent.model.starts_with(prefix)) return nullptr;
  const auto at = std::ranges::find(agents, agent.model.substr(prefix.size()), &AgentConfig::name);
  return at == agents.end() ? nullptr : &*at;
}

// An agent whose model is an agent whose model … is itself would never answer.
bool AsksItself(const std::vector<AgentConfig>& agents, const AgentConfig& agent) {
  const AgentConfig* asked = AskedAsModel(agents, agent);
  for (size_t i = 0; asked && asked != &agent && i < agents.size(); ++i) asked = AskedAsModel(agents, *asked);
  return asked == &agent;
}

}  // namespace

Result<void> CheckAgents(const std::vector<AgentConfig>& agents, const std::vector<ToolConfig>& tools,
                         const std::vector<WorkflowConfig>& workflows) {
  std::set<std::string> names, programs;
  for (const WorkflowConfig& workflow : workflows) programs.insert(workflow.name);
  for (size_t i = 0; i < agents.size(); ++i) {
    auto checked = CheckAgent(agents[i]);
    if (!checked.ok()) return std::move(checked).error().Under(At("agents", i));
    if (!names.insert(agents[i].name).second) {
      return Error::Invalid(At("agents", i) + ".name", "got '" + agents[i].name + "' twice");
    }
    if (AsksItself(agents, agents[i])) {
      return Error::Invalid(At("agents", i) + ".model", "got '" + agents[i].model + "', which in the end asks itself");
    }
  }
  for (size_t i = 0; i < agents.size(); ++i) {
    for (const auto& [key, others] :
         {std::pair("agents", &agents[i].agents), std::pair("handoffs", &agents[i].handoffs)}) {
      for (const std::string& other : *others) {
        // A workflow can be asked, but no conversation can go on as one.
        if (names.contains(other) || (key == std::string_view("agents") && programs.contains(other))) continue;
        return Error::Invalid(At("agents", i) + "." + key, "got '" + other + "', want the name of an agent");
      }
    }
  }
  for (size_t i = 0; i < tools.size(); ++i) {
    const auto is_type = [&](const ToolEntry* entry) { return entry->type == tools[i].type; };
    if (tools[i].type == kForeignAgent || std::ranges::any_of(ToolTypes(), is_type)) continue;
    std::vector<std::string_view> known = {kForeignAgent};
    for (const ToolEntry* entry : ToolTypes()) known.push_back(entry->type);
    const std::string_view near = Nearest(tools[i].type, known);
    return Error::Invalid(At("tools", i) + ".type",
                          "got '" + tools[i].type.substr(0, 64) + "', which is no type of tool" +
                              (near.empty() ? "" : "; did you mean '" + std::string(near) + "'?"));
  }
  WorkflowSurroundings surroundings{.runnables = RunnablesOf(agents)};
  return CheckWorkflows(workflows, surroundings);
}

namespace {

Result<AgentTools> MakeAnyTools(const ToolConfig& config, const ToolEnvironment& environment, Loop& loop) {
  if (config.type != kForeignAgent) return MakeTools(config, environment);
  auto tool = MakeA2aTool(config, environment, loop);
  if (!tool.ok()) return std::move(tool).error().Under("with");
  return AgentTools{std::move(*tool)};
}

}  // namespace

AgentLibrary::AgentLibrary(App& app) : app_(app), configs_(app.config().agents) {
  if (configs_.empty()) configs_.push_back(Assistant());
  for (const WorkflowConfig& workflow : app.config().workflows) configs_.push_back(AsAgent(workflow));
}
AgentLibrary::~AgentLibrary() = default;

Result<std::unique_ptr<AgentLibrary>> AgentLibrary::Create(App& app) {
  std::unique_ptr<AgentLibrary> library(new AgentLibrary(app));
  const std::string home = HomeDirectory(app.config());
  std::error_code fault;
  std::filesystem::create_directories(home + kLocks, fault);
  if (fault) return Error::Unavailable(home + kLocks, "cannot make this folder: " + fault.message());
  TRY(library->journal_, Journal::Open(app.database()));
  library->http_ = std::make_unique<AsyncHttpClient>(app.io_loop());
  library->environment_ = std::make_unique<ToolEnvironment>(ToolEnvironment{.pool = app.pool()});
  ToolEnvironment& environment = *library->environment_;
  environment.egress = app.egress();
  environment.http = library->http_.get(), environment.home = home, environment.clock = &app.clock();
  TRY(library->mcp_servers_, OpenMcpServers(app, *library->http_));
  environment.search_corpus = [&app](Call call, PassageQuery query) {
    return SearchCorpus(app, std::move(call), std::move(query));
  };
  library->memory_ = std::make_unique<MemoryLibrary>(app);
  environment.memory = MemoryForTools(*library->memory_);
  AgentRuns::Parts parts{.loop = app.loop(),
                         .pool = app.pool(),
                         .clock = app.clock(),
                         .journal = *library->journal_,
                         .model = app.language_model(),
                         .lock_folder = home + kLocks,
                         .find_agent = [at = library.get()](const std::string& name) { return at->Find(name); }};
  parts.cost = [&app](const std::string& model, const Usage& usage) {
    return static_cast<double>(app.spending().MicrosOf(model, usage)) / 1e6;
  };
  if (const auto embedding = app.FindModel("", "embedding"); embedding.ok()) {
    parts.embedder = &app.embedder(), parts.embedding_model = embedding->id;
  }
  parts.memory = library->memory_.get();
  library->runs_ = std::make_unique<AgentRuns>(std::move(parts));
  library->keeper_ = std::make_unique<RunKeeper>(
      *library->runs_, app.loop(), app.config().runs.max_runs, app.config().runs.max_days,
      [at = library.get()](Call call, RunRow run) { return at->AfterRun(std::move(call), std::move(run)); });
  return library;
}

void AgentLibrary::ForgetIfChanged() {
  if (!mcp_servers_->Changed()) return;
  tools_.reset();
  // What was lent is not ours to make anew.
  std::erase_if(made_, [](const auto& made) { return made.first.find('@') == std::string::npos; });
}

Task<void> AgentLibrary::Prepare(Call call) {
  const std::vector<std::string> faults = co_await mcp_servers_->Prepare(std::move(call));
  for (const std::string& fault : faults) LogWarn("MCP server " + fault);
}

Task<void> AgentLibrary::Close() {
  co_await keeper_->Stop();
  co_await mcp_servers_->Close();
}

Result<const AgentTools*> AgentLibrary::Tools() {
  ForgetIfChanged();
  if (tools_) return tools_.get();
  AgentTools all;
  std::vector<ToolConfig> configs = app_.config().tools;
  std::set<std::string> names;
  for (size_t i = 0; i <= configs.size(); ++i) {
    if (i == configs.size()) {
      // What the agent that is there without a configuration has, and a workflow may have named; a tool that is called
      // so already, whatever it is, stands for it.
      if (!app_.config().agents.empty() || names.contains(kCalculator)) break;
      configs.push_back({.type = kCalculator});
    }
    auto made = MakeAnyTools(configs[i], *environment_, app_.loop());
    if (!made.ok()) return std::move(made).error().Under(At("tools", i));
    for (auto& tool : *made) {
      if (!names.insert(tool->spec().name).second) {
        return Error::Invalid(At("tools", i), "got a second tool called '" + tool->spec().name + "'; give it a name");
      }
      all.push_back(std::move(tool));
    }
  }
  for (auto& tool : mcp_servers_->Tools()) {
    if (names.insert(tool->spec().name).second) all.push_back(std::move(tool));
  }
  tools_ = std::make_unique<AgentTools>(std::move(all));
  return tools_.get();
}

Result<std::shared_ptr<const Agent>> AgentLibrary::Make(const AgentConfig& config) {
  auto agent = std::make_shared<Agent>();
  agent->config = config;
  TRY(const ModelListing model, app_.FindModel(config.model, "chat"));
  if (model.kind == kAgentModels && model.id != config.model) {
    return Error::Invalid("agent " + config.name,
                          "has the model '" + config.model + "', which is an agent: want '" + model.id + "'");
  }
  agent->config.model = model.id;
  TRY(const AgentTools* tools, Tools());
  Result<AgentTools> named = ToolsNamed(config, *tools);
  if (!named.ok()) return WithReason(std::move(named).error(), config, *tools, *mcp_servers_);
  agent->tools = *std::move(named);
  return agent;
}

void AgentLibrary::Lend(std::shared_ptr<const Agent> agent) {
  CHECK(agent->config.name.find('@') != std::string::npos);
  made_[agent->config.name] = agent;
}

Task<Result<void>> AgentLibrary::AfterRun(Call call, RunRow run) {
  // What an editor's session was lent remembers as the agent that it is.
  CO_TRY(const std::shared_ptr<const Agent> agent, Find(run.agent.substr(0, run.agent.find('@'))));
  const auto& memory = agent->config.memory;
  if (!memory || !memory->learn || run.status != RunStatus::kCompleted) co_return Result<void>();
  const RunOrigin origin{run.principal, run.conversation};
  MemoryScope scope = MemoryScopeOf(agent->config, origin, memory_->NowMs());
  // With what earlier processes were stopped at; and a run over midnight was recorded under the day it began.
  if (memory->session.empty()) scope.session.clear();
  const auto learnt = co_await memory_->Learn(std::move(call), std::move(scope), agent->config.model);
  const bool is_fine = learnt.ok() || learnt.error().kind == ErrorKind::kNotFound;
  co_return is_fine ? Result<void>() : Result<void>(learnt.error());
}

Result<std::shared_ptr<const Agent>> AgentLibrary::MakeWorkflow(const WorkflowConfig& config) {
  auto agent = std::make_shared<Agent>();
  agent->config = AsAgent(config);
  TRY(const AgentTools* tools, Tools());
  agent->tools = *tools;
  WorkflowSurroundings surroundings{.runnables = RunnablesOf(configs_), .tools = tools};
  TRY_VOID(CheckWorkflows(app_.config().workflows, surroundings));
  const auto find_model = [this](const std::string& name) -> Result<std::string> {
    TRY(const ModelListing model, app_.FindModel(name, "chat"));
    return model.id;
  };
  TRY(auto workflow, Workflow::Create(config, surroundings, find_model));
  agent->config.model = workflow->ModelOf("");
  agent->program = std::move(workflow);
  return agent;
}

Result<std::shared_ptr<const Agent>> AgentLibrary::Find(const std::string& name) {
  ForgetIfChanged();
  if (const auto at = made_.find(name); at != made_.end()) return at->second;
  if (name.find('@') != std::string::npos) {
    return Error::Unavailable("agent " + name.substr(0, 128), "belongs to an editor's session, which goes on with it")
        .WithCode(kAgentElsewhere);
  }
  std::vector<std::string_view> known;
  for (const AgentConfig& config : configs_) {
    if (config.name != name) {
      known.push_back(config.name);
      continue;
    }
    const auto workflow = std::ranges::find(app_.config().workflows, name, &WorkflowConfig::name);
    TRY(auto agent, config.policy == kWorkflowPolicy ? MakeWorkflow(*workflow) : Make(config));
    return made_[name] = std::move(agent);
  }
  const std::string_view near = Nearest(name, known);
  return Error::NotFound("agent", "got '" + name.substr(0, 64) + "', want one of atelier.yaml" +
                                      (near.empty() ? "" : "; did you mean '" + std::string(near) + "'?"))
      .WithCode("agent_not_found");
}

}  // namespace atelier

#include "cli/routing_judge.h"

#include <filesystem>
#include <utility>

#include "agent/workflow/workflow.h"

namespace atelier {
namespace {

const NodeConfig* FindIn(const NodeConfig& node, const std::string& name) {
  if (node.route && (name.empty() || node.name == name)) return &node;
  const auto within = [&](const std::vector<NodeConfig>& nodes) { return FindRoute(nodes, name); };
  const NodeConfig* found = within(node.nodes);
  if (!found && node.parallel) found = within(node.parallel->nodes);
  if (!found && node.map) found = within(node.map->nodes);
  if (!found && node.loop) found = within(node.loop->nodes);
  for (size_t i = 0; !found && node.route && i < node.route->options.size(); ++i) {
    found = within(node.route->options[i].nodes);
  }
  return found;
}

// The node alone.
WorkflowConfig Judging(RouteNodeConfig route, const std::string& judge) {
  route.text = "{{ input }}", route.at_least = 0, route.otherwise.clear();
  route.by = judge == kByMeaning ? kByMeaning : "decision";
  route.model.values.clear();
  if (judge != kByMeaning && !judge.empty()) route.model.values.push_back(judge);
  for (RouteOption& option : route.options) option.nodes.clear();
  NodeConfig node;
  node.name = "route", node.route = std::move(route);
  WorkflowConfig config;
  config.name = "judge";
  config.nodes.push_back(std::move(node));
  return config;
}

}  // namespace

const NodeConfig* FindRoute(const std::vector<NodeConfig>& nodes, const std::string& name) {
  for (const NodeConfig& node : nodes) {
    if (const NodeConfig* found = FindIn(node, name)) return found;
  }
  return nullptr;
}

RoutingJudge::~RoutingJudge() {
  runs_.reset(), journal_.reset(), database_.reset();
  std::error_code fault;
  std::filesystem::remove_all(folder_, fault);
}

Result<std::unique_ptr<RoutingJudge>> RoutingJudge::Create(Session& session, const RouteNodeConfig& route,
                                                           std::string judge, std::string folder) {
  App& app = session.app();
  std::unique_ptr<RoutingJudge> made(new RoutingJudge(app));
  const auto embedding = app.FindModel("", "embedding");
  if (judge == kByMeaning && !embedding.ok()) return Error(embedding.error()).Under(kByMeaning);
  const auto find_model = [&](const std::string& name) -> Result<std::string> {
    TRY(const ModelListing model, app.FindModel(name, "chat"));
    return model.id;
  };
  TRY(auto workflow, Workflow::Create(Judging(route, judge), {}, find_model));
  auto agent = std::make_shared<Agent>();
  agent->config.name = workflow->config().name, agent->config.policy = "workflow";
  agent->config.model = workflow->ModelOf("");
  made->name_ = judge == kByMeaning ? judge : judge.empty() ? agent->config.model : workflow->ModelOf(judge);
  agent->program = std::move(workflow);
  made->agent_ = std::move(agent);
  for (const RouteOption& option : route.options) made->options_.push_back(option.name);
  std::error_code fault;
  std::filesystem::create_directories(folder, fault);
  if (fault) return Error::Unavailable(folder, "cannot make this folder: " + fault.message());
  made->folder_ = folder;
  TRY(made->database_, Database::Open(folder + "/runs.db"));
  TRY(made->journal_, Journal::Open(*made->database_));
  AgentRuns::Parts parts{
      .loop = app.loop(),
      .pool = app.pool(),
      .clock = app.clock(),
      .journal = *made->journal_,
      .model = app.language_model(),
      .lock_folder = folder,
      .find_agent = [agent = made->agent_](const std::string&) -> Result<std::shared_ptr<const Agent>> {
        return agent;
      }};
  if (embedding.ok()) parts.embedder = &app.embedder(), parts.embedding_model = embedding->id;
  made->runs_ = std::make_unique<AgentRuns>(std::move(parts));
  return made;
}

Task<Result<RouteJudgement>> RoutingJudge::Ask(Call call, std::string input) {
  AgentRuns::Start start{.agent = agent_->config.name, .input = std::move(input)};
  const auto begin = app_.loop().Now();
  CO_TRY(const std::string id, co_await runs_->Create(std::move(start)));
  CO_TRY(const RunRow run, co_await runs_->Run(std::move(call), id, OnAgentEvent()));
  RouteJudgement said;
  said.cost = std::chrono::duration<double, std::milli>(app_.loop().Now() - begin).count();
  const Json& given = run.outcome["structured"]["probabilities"];
  for (const std::string& option : options_) {
    if (!given[option].is_number()) {
      co_return Error::Unavailable(name_, "did not decide: " + run.outcome.Dump().substr(0, 300));
    }
    said.probabilities.push_back(given[option].AsDouble());
  }
  co_return said;
}

}  // namespace atelier

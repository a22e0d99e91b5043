#include "eval/agent_trial.h"

#include <utility>

#include "eval/agent_check.h"

namespace atelier {
namespace {

constexpr int kMaxAnswers = 8;  // of the person, in one task

std::string TextOf(const Json& value) { return value.is_string() ? value.AsString() : std::string(); }

}  // namespace

AgentTrial::~AgentTrial() {
  runs_.reset(), journal_.reset(), database_.reset(), world_.reset();
  static_cast<void>(RemoveTree(Files::Real(), parts_.folder));
}

Result<void> AgentTrial::MakeAgents(const AgentSuite& suite) {
  TRY(AgentTools tools, world_->MakeTools(suite.tools, task_.actions, *environment_));
  tools.insert(tools.end(), parts_.more_tools.begin(), parts_.more_tools.end());
  for (const AgentConfig& config : task_.agents) {
    auto agent = std::make_shared<Agent>();
    agent->config = config;
    agent->config.model = parts_.model_name;
    if (!parts_.policy.empty()) agent->config.policy = parts_.policy;
    TRY(agent->tools, ToolsNamed(config, tools));
    agents_.emplace(config.name, std::move(agent));
  }
  return {};
}

Result<std::unique_ptr<AgentTrial>> AgentTrial::Create(Parts parts, const AgentSuite& suite, const AgentTask& task) {
  std::unique_ptr<AgentTrial> trial(new AgentTrial(std::move(parts), task));
  const Parts& made = trial->parts_;
  TRY(trial->world_, AgentWorld::Create(task.world, made.folder + "/world"));
  trial->environment_ = std::make_unique<ToolEnvironment>(ToolEnvironment{.pool = made.pool});
  trial->environment_->home = made.folder + "/home", trial->environment_->clock = &made.clock;
  TRY_VOID(trial->MakeAgents(suite));
  TRY(trial->database_, Database::Open(made.folder + "/runs.db"));
  TRY(trial->journal_, Journal::Open(*trial->database_));
  trial->runs_ = std::make_unique<AgentRuns>(AgentRuns::Parts{
      .loop = made.loop,
      .pool = made.pool,
      .clock = made.clock,
      .journal = *trial->journal_,
      .model = made.model,
      .lock_folder = made.folder,
      .find_agent = [at = trial.get()](const std::string& name) -> Result<std::shared_ptr<const Agent>> {
        const auto found = at->agents_.find(name);
        if (found == at->agents_.end()) return Error::NotFound("agent " + name, "the task has none of this name");
        return found->second;
      },
      .embedder = made.embedder,
      .embedding_model = made.embedding_model});
  return trial;
}

Task<Result<RunRow>> AgentTrial::Start(Call call) {
  AgentRuns::Start start{.agent = task_.agents.front().name, .input = task_.input};
  CO_TRY(const std::string id, co_await runs_->Create(std::move(start)));
  co_return co_await runs_->Run(std::move(call), id, OnAgentEvent());
}

Result<std::vector<std::string>> AgentTrial::Check(const RunRow& run) {
  TRY(const std::vector<StepRow> steps, journal_->Steps(run.id));
  std::vector<std::string> failures;
  for (const AgentCheck& check : task_.checks) {
    TRY(std::string why, WhyNot(check, {.world = *world_, .run = run, .steps = steps}));
    if (!why.empty()) failures.push_back(std::move(why));
  }
  return failures;
}

Task<Result<AgentTrialResult>> AgentTrial::Run(Call call) {
  const auto begun = parts_.clock.Now();
  CO_TRY(RunRow run, co_await Start(call));
  for (int left = kMaxAnswers; task_.person && left > 0 && run.status == RunStatus::kWaiting; --left) {
    CO_TRY(const auto open, co_await runs_->Questions(run.id));
    for (const OpenQuestion& one : open) {
      PersonAnswer answer{.decision = task_.person->decision, .text = task_.person->text};
      CO_TRY_VOID(co_await runs_->Answer(run.id, one.path, std::move(answer)));
    }
    CO_TRY(run, co_await runs_->Run(call, run.id, OnAgentEvent()));
  }
  AgentTrialResult result{.id = task_.id, .status = run.status, .answer = TextOf(run.outcome["text"])};
  result.seconds = std::chrono::duration<double>(parts_.clock.Now() - begun).count();
  CO_TRY(result.failures, Check(run));
  CO_TRY(const std::vector<StepRow> steps, journal_->Steps(run.id));
  for (const StepRow& step : steps) result.num_calls += step.kind == RunStepKind::kTool ? 1 : 0;
  if (run.status == RunStatus::kFailed) {
    result.failures.push_back("failed: " + TextOf(run.outcome["error"]["message"]));
  }
  result.passed = result.failures.empty();
  co_return result;
}

}  // namespace atelier

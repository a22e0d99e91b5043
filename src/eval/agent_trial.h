// One task of an agent, done once: its world, a journal of its own beside it, and the agent's run; then the checks.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/agent_runs.h"
#include "base/store/database.h"
#include "eval/agent_suite.h"
#include "eval/agent_world.h"

namespace atelier {

struct AgentTrialResult {
  std::string id = {};
  bool passed = false;
  std::vector<std::string> failures = {};  // of checks: "answer: got …, want …"
  RunStatus status = RunStatus::kFailed;
  std::string answer = {};
  int64_t num_calls = 0;  // of tools that ran
  double seconds = 0;
};

class AgentTrial {
 public:
  struct Parts {
    Loop& loop;
    Pool& pool;
    const Clock& clock;
    LanguageModel& model;
    std::string model_name = "player";
    std::string policy = {};  // in place of the agents' own; empty: theirs
    std::string folder = {};  // made for the trial, and removed with it
    Embedder* embedder = nullptr;
    std::string embedding_model = {};
    AgentTools more_tools = {};  // that agents may name beside the suite's
  };
  // Blocking. Both outlive the trial.
  static Result<std::unique_ptr<AgentTrial>> Create(Parts parts, const AgentSuite& suite, const AgentTask& task);
  ~AgentTrial();

  // Runs the task, with the person's word where it waits and the task has one, and looks at the world.
  Task<Result<AgentTrialResult>> Run(Call call);

  // The run alone, until it ends or waits.
  Task<Result<RunRow>> Start(Call call);
  // What the checks find; empty: all is as it should be.
  Result<std::vector<std::string>> Check(const RunRow& run);
  AgentRuns& runs() { return *runs_; }
  const AgentWorld& world() const { return *world_; }

 private:
  AgentTrial(Parts parts, const AgentTask& task) : parts_(std::move(parts)), task_(task) {}
  Result<void> MakeAgents(const AgentSuite& suite);

  Parts parts_;
  const AgentTask& task_;
  std::unique_ptr<AgentWorld> world_;
  std::unique_ptr<ToolEnvironment> environment_;
  std::map<std::string, std::shared_ptr<const Agent>> agents_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<AgentRuns> runs_;
};

}  // namespace atelier

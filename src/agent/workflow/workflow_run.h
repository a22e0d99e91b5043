// A workflow's program: goes from node to node, keeps what each gave, looks at it through the gates.
//
// It has no state but what its nodes gave, and these come from the journal when the run is resumed; whatever has an
// effect goes through RunLog::Step, below the node's own path: "draft", "sections.2.summary", "kind.refund.answer". So
// a run reads as its program does, however its nodes were beside each other.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/agent.h"
#include "agent/model_step.h"
#include "agent/workflow/templates.h"
#include "agent/workflow/workflow_config.h"

namespace atelier {

class Workflow;
struct NodeEntry;

// What a node gave, and why it did not go on.
struct RefusedOutput {
  std::string output;
  std::string why;
};

class WorkflowRun {
 public:
  // The references outlive it.
  WorkflowRun(const Workflow& workflow, AgentWork work, const Agent& agent);

  Task<Result<AgentOutcome>> Run(Call call, Json input, StepScope scope);

  // For kinds of nodes.
  // What the last node gives; sets all in `scope`.
  Task<Result<NodeValue>> RunList(Call call, const std::vector<NodeConfig>& nodes, NodeScope& scope);
  // One node of a list, as if it stood alone below `path`.
  Task<Result<NodeValue>> RunAlone(Call call, const NodeConfig& node, const NodeScope& around, std::string path);
  // `op` for 0, 1, … `num` - 1, `at_once` of them at a time. Where some wait for a person the others are done first.
  using Op = std::function<Task<Result<NodeValue>>(size_t i)>;
  Task<Result<std::vector<NodeValue>>> Beside(size_t num, size_t at_once, Op op);
  // Another agent or workflow does something below `path`, told `input`. Refused where it comes to no answer.
  Task<Result<NodeValue>> RunOther(Call call, std::shared_ptr<const Agent> other, NodeValue input, std::string path);
  // The whole run ends so: to be returned as an error, up to Run.
  Error End(AgentOutcome outcome);
  // The same at a limit, which the node at `path` has met. That is a step of its own: a run whose branches were beside
  // each other is replayed in another order, and ends where it ended.
  Task<Error> EndAtLimit(Call call, std::string path, AgentOutcome outcome);
  Task<Error> EndAtLimit(Call call, std::string path, LimitReached limit);
  // Before a model is asked. Errors: EndAtLimit.
  Task<Result<void>> CheckLimits(Call call, std::string path);

  AgentWork& work() { return work_; }
  const Agent& agent() const { return agent_; }
  const Templates& templates() const;
  // The agent as which a model is asked: by its name in the configuration.
  Agent Speaker(const std::string& model) const;
  // Whether the node's answer is the run's, and may be told as it comes.
  bool IsLast(const NodeConfig& node) const;
  void Tell(AgentEventType type, const std::string& path, Json data) {
    work_.Tell(agent_, type, path, std::move(data));
  }

 private:
  Task<Result<NodeValue>> RunNode(Call call, const NodeConfig& node, NodeScope& scope);
  Task<Result<NodeValue>> Attempt(Call call, const NodeConfig& node, NodeScope& scope, std::string path,
                                  std::vector<RefusedOutput> refused);
  // Why a gate refuses; empty: none does.
  Task<Result<std::string>> LookAt(Call call, const NodeConfig& node, NodeScope& scope, std::string path,
                                   NodeValue output);
  // Of a replay that has come to what is not in the journal: that the run ended here, if it did.
  Task<Error> EndedHere(Call call, std::string path, Error error);
  Task<Result<NodeValue>> Instead(const NodeConfig& node, NodeScope& scope, std::string path, std::string why);

  const Workflow& workflow_;
  AgentWork work_;
  const Agent& agent_;
  bool is_ending_ = false;  // nothing new is begun
  std::optional<AgentOutcome> ended_;
  std::string last_text_;  // what there was when a limit was reached
};

}  // namespace atelier

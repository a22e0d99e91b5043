// An agent: what atelier.yaml says of it, with its tools. Immutable; shared by its runs.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "agent/agent_config.h"
#include "agent/agent_event.h"
#include "agent/run_log.h"
#include "agent/run_meter.h"
#include "agent/tools/tool.h"
#include "base/clock.h"
#include "base/task/loop.h"
#include "base/task/pool.h"
#include "provider/language_model.h"

namespace atelier {

class ToolVectors;
class AgentMemory;
struct Agent;
struct AgentOutcome;
struct AgentWork;

// What an agent does in place of a policy: a workflow (agent/workflow). Immutable.
class AgentProgram {
 public:
  virtual ~AgentProgram() = default;
  // As RunAgent below.
  virtual Task<Result<AgentOutcome>> Run(Call call, AgentWork work, const Agent& agent, Json input,
                                         StepScope scope) const = 0;
  // Errors: kInvalid, under "input".
  virtual Result<void> CheckInput(const Json& input) const = 0;
  // Whether what it says may have come from strangers.
  virtual bool HearsFromOutside() const = 0;
};

struct Agent {
  AgentConfig config;
  AgentTools tools;
  std::shared_ptr<const AgentProgram> program = {};  // null: config.policy's

  const AgentTool* FindTool(const std::string& name) const {
    for (const auto& tool : tools) {
      if (tool->spec().name == name) return tool.get();
    }
    return nullptr;
  }
};

// Of `all` those that the configuration names. Errors: a name that fits none.
Result<AgentTools> ToolsNamed(const AgentConfig& config, const AgentTools& all);

// What a run's program works with; it outlives the program.
struct AgentWork {
  Loop& loop;
  Pool& pool;
  const Clock& clock;
  LanguageModel& model;
  Journal& journal;  // for values; steps go through `log`
  RunLog& log;
  RunMeter& meter;
  std::function<Result<std::shared_ptr<const Agent>>(const std::string& name)> find_agent = {};
  std::string principal = {};
  std::string conversation = {};  // the run's
  // Of agents that agents ask: how deep, and what from outside the one who asks had read.
  int32_t depth = 1;
  std::set<std::string> tainted_by = {};
  // Finds by meaning; null: there is none.
  Embedder* embedder = nullptr;
  std::string embedding_model = {};
  AgentMemory* memory = nullptr;        // null: there is none
  ToolVectors* tool_vectors = nullptr;  // null: tools are found by words alone
  OnAgentEvent emit = {};               // may be empty
  std::function<double(const std::string& model, const Usage& usage)> cost = {};  // empty: nothing costs

  void Tell(const Agent& agent, AgentEventType type, std::string path, Json data) const {
    if (emit) emit({.type = type, .agent = agent.config.name, .path = std::move(path), .data = std::move(data)});
  }
};

// The agent's program with what agent.config.memory adds to it: `input` is a text or messages (react.h), or what the
// program takes. Errors: Suspended; those of steps.
Task<Result<AgentOutcome>> RunAgent(Call call, AgentWork work, const Agent& agent, Json input, StepScope scope);
// The same without a memory.
Task<Result<AgentOutcome>> RunPolicy(Call call, AgentWork work, const Agent& agent, Json input, StepScope scope);

// How a program ended. `reason` is empty of one that answered.
struct AgentOutcome {
  RunStatus status = RunStatus::kCompleted;  // completed, limited or refused
  std::string text = {};                     // the answer, or what there was of one
  Json structured = {};                      // where the agent has an output schema
  std::string reason = {}, what = {};        // of limited and refused
  Json calls = {};                           // what was called, where it did not answer: [{"name", "is_error"}]
  Json citations = {};                       // of the policy "research": where each part of the text stands
  Json Body() const;
};

}  // namespace atelier

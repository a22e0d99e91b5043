// The agents of atelier.yaml, made with their tools on first use, and their runs. Where it names none there is one,
// "assistant", that can calculate. A workflow is an agent too, whose policy is "workflow": agents and workflows share
// one space of names, so whatever can be done with one can be done with the other.
//
// Loop thread only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/agent_runs.h"
#include "agent/tools/tool_entry.h"
#include "app/app.h"
#include "app/memory_library.h"
#include "app/run_keeper.h"
#include "app/served_call.h"

namespace atelier {

class McpServers;

class AgentLibrary {
 public:
  // `app` outlives it.
  static Result<std::unique_ptr<AgentLibrary>> Create(App& app);
  ~AgentLibrary();

  // As configured, in its order; workflows come last, as agents of the policy "workflow".
  const std::vector<AgentConfig>& configs() const { return configs_; }
  // Errors: kNotFound names the nearest; those of its tools.
  Result<std::shared_ptr<const Agent>> Find(const std::string& name);
  // One made elsewhere, of one of these: an editor's session lends it for its runs (app/acp_session.h). Its name has an
  // '@', so that none of atelier.yaml is called like it.
  void Lend(std::shared_ptr<const Agent> agent);
  void Return(const std::string& name) { made_.erase(name); }
  // Every tool that an agent may name, those of foreign MCP servers among them. Holds until the next call.
  Result<const AgentTools*> Tools();
  McpServers& mcp_servers() { return *mcp_servers_; }
  // What has to be known before an agent can be made: trusted MCP servers that were never seen. Faults are logged.
  Task<void> Prepare(Call call);
  // Ends what runs beside us.
  Task<void> Close();
  AgentRuns& runs() { return *runs_; }
  Journal& journal() { return *journal_; }
  // What is done after a run that has ended, and out of its way: its agent's memory learns from it.
  Task<Result<void>> AfterRun(Call call, RunRow run);
  RunKeeper& keeper() { return *keeper_; }
  MemoryLibrary& memory() { return *memory_; }
  AgentServings& servings() { return servings_; }

 private:
  explicit AgentLibrary(App& app);
  void ForgetIfChanged();  // tools and agents, where other definitions are approved than when they were made
  Result<std::shared_ptr<const Agent>> Make(const AgentConfig& config);
  Result<std::shared_ptr<const Agent>> MakeWorkflow(const WorkflowConfig& config);

  App& app_;
  std::vector<AgentConfig> configs_;
  std::unique_ptr<AsyncHttpClient> http_;
  std::unique_ptr<MemoryLibrary> memory_;
  std::unique_ptr<ToolEnvironment> environment_;
  std::shared_ptr<McpServers> mcp_servers_;
  std::unique_ptr<AgentTools> tools_;  // null: not made yet
  std::map<std::string, std::shared_ptr<const Agent>> made_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<AgentRuns> runs_;
  std::unique_ptr<RunKeeper> keeper_;
  AgentServings servings_;
};

// What atelier.yaml says of agents, tools and workflows, as far as it can be told without making them.
// Errors: names twice, agents that do not exist, patterns and schemas; under "agents[i]", "tools[i]"
// or "workflows[i]".
Result<void> CheckAgents(const std::vector<AgentConfig>& agents, const std::vector<ToolConfig>& tools,
                         const std::vector<WorkflowConfig>& workflows = {});

}  // namespace atelier

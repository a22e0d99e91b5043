// The world that a task of an agent happens in: a folder with files and SQLite databases, and the tools that work on
// it. What the world is like afterwards is looked up here, not in what the agent says. Blocking, but for the tools.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/tools/tool_entry.h"
#include "eval/agent_suite.h"

namespace atelier {

class AgentWorld {
 public:
  // In an empty folder, which is made; it goes with the world.
  static Result<std::unique_ptr<AgentWorld>> Create(const AgentWorldConfig& config, std::string folder);
  ~AgentWorld();

  // Of tools, then of actions. `environment` and the world outlive them.
  Result<AgentTools> MakeTools(const std::vector<ToolConfig>& tools, const std::vector<ActionConfig>& actions,
                               const ToolEnvironment& environment) const;
  const std::string& folder() const { return folder_; }
  std::string PathOf(const std::string& name) const { return folder_ + "/" + name; }
  // Every file but databases, by its path in the world.
  Result<std::map<std::string, std::string>> Contents() const;
  // Those that are new, other or gone since Create.
  Result<std::vector<std::string>> Changed() const;
  // Columns joined by '|', rows by '\n'.
  Result<std::string> Query(const std::string& database, const std::string& sql) const;

 private:
  explicit AgentWorld(std::string folder) : folder_(std::move(folder)) {}
  std::string folder_;
  std::vector<std::string> databases_;
  std::map<std::string, std::string> before_;
};

}  // namespace atelier

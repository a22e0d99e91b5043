// Checks a workflow before anything runs: names and their nearest, templates and what they read, the types that flow
// from node to node, ways that are missing, circles of workflows. On the way it parses every template.
//
// What the surroundings hold may be known in part: when atelier.yaml is read, there are agents and workflows, and no
// tools yet.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "agent/tools/tool.h"
#include "agent/workflow/templates.h"
#include "agent/workflow/workflow_config.h"

namespace atelier {

// What a node may run: an agent or a workflow.
struct Runnable {
  std::string description = {};
  Json input_schema = {};   // null: a text
  Json output_schema = {};  // of what it gives
  bool is_agent = true;
};

struct WorkflowSurroundings {
  std::map<std::string, Runnable> runnables = {};
  const AgentTools* tools = nullptr;  // null: not known yet
};

// The variables of a place, with their schemas.
class NameScope {
 public:
  // `parent` outlives it; null: there is none.
  explicit NameScope(const NameScope* parent = nullptr) : parent_(parent) {}
  void Set(const std::string& name, Json schema) { schemas_[name] = std::move(schema); }
  const Json* Find(std::string_view name) const;
  std::vector<std::string_view> Names() const;

 private:
  const NameScope* parent_ = nullptr;
  std::map<std::string, Json, std::less<>> schemas_;
};

class WorkflowChecker {
 public:
  WorkflowChecker(const WorkflowSurroundings& surroundings, Templates& templates)
      : surroundings_(surroundings), templates_(templates) {}

  // The schema of what the workflow gives. Errors under the key that is wrong.
  Result<Json> Check(const WorkflowConfig& config);

  // For kinds of nodes. Errors without the key.
  Result<Json> List(const std::vector<NodeConfig>& nodes, NameScope& scope);
  Result<Json> One(const NodeConfig& node, size_t i, NameScope& scope);  // of a list, alone
  Result<void> Text(const std::string& source, const NameScope& scope);
  Result<void> Condition(const std::string& source, const NameScope& scope);
  Result<Json> Value(const Json& source, const NameScope& scope);  // its schema
  Result<const Runnable*> FindRunnable(const std::string& name);
  // Null: tools are not known yet.
  Result<const ToolSpec*> FindTool(const std::string& name);

 private:
  Result<Json> Node(const NodeConfig& node, const NameScope& scope);
  Result<void> Gates(const NodeConfig& node, const Json& output, const NameScope& scope);
  Result<Json> ReferenceSchema(const JinjaReference& reference, const NameScope& scope);
  Result<void> References(const JinjaProgram& parsed, const NameScope& scope);

  const WorkflowSurroundings& surroundings_;
  Templates& templates_;
  std::set<std::string> names_;  // of nodes
  size_t num_nodes_ = 0;
  int depth_ = 0;
};

// Checks all workflows of an application, each after those that it runs; gives what each gives, by name, added to
// `surroundings`. Errors under "workflows[i]": a circle names who runs whom.
Result<void> CheckWorkflows(const std::vector<WorkflowConfig>& workflows, WorkflowSurroundings& surroundings);

}  // namespace atelier

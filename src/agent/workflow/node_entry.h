// A kind of node: one file, x.entry.cc, with one NodeEntry. It says which nodes are of it, checks one before anything
// runs, runs one, and tells what lists of nodes it holds.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/workflow/workflow_checker.h"
#include "agent/workflow/workflow_config.h"
#include "agent/workflow/workflow_run.h"
#include "base/task/task.h"

namespace atelier {

// A list of nodes within a node.
struct NodeList {
  std::string label = {};  // of the way to it; empty: there is but one
  const std::vector<NodeConfig>* nodes = nullptr;
};
// How the lists within a node are done.
enum class NodeFlow : uint8_t { kInTurn, kOneOf, kBeside, kEach, kAgain };

// One node of a run, where it stands.
struct NodeTurn {
  WorkflowRun& run;
  const NodeConfig& node;
  NodeScope& scope;
  std::string path;                    // its steps stand there and below
  std::vector<RefusedOutput> refused;  // what it gave before
};

struct NodeEntry {
  std::string_view key;  // in atelier.yaml
  bool (*is)(const NodeConfig& node) = nullptr;
  // The schema of what the node gives. Errors under the key that is wrong.
  Result<Json> (*check)(WorkflowChecker& checker, const NodeConfig& node, const NameScope& scope) = nullptr;
  // Errors: Suspended; WorkflowRun::End; Refused; those of steps.
  Task<Result<NodeValue>> (*run)(Call call, NodeTurn turn) = nullptr;
  std::string (*label)(const NodeConfig& node) = nullptr;            // in a drawing, beside its name
  std::vector<NodeList> (*lists)(const NodeConfig& node) = nullptr;  // null: it holds none
  NodeFlow flow = NodeFlow::kInTurn;
  // How often a node may be done anew where its output is refused; null: it is not.
  int32_t (*attempts)(const NodeConfig& node) = nullptr;
};

// Every kind, sorted by file name.
std::span<const NodeEntry* const> NodeTypes();
// Null: the node is of no kind, or of several.
const NodeEntry* KindOf(const NodeConfig& node);

// That a node has nothing to give: its `otherwise` is given, or the run ends as refused.
Error Refused(std::string what);

}  // namespace atelier

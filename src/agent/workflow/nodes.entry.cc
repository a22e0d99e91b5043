// nodes: a list as one node, so that it can stand beside others.
#include "agent/workflow/node_entry.h"

namespace atelier {
namespace {

bool Is(const NodeConfig& node) { return !node.nodes.empty(); }

Result<Json> Check(WorkflowChecker& checker, const NodeConfig& node, const NameScope& scope) {
  NameScope inner(&scope);
  return checker.List(node.nodes, inner);
}

Task<Result<NodeValue>> Run(Call call, NodeTurn turn) {
  NodeScope inner(turn.scope, turn.path);
  auto running = turn.run.RunList(std::move(call), turn.node.nodes, inner);
  co_return co_await running;
}

std::string Label(const NodeConfig& /*node*/) { return {}; }
std::vector<NodeList> Lists(const NodeConfig& node) { return {{.nodes = &node.nodes}}; }

}  // namespace

extern const NodeEntry node_nodes{.key = "nodes", .is = Is, .check = Check, .run = Run, .label = Label, .lists = Lists};

}  // namespace atelier

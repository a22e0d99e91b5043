// value: what templates make of what there is, without a model. An effect it has none, so it is no step of the run.
#include "agent/workflow/node_entry.h"

namespace atelier {
namespace {

bool Is(const NodeConfig& node) { return !node.value.is_null(); }

Result<Json> Check(WorkflowChecker& checker, const NodeConfig& node, const NameScope& scope) {
  return checker.Value(node.value, scope);
}

Task<Result<NodeValue>> Run(Call /*call*/, NodeTurn turn) {
  co_return turn.run.templates().Value(turn.node.value, turn.scope);
}

std::string Label(const NodeConfig& node) { return TextOfValue(node.value).substr(0, 60); }

}  // namespace

extern const NodeEntry node_value{.key = "value", .is = Is, .check = Check, .run = Run, .label = Label};

}  // namespace atelier

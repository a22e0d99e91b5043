// run: another agent, or workflow, does something within this run: its steps stand below the node, its limits are the
// run's, and what had tainted the input taints it.
#include "agent/workflow/node_entry.h"
#include "agent/workflow/schema_fit.h"

namespace atelier {
namespace {

bool Is(const NodeConfig& node) { return node.run.has_value(); }

Result<Json> Check(WorkflowChecker& checker, const NodeConfig& node, const NameScope& scope) {
  auto runnable = checker.FindRunnable(node.run->agent);
  if (!runnable.ok()) return std::move(runnable).error().Under("agent");
  Result<Json> input = checker.Value(node.run->input, scope);
  if (!input.ok()) return std::move(input).error().Under("input");
  const Runnable& other = **runnable;
  // An agent is told anything that is no text as JSON.
  if (!other.is_agent) {
    const Json wanted = other.input_schema.is_null() ? TypeSchema("string") : other.input_schema;
    const std::string why = Misfit(*input, wanted);
    if (!why.empty()) return Error::Invalid("input", why);
  }
  return other.output_schema.is_null() ? TypeSchema("string") : other.output_schema;
}

Task<Result<NodeValue>> Run(Call call, NodeTurn turn) {
  const RunConfig& config = *turn.node.run;
  CO_TRY(const std::shared_ptr<const Agent> other, turn.run.work().find_agent(config.agent));
  // What came from outside is marked for a model; a program of nodes marks it itself.
  CO_TRY(NodeValue value, other->program ? turn.run.templates().Value(config.input, turn.scope)
                                         : turn.run.templates().PromptValue(config.input, turn.scope));
  auto running = turn.run.RunOther(std::move(call), other, std::move(value), turn.path);
  co_return co_await running;
}

std::string Label(const NodeConfig& node) { return node.run->agent; }

}  // namespace

extern const NodeEntry node_run{.key = "run", .is = Is, .check = Check, .run = Run, .label = Label};

}  // namespace atelier

// loop: the same nodes again until it is good, or max_rounds are done. With one node that writes and one that judges
// it is evaluator and optimizer                            [Building effective agents, "evaluator-optimizer"].
//
// In a round `round` counts from 1, and `previous` has what each node gave in the round before (nothing in the first).
#include "agent/workflow/node_entry.h"
#include "agent/workflow/schema_fit.h"

namespace atelier {
namespace {

bool Is(const NodeConfig& node) { return node.loop.has_value(); }

Result<Json> Check(WorkflowChecker& checker, const NodeConfig& node, const NameScope& scope) {
  const LoopConfig& loop = *node.loop;
  NameScope inner(&scope);
  inner.Set("round", TypeSchema("integer"));
  inner.Set("previous", Json::Object({}));
  Result<Json> output = checker.List(loop.nodes, inner);
  if (!output.ok()) return std::move(output).error().Under("nodes");
  if (!loop.until.empty()) {
    auto until = checker.Condition(loop.until, inner);
    if (!until.ok()) return std::move(until).error().Under("until");
  }
  if (!loop.output.is_null()) {
    output = checker.Value(loop.output, inner);
    if (!output.ok()) return std::move(output).error().Under("output");
  }
  return ObjectSchema(
      {{"output", std::move(*output)}, {"rounds", TypeSchema("integer")}, {"done", TypeSchema("boolean")}});
}

NodeValue Collected(const LoopConfig& loop, const NodeScope& scope) {
  NodeValue all{.value = Json::Object({})};
  for (const NodeConfig& node : loop.nodes) {
    const NodeValue* value = scope.Find(node.name);
    all.Mix(*value);
    all.value.Set(node.name, value->value);
  }
  return all;
}

Task<Result<NodeValue>> Run(Call call, NodeTurn turn) {
  const LoopConfig& loop = *turn.node.loop;
  NodeValue previous{.value = Json::Object({})}, output;
  bool done = false;
  int32_t round = 0;
  while (!done && round < loop.max_rounds) {
    NodeScope inner(turn.scope, turn.path + "." + std::to_string(++round));
    NodeValue number{.value = round};
    inner.Set("round", std::move(number));
    inner.Taint(previous);  // what came from outside may have said to go on
    inner.Set("previous", previous);
    auto running = turn.run.RunList(call, loop.nodes, inner);
    CO_TRY(output, co_await running);
    CO_TRY(done, turn.run.templates().IsTrue(loop.until, inner));
    previous = Collected(loop, inner);
    if (!loop.output.is_null()) {
      CO_TRY(output, turn.run.templates().Value(loop.output, inner));
    }
  }
  output.Mix({.tainted_by = previous.tainted_by});
  output.value = Json::Object({{"output", std::move(output.value)}, {"rounds", round}, {"done", done}});
  co_return output;
}

std::string Label(const NodeConfig& node) {
  return (node.loop->until.empty() ? "" : "until " + node.loop->until + ", ") + "at most " +
         std::to_string(node.loop->max_rounds);
}
std::vector<NodeList> Lists(const NodeConfig& node) { return {{.nodes = &node.loop->nodes}}; }

}  // namespace

extern const NodeEntry node_loop{
    .key = "loop", .is = Is, .check = Check, .run = Run, .label = Label, .lists = Lists, .flow = NodeFlow::kAgain};

}  // namespace atelier

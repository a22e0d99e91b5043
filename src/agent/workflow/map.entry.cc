// map: the same nodes for each `item` of an array, beside each other; gives the array of what they give. With a node
// after it that reads them all it is map-reduce, after one that plans, and with a `route` within, it is orchestrator
// and workers                                             [Building effective agents, "orchestrator-workers"].
#include "agent/workflow/node_entry.h"
#include "agent/workflow/schema_fit.h"

namespace atelier {
namespace {

bool Is(const NodeConfig& node) { return node.map.has_value(); }

Result<Json> Check(WorkflowChecker& checker, const NodeConfig& node, const NameScope& scope) {
  const MapConfig& map = *node.map;
  Result<Json> over = checker.Value(map.over, scope);
  if (!over.ok()) return std::move(over).error().Under("over");
  const std::string why = Misfit(*over, TypeSchema("array"));
  if (!why.empty()) return Error::Invalid("over", why);
  NameScope inner(&scope);
  inner.Set("item", (*over)["items"].is_object() ? (*over)["items"] : Json::Object({}));
  inner.Set("index", TypeSchema("integer"));
  Result<Json> output = checker.List(map.nodes, inner);
  if (!output.ok()) return std::move(output).error().Under("nodes");
  Json schema = TypeSchema("array");
  schema.Set("items", std::move(*output));
  return schema;
}

Task<Result<NodeValue>> RunItem(Call call, NodeTurn& turn, NodeValue item, size_t index) {
  NodeScope inner(turn.scope, turn.path + "." + std::to_string(index));
  inner.Taint(item);
  inner.Set("item", std::move(item));
  NodeValue position{.value = index};
  inner.Set("index", std::move(position));
  auto running = turn.run.RunList(std::move(call), turn.node.map->nodes, inner);
  co_return co_await running;
}

Task<Result<NodeValue>> Run(Call call, NodeTurn turn) {
  const MapConfig& map = *turn.node.map;
  CO_TRY(const NodeValue over, turn.run.templates().Value(map.over, turn.scope));
  if (!over.value.is_array()) co_return Refused("got " + std::string(over.value.TypeName()) + ", want an array");
  if (over.value.size() > map.max_items) {
    co_return Refused("got " + std::to_string(over.value.size()) + " items, want at most " +
                      std::to_string(map.max_items));
  }
  WorkflowRun::Op one = [&turn, &over, call](size_t i) {
    NodeValue item{.value = over.value[i], .tainted_by = over.tainted_by, .outside = over.outside};
    return RunItem(call, turn, std::move(item), i);
  };
  auto beside =
      turn.run.Beside(static_cast<size_t>(over.value.size()), static_cast<size_t>(map.at_once), std::move(one));
  CO_TRY(std::vector<NodeValue> values, co_await beside);
  NodeValue all{.value = Json::Array({}), .tainted_by = over.tainted_by};
  for (NodeValue& value : values) {
    all.Mix(value);
    all.value.Push(std::move(value.value));
  }
  co_return all;
}

std::string Label(const NodeConfig& node) { return "over " + node.map->over; }
std::vector<NodeList> Lists(const NodeConfig& node) { return {{.nodes = &node.map->nodes}}; }

}  // namespace

extern const NodeEntry node_map{
    .key = "map", .is = Is, .check = Check, .run = Run, .label = Label, .lists = Lists, .flow = NodeFlow::kEach};

}  // namespace atelier

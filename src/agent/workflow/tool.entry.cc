// tool: code calls a tool, as a model's agent would: checked, approved where the tool wants that, journalled, made
// once.
//
// Arguments that outside words went into make a call of a sensitive tool wait for a person. What a tool gives is its
// structured output where it promises one, else its text. A call that fails is a refusal of the node.
#include "agent/tool_calls.h"
#include "agent/tool_output.h"
#include "agent/workflow/node_entry.h"
#include "agent/workflow/schema_fit.h"

namespace atelier {
namespace {

bool Is(const NodeConfig& node) { return node.tool.has_value(); }

Result<Json> Check(WorkflowChecker& checker, const NodeConfig& node, const NameScope& scope) {
  const ToolNodeConfig& config = *node.tool;
  const Json source = config.arguments.is_null() ? Json::Object({}) : config.arguments;
  if (!source.is_object()) {
    return Error::Invalid("arguments", "got " + std::string(source.TypeName()) + ", want an object");
  }
  Result<Json> arguments = checker.Value(source, scope);
  if (!arguments.ok()) return std::move(arguments).error().Under("arguments");
  auto tool = checker.FindTool(config.name);
  if (!tool.ok()) return std::move(tool).error().Under("name");
  if (*tool == nullptr) return Json::Object({});
  const std::string why = Misfit(*arguments, (*tool)->parameters);
  if (!why.empty()) return Error::Invalid("arguments", why);
  return (*tool)->output_schema.is_null() ? TypeSchema("string") : (*tool)->output_schema;
}

Task<Result<NodeValue>> Run(Call call, NodeTurn turn) {
  const ToolNodeConfig& config = *turn.node.tool;
  const Json source = config.arguments.is_null() ? Json::Object({}) : config.arguments;
  CO_TRY(NodeValue value, turn.run.templates().Value(source, turn.scope));
  Agent caller = turn.run.agent();
  caller.config.max_result_bytes = kMaxToolTextBytes;  // code reads it all
  CallHistory history;
  history.tainted_by = value.tainted_by, history.by_model = false;
  history.tainted_by.insert(turn.scope.tainted_by().begin(), turn.scope.tainted_by().end());
  std::vector<GatheredCall> calls(1);
  calls[0].id = turn.path, calls[0].name = config.name, calls[0].arguments = value.value.Dump();
  auto calling = CallTools(call, turn.run.work(), caller, history, turn.path, std::move(calls));
  CO_TRY(CallsAnswered answered, co_await calling);
  if (answered.limit) co_return co_await turn.run.EndAtLimit(std::move(call), turn.path, *answered.limit);
  const Json& output = answered.outputs.at(0);
  if (IsErrorOutput(output)) co_return Refused(config.name + ": " + TextForModel(output));
  const AgentTool* tool = caller.FindTool(config.name);
  const bool structured = tool && !tool->spec().output_schema.is_null() && output.Has("structured");
  value.value = structured ? output["structured"] : output["text"];
  value.outside = tool && tool->spec().outside;
  if (value.outside) value.tainted_by.insert(config.name);
  co_return value;
}

std::string Label(const NodeConfig& node) { return node.tool->name; }

}  // namespace

extern const NodeEntry node_tool{.key = "tool", .is = Is, .check = Check, .run = Run, .label = Label};

}  // namespace atelier

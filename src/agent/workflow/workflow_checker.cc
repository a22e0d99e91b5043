#include "agent/workflow/workflow_checker.h"

#include <algorithm>
#include <utility>

#include "agent/workflow/node_entry.h"
#include "agent/workflow/schema_fit.h"
#include "base/text/ecma_regex.h"
#include "base/text/json_schema.h"

namespace atelier {
namespace {

constexpr size_t kMaxNameBytes = 32;
constexpr size_t kMaxTemplateBytes = 1 << 20;

std::string At(std::string_view list, size_t i) { return std::string(list) + "[" + std::to_string(i) + "]"; }

// A variable of templates that nothing else is called.
Result<void> CheckName(const std::string& name) {
  static constexpr std::string_view kTaken[] = {
      "input", "output", "item", "index", "round", "previous", "task", "transcript", "board", "turn", "last",
      "true",  "false",  "none", "and",   "or",    "not",      "if",   "else",       "is",    "in",   "loop"};
  const auto fits = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  const bool is_name = !name.empty() && name.size() <= kMaxNameBytes && std::ranges::all_of(name, fits) &&
                       std::isdigit(static_cast<unsigned char>(name[0])) == 0;
  if (!is_name) {
    return Error::Invalid("name", "got '" + name.substr(0, 64) + "', want a letter, then letters, digits or '_', " +
                                      std::to_string(kMaxNameBytes) + " at most");
  }
  if (std::ranges::find(kTaken, name) == std::end(kTaken)) return {};
  return Error::Invalid("name", "got '" + name + "', which templates use for something else");
}

Result<void> CheckSchema(const Json& schema) {
  if (schema.is_null()) return {};
  auto read = SchemaDocument::Parse(schema);
  return read.ok() ? Result<void>() : std::move(read).error();
}

template <class T>
Result<T> Under(Result<T> result, std::string_view key) {
  return result.ok() ? std::move(result) : std::move(result).error().Under(key);
}

std::string DidYouMean(const std::string& name, const std::vector<std::string_view>& known) {
  const std::string_view near = Nearest(name, known);
  return near.empty() ? std::string() : "; did you mean '" + std::string(near) + "'?";
}

}  // namespace

const Json* NameScope::Find(std::string_view name) const {
  const auto at = schemas_.find(name);
  if (at != schemas_.end()) return &at->second;
  return parent_ ? parent_->Find(name) : nullptr;
}

std::vector<std::string_view> NameScope::Names() const {
  std::vector<std::string_view> names = parent_ ? parent_->Names() : std::vector<std::string_view>();
  for (const auto& [name, schema] : schemas_) names.push_back(name);
  return names;
}

Result<Json> WorkflowChecker::Check(const WorkflowConfig& config) {
  TRY_VOID(Under(CheckSchema(config.input_schema), "input_schema"));
  NameScope scope;
  scope.Set("input", config.input_schema.is_null() ? TypeSchema("string") : config.input_schema);
  TRY(Json output, Under(List(config.nodes, scope), "nodes"));
  return config.output.is_null() ? output : Under(Value(config.output, scope), "output");
}

Result<Json> WorkflowChecker::List(const std::vector<NodeConfig>& nodes, NameScope& scope) {
  if (++depth_ > kMaxNodeDepth) {
    return Error::TooLarge("", "got lists within each other over " + std::to_string(kMaxNodeDepth) + " deep");
  }
  Json last = TypeSchema("null");
  for (size_t i = 0; i < nodes.size(); ++i) {
    TRY(last, One(nodes[i], i, scope));
  }
  --depth_;
  return last;
}

Result<Json> WorkflowChecker::One(const NodeConfig& node, size_t i, NameScope& scope) {
  if (++num_nodes_ > kMaxWorkflowNodes) {
    return Error::TooLarge("", "got over " + std::to_string(kMaxWorkflowNodes) + " nodes");
  }
  TRY(Json output, Under(Node(node, scope), At("", i)));
  scope.Set(node.name, output);
  return output;
}

Result<Json> WorkflowChecker::Node(const NodeConfig& node, const NameScope& scope) {
  TRY_VOID(CheckName(node.name));
  if (!names_.insert(node.name).second) return Error::Invalid("name", "got '" + node.name + "' twice");
  const NodeEntry* kind = KindOf(node);
  if (!kind) {
    std::string keys, is;
    for (const NodeEntry* one : NodeTypes()) {
      keys += (keys.empty() ? "" : ", ") + std::string(one->key);
      if (one->is(node)) is += (is.empty() ? "" : " and ") + std::string(one->key);
    }
    return Error::Invalid("", "got " + (is.empty() ? "no kind" : is) + ", want one of " + keys);
  }
  TRY(Json output, Under(kind->check(*this, node, scope), kind->key));
  TRY_VOID(Gates(node, output, scope));
  if (node.otherwise.is_null()) return output;
  TRY(Json otherwise, Under(Value(node.otherwise, scope), "otherwise"));
  return UnionSchema({std::move(output), std::move(otherwise)});
}

Result<void> WorkflowChecker::Gates(const NodeConfig& node, const Json& output, const NameScope& scope) {
  for (size_t i = 0; i < node.gates.size(); ++i) {
    const GateConfig& gate = node.gates[i];
    const std::string where = At("gates", i);
    NameScope with_output(&scope);
    with_output.Set("output", output);
    if (!gate.check.empty()) TRY_VOID(Under(Under(Condition(gate.check, with_output), "check"), where));
    for (const auto& [key, pattern] :
         {std::pair("must_match", &gate.must_match), std::pair("must_not_match", &gate.must_not_match)}) {
      if (pattern->empty()) continue;
      const auto compiled = EcmaRegex::Compile(*pattern);
      if (!compiled.ok()) return Error(compiled.error()).Under(key).Under(where);
    }
    TRY_VOID(Under(Under(CheckSchema(gate.schema), "schema"), where));
    const bool looks = !gate.check.empty() || !gate.must_match.empty() || !gate.must_not_match.empty() ||
                       !gate.schema.is_null() || !gate.statement.empty();
    if (!looks) {
      return Error::Invalid(where,
                            "got nothing to look for, want check, must_match, must_not_match, schema or statement");
    }
  }
  return {};
}

Result<Json> WorkflowChecker::ReferenceSchema(const JinjaReference& reference, const NameScope& scope) {
  const Json* schema = scope.Find(reference.name);
  if (!schema) {
    return Error::Invalid("", "got the variable '" + reference.name.substr(0, 64) +
                                  "', want the name of a node that comes before" +
                                  DidYouMean(reference.name, scope.Names()));
  }
  Result<Json> part = SchemaAt(*schema, reference.path);
  if (part.ok()) return part;
  return Error::Invalid("", "'" + reference.name + "': " + part.error().what);
}

Result<void> WorkflowChecker::References(const JinjaProgram& parsed, const NameScope& scope) {
  for (const JinjaReference& reference : parsed.References()) {
    if (!reference.made_here) TRY_VOID(ReferenceSchema(reference, scope));
  }
  return {};
}

Result<void> WorkflowChecker::Text(const std::string& source, const NameScope& scope) {
  if (source.size() > kMaxTemplateBytes) return Error::TooLarge("", "got a template of over 1 MiB");
  TRY(const JinjaProgram* parsed, templates_.Add(source));
  return References(*parsed, scope);
}

Result<void> WorkflowChecker::Condition(const std::string& source, const NameScope& scope) {
  TRY_VOID(Text(source, scope));
  TRY(const JinjaProgram* parsed, templates_.Add(source));
  if (parsed->IsExpression()) return {};
  return Error::Invalid("", "got '" + source.substr(0, 64) + "', want one expression: \"{{ … }}\"");
}

Result<Json> WorkflowChecker::Value(const Json& source, const NameScope& scope) {
  if (source.is_string()) {
    TRY_VOID(Text(source.AsString(), scope));
    TRY(const JinjaProgram* parsed, templates_.Add(source.AsString()));
    if (!parsed->IsExpression()) return TypeSchema("string");
    return parsed->IsReference() ? ReferenceSchema(parsed->References().at(0), scope) : Json::Object({});
  }
  if (source.is_object()) {
    std::vector<std::pair<std::string, Json>> properties;
    for (const JsonMember& member : source.members()) {
      TRY(Json schema, Under(Value(member.value, scope), member.key));
      properties.emplace_back(member.key, std::move(schema));
    }
    return ObjectSchema(std::move(properties));
  }
  if (source.is_array()) {
    std::vector<Json> items;
    for (int64_t i = 0; i < source.size(); ++i) {
      TRY(Json item, Under(Value(source[i], scope), At("", static_cast<size_t>(i))));
      items.push_back(std::move(item));
    }
    Json schema = TypeSchema("array");
    if (!items.empty()) schema.Set("items", UnionSchema(std::move(items)));
    return schema;
  }
  return TypeSchema(source.is_number() ? "number" : source.is_bool() ? "boolean" : "null");
}

Result<const Runnable*> WorkflowChecker::FindRunnable(const std::string& name) {
  const auto at = surroundings_.runnables.find(name);
  if (at != surroundings_.runnables.end()) return &at->second;
  std::vector<std::string_view> known;
  for (const auto& [key, runnable] : surroundings_.runnables) known.push_back(key);
  return Error::Invalid(
      "", "got '" + name.substr(0, 64) + "', want the name of an agent or a workflow" + DidYouMean(name, known));
}

Result<const ToolSpec*> WorkflowChecker::FindTool(const std::string& name) {
  if (!surroundings_.tools) return nullptr;
  std::vector<std::string_view> known;
  for (const auto& tool : *surroundings_.tools) {
    if (tool->spec().name == name) return &tool->spec();
    known.push_back(tool->spec().name);
  }
  return Error::Invalid("", "got '" + name.substr(0, 64) + "', which `tools` lacks" + DidYouMean(name, known));
}

namespace {

// Goes through workflows depth first, each after those that it runs.
class InOrder {
 public:
  InOrder(const std::vector<WorkflowConfig>& workflows, WorkflowSurroundings& surroundings)
      : workflows_(workflows), surroundings_(surroundings) {}

  Result<void> Visit(size_t i, std::vector<std::string> on_the_way) {
    const WorkflowConfig& config = workflows_[i];
    if (surroundings_.runnables.contains(config.name)) return {};
    on_the_way.push_back(config.name);
    std::set<std::string> runs;
    Gather(config.nodes, runs, 0);
    for (const std::string& name : runs) {
      const size_t other = IndexOf(name);
      if (other == workflows_.size()) continue;
      if (std::ranges::find(on_the_way, name) != on_the_way.end()) return Circle(i, on_the_way, name);
      TRY_VOID(Visit(other, on_the_way));
    }
    Templates templates;
    Result<Json> output = WorkflowChecker(surroundings_, templates).Check(config);
    if (!output.ok()) return std::move(output).error().Under(At("workflows", i));
    Runnable runnable{.description = config.description, .input_schema = config.input_schema};
    runnable.output_schema = std::move(*output), runnable.is_agent = false;
    surroundings_.runnables[config.name] = std::move(runnable);
    return {};
  }

 private:
  size_t IndexOf(const std::string& name) const {
    const auto at = std::ranges::find(workflows_, name, &WorkflowConfig::name);
    return static_cast<size_t>(at - workflows_.begin());
  }

  static void Gather(const std::vector<NodeConfig>& nodes, std::set<std::string>& runs, int depth) {
    if (depth > kMaxNodeDepth) return;
    for (const NodeConfig& node : nodes) {
      if (node.run) runs.insert(node.run->agent);
      if (node.chat) {
        for (const ChatMember& member : node.chat->members) runs.insert(member.agent);
      }
      const NodeEntry* kind = KindOf(node);
      if (!kind || !kind->lists) continue;
      for (const NodeList& list : kind->lists(node)) Gather(*list.nodes, runs, depth + 1);
    }
  }

  static Error Circle(size_t i, const std::vector<std::string>& on_the_way, const std::string& name) {
    std::string circle;
    for (const std::string& one : on_the_way) {
      if (!circle.empty() || one == name) circle += one + " -> ";
    }
    return Error::Invalid(At("workflows", i), "got workflows that run each other in a circle: " + circle + name);
  }

  const std::vector<WorkflowConfig>& workflows_;
  WorkflowSurroundings& surroundings_;
};

}  // namespace

Result<void> CheckWorkflows(const std::vector<WorkflowConfig>& workflows, WorkflowSurroundings& surroundings) {
  std::set<std::string> names;
  for (size_t i = 0; i < workflows.size(); ++i) {
    const std::string& name = workflows[i].name;
    AgentConfig as_agent;
    as_agent.name = name;
    TRY_VOID(Under(CheckAgent(as_agent), At("workflows", i)));
    if (surroundings.runnables.contains(name) || !names.insert(name).second) {
      return Error::Invalid(At("workflows", i) + ".name", "got '" + name + "' twice among agents and workflows");
    }
  }
  InOrder in_order(workflows, surroundings);
  for (size_t i = 0; i < workflows.size(); ++i) TRY_VOID(in_order.Visit(i, {}));
  return {};
}

}  // namespace atelier

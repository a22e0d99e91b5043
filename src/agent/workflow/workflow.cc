#include "agent/workflow/workflow.h"

#include <utility>

#include "agent/react.h"
#include "agent/workflow/node_entry.h"
#include "agent/workflow/workflow_run.h"
#include "base/text/json_schema_validator.h"

namespace atelier {
namespace {

// What a workflow needs of its surroundings, wherever in it.
struct Needs {
  std::set<std::string> models, tools;
  bool runs_others = false;
};

void Gather(const std::vector<NodeConfig>& nodes, Needs& needs) {
  for (const NodeConfig& node : nodes) {
    if (node.ask) needs.models.insert(node.ask->model.values.begin(), node.ask->model.values.end());
    if (node.route) needs.models.insert(node.route->model.values.begin(), node.route->model.values.end());
    if (node.chat) needs.models.insert(node.chat->model);
    if (node.tool) needs.tools.insert(node.tool->name);
    needs.runs_others = needs.runs_others || node.run || node.chat;
    const NodeEntry* kind = KindOf(node);
    if (!kind || !kind->lists) continue;
    for (const NodeList& list : kind->lists(node)) Gather(*list.nodes, needs);
  }
}

std::string LastText(const Json& messages) {
  std::string text;
  for (const Json& message : messages.items()) {
    if (message["role"] == Json("user") && message["content"].is_string()) text = message["content"].AsString();
  }
  return text;
}

}  // namespace

Result<std::shared_ptr<const Workflow>> Workflow::Create(WorkflowConfig config,
                                                         const WorkflowSurroundings& surroundings,
                                                         const FindModel& find_model) {
  std::shared_ptr<Workflow> workflow(new Workflow());
  WorkflowChecker checker(surroundings, workflow->templates_);
  Result<Json> output = checker.Check(config);
  if (!output.ok()) return std::move(output).error().Under("workflow " + config.name);
  workflow->output_schema_ = std::move(*output);
  Needs needs;
  Gather(config.nodes, needs);
  needs.models.insert("");
  for (const std::string& name : needs.models) {
    Result<std::string> id = find_model(name.empty() ? config.model : name);
    if (!id.ok()) return std::move(id).error().Under("workflow " + config.name);
    workflow->models_[name] = std::move(*id);
  }
  workflow->hears_from_outside_ = needs.runs_others;
  if (surroundings.tools) {
    for (const auto& tool : *surroundings.tools) {
      if (needs.tools.contains(tool->spec().name) && tool->spec().outside) workflow->hears_from_outside_ = true;
    }
  }
  workflow->config_ = std::move(config);
  return workflow;
}

Task<Result<AgentOutcome>> Workflow::Run(Call call, AgentWork work, const Agent& agent, Json input,
                                         StepScope scope) const {
  WorkflowRun run(*this, std::move(work), agent);
  co_return co_await run.Run(std::move(call), std::move(input), std::move(scope));
}

Result<void> Workflow::CheckInput(const Json& input) const {
  const auto read = InputOf(input);
  return read.ok() ? Result<void>() : Error(read.error());
}

Result<Json> Workflow::InputOf(const Json& input) const {
  if (config_.input_schema.is_null()) {
    TRY_VOID(CheckAgentInput(input));
    return input.is_array() ? Json(LastText(input)) : input;
  }
  TRY(auto schema, SchemaDocument::Parse(config_.input_schema));
  TRY(const auto violations, ValidateJson(schema, input, FormatPolicy::kAssert));
  if (violations.empty()) return input;
  // Whoever can only send texts may send one of JSON.
  const std::string text = input.is_string() ? input.AsString() : input.is_array() ? LastText(input) : std::string();
  if (auto parsed = Json::Parse(text); parsed.ok()) {
    TRY(const auto again, ValidateJson(std::move(schema), *parsed, FormatPolicy::kAssert));
    if (again.empty()) return std::move(*parsed);
    return Error::Invalid("input", again.front().Text());
  }
  return Error::Invalid("input", violations.front().Text());
}

}  // namespace atelier

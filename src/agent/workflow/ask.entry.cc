// ask: a model answers a prompt                                             [Building effective agents, "prompt
// chaining"]
//
// Of several models the first is asked first; where the gates refuse what it says, the next, so a cheap one answers
// what it can and a dear one the rest. With `retries` the same model is shown its answer and why it was refused.
#include <algorithm>

#include "agent/tool_calls.h"
#include "agent/workflow/node_entry.h"
#include "agent/workflow/schema_fit.h"
#include "base/text/json_schema.h"

namespace atelier {
namespace {

bool Is(const NodeConfig& node) { return node.ask.has_value(); }

int32_t NumModels(const AskConfig& ask) { return std::max<int32_t>(1, static_cast<int32_t>(ask.model.values.size())); }
int32_t Attempts(const NodeConfig& node) { return NumModels(*node.ask) * (1 + node.ask->retries); }
// Each model is asked 1 + retries times before the next.
size_t ModelOf(const AskConfig& ask, size_t attempt) { return attempt / static_cast<size_t>(1 + ask.retries); }

Result<Json> Check(WorkflowChecker& checker, const NodeConfig& node, const NameScope& scope) {
  const AskConfig& ask = *node.ask;
  for (const auto& [key, text] : {std::pair("prompt", &ask.prompt), std::pair("system", &ask.system)}) {
    auto checked = checker.Text(*text, scope);
    if (!checked.ok()) return std::move(checked).error().Under(key);
  }
  if (Attempts(node) > 1 && node.gates.empty()) {
    return Error::Invalid("", "got several models or retries, and no gates that could refuse an answer");
  }
  if (ask.output_schema.is_null()) return TypeSchema("string");
  auto schema = SchemaDocument::Parse(ask.output_schema);
  if (!schema.ok()) return std::move(schema).error().Under("output_schema");
  return ask.output_schema;
}

AgentConversation TalkOf(const AskConfig& ask, const NodeTurn& turn, const NodeValue& system, const NodeValue& prompt) {
  AgentConversation talk;
  std::string rules = system.value.AsString();
  if (prompt.outside) rules += (rules.empty() ? "" : "\n\n") + std::string(OutsideDataRule());
  if (!rules.empty()) talk.Add(AgentConversation::System(std::move(rules)));
  talk.Add(AgentConversation::User(prompt.value.AsString()));
  const size_t attempt = turn.refused.size();
  for (size_t i = 0; i < attempt; ++i) {
    if (ModelOf(ask, i) != ModelOf(ask, attempt)) continue;
    const RefusedOutput& refused = turn.refused[i];
    talk.Add(Json::Object({{"role", "assistant"}, {"content", refused.output}}));
    talk.Add(AgentConversation::User("That was refused: " + refused.why + ". Answer again."));
  }
  return talk;
}

Task<Result<NodeValue>> Run(Call call, NodeTurn turn) {
  const AskConfig& ask = *turn.node.ask;
  CO_TRY_VOID(co_await turn.run.CheckLimits(call, turn.path));
  CO_TRY(const NodeValue system, turn.run.templates().Prompt(ask.system, turn.scope));
  CO_TRY(const NodeValue prompt, turn.run.templates().Prompt(ask.prompt, turn.scope));
  const size_t model = ModelOf(ask, turn.refused.size());
  Agent speaker = turn.run.Speaker(ask.model.values.empty() ? "" : ask.model.values[model]);
  speaker.config.temperature = ask.temperature;
  const AgentConversation talk = TalkOf(ask, turn, system, prompt);
  ModelQuestion question{.path = turn.path, .conversation = talk, .output_schema = ask.output_schema};
  question.max_tokens = ask.max_tokens, question.quiet = !turn.run.IsLast(turn.node);
  auto asking = AskModel(call, turn.run.work(), speaker, std::move(question));
  CO_TRY(ModelAnswer answer, co_await asking);
  if (answer.timed_out) {
    LimitReached limit{"seconds", "the run's time at work is over"};
    co_return co_await turn.run.EndAtLimit(std::move(call), turn.path, std::move(limit));
  }
  if (answer.was_cut && !(ask.may_be_cut && ask.output_schema.is_null())) {
    Error cut = Refused("the answer was cut after " + std::to_string(answer.usage.completion_tokens) + " tokens");
    cut.where = answer.text;
    co_return cut;
  }
  NodeValue value{.value = std::move(answer.text)};
  if (!ask.output_schema.is_null()) {
    Result<Json> structured = Json::Parse(value.value.AsString());
    if (!structured.ok()) co_return std::move(structured).error().Under("the answer of " + speaker.config.model);
    value.value = std::move(*structured);
  }
  value.tainted_by = prompt.tainted_by;
  value.tainted_by.insert(system.tainted_by.begin(), system.tainted_by.end());
  co_return value;
}

std::string Label(const NodeConfig& node) {
  std::string models;
  for (const std::string& model : node.ask->model.values) models += (models.empty() ? "" : ", then ") + model;
  return models;
}

}  // namespace

extern const NodeEntry node_ask{
    .key = "ask", .is = Is, .check = Check, .run = Run, .label = Label, .attempts = Attempts};

}  // namespace atelier

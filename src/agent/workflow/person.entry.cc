// person: the run waits, for days if need be, until somebody answers: approve or reject, with a text.
#include "agent/workflow/node_entry.h"
#include "agent/workflow/schema_fit.h"

namespace atelier {
namespace {

bool Is(const NodeConfig& node) { return node.person.has_value(); }

Result<Json> Check(WorkflowChecker& checker, const NodeConfig& node, const NameScope& scope) {
  auto question = checker.Text(node.person->question, scope);
  if (!question.ok()) return std::move(question).error().Under("question");
  Json decision = Json::Object({{"enum", Json::Array({"approve", "reject"})}});
  return ObjectSchema({{"decision", std::move(decision)}, {"text", TypeSchema("string")}});
}

Task<Result<NodeValue>> Run(Call /*call*/, NodeTurn turn) {
  CO_TRY(NodeValue text, turn.run.templates().Text(turn.node.person->question, turn.scope));
  Json question = Json::Object({{"reason", "question"}, {"question", std::move(text.value)}});
  Result<Json> answer = co_await turn.run.work().log.AskPerson(turn.path, turn.node.name, question);
  if (!answer.ok()) {
    if (IsSuspended(answer.error())) turn.run.Tell(AgentEventType::kPersonAsked, turn.path, std::move(question));
    co_return std::move(answer).error();
  }
  const bool rejected = (*answer)["decision"] == Json("reject");
  const Json& said = rejected ? (*answer)["reason"] : (*answer)["text"];
  const std::string words = said.is_string() ? said.AsString() : std::string();
  if (rejected && turn.node.person->must_approve) {
    co_return Refused("a person rejected it" + (words.empty() ? std::string() : ": " + words));
  }
  // What a person says is theirs, whatever they were asked about.
  co_return NodeValue{.value = Json::Object({{"decision", rejected ? "reject" : "approve"}, {"text", words}})};
}

std::string Label(const NodeConfig& node) { return node.person->must_approve ? "must approve" : ""; }

}  // namespace

extern const NodeEntry node_person{.key = "person", .is = Is, .check = Check, .run = Run, .label = Label};

}  // namespace atelier

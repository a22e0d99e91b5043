#include "agent/guards.h"

#include <utility>

#include "base/io/sha256.h"
#include "base/text/ecma_regex.h"
#include "base/text/glob.h"
#include "base/text/json_schema_validator.h"

namespace atelier {
namespace {

bool LooksAt(const GuardConfig& guard, const GuardedText& text) {
  return guard.on == text.on && (text.on != "arguments" || GlobMatches(guard.tool, text.tool));
}

Result<std::string> JudgeSchema(const Json& schema, const std::string& text) {
  const auto value = Json::Parse(text);
  if (!value.ok()) return std::string("is no JSON: " + value.error().Message());
  TRY(auto document, SchemaDocument::Parse(schema));
  TRY(const auto violations, ValidateJson(std::move(document), *value, FormatPolicy::kAssert));
  return violations.empty() ? std::string() : violations.front().Text();
}

// Why it refuses; empty: it doesn't.
Result<std::string> Judge(const GuardConfig& guard, const std::string& text) {
  if (!guard.must_match.empty()) {
    TRY(const auto pattern, EcmaRegex::Compile(guard.must_match));
    TRY(const bool found, pattern.Search(text));
    if (!found) return std::string("does not match " + guard.must_match);
  }
  if (!guard.must_not_match.empty()) {
    TRY(const auto pattern, EcmaRegex::Compile(guard.must_not_match));
    TRY(const bool found, pattern.Search(text));
    if (found) return std::string("matches " + guard.must_not_match);
  }
  return guard.schema.is_null() ? Result<std::string>(std::string()) : JudgeSchema(guard.schema, text);
}

Task<Result<Performed>> Decide(Call call, AgentWork& work, const Agent& agent, std::string statement,
                               std::string text) {
  auto question =
      DecisionRequest::Of(agent.config.model, std::move(text), {DecisionQuestion::Predicate(std::move(statement))});
  CO_TRY(const Decision decision, co_await work.model.Decide(std::move(call), std::move(question)));
  if (decision.answers.size() != 1 || decision.answers[0].refused) {
    co_return Error::Unavailable("guard", "the model did not judge");
  }
  Performed performed{.result = Json(decision.answers[0].probability())};
  co_return performed;
}

Task<Result<std::string>> JudgeStatement(Call call, AgentWork& work, const Agent& agent, const GuardConfig& guard,
                                         std::string text, std::string path) {
  StepSpec spec{.path = std::move(path), .kind = RunStepKind::kDecision, .name = guard.name};
  spec.request = Json::Object({{"statement", guard.statement}, {"text", Sha256Hex(text)}});
  RunLog::Perform perform = [&](Call deciding) {
    return Decide(std::move(deciding), work, agent, guard.statement, text);
  };
  CO_TRY(const StepResult step, co_await work.log.Step(std::move(call), std::move(spec), std::move(perform)));
  work.meter.AddSeconds(step.seconds);
  const double likely = step.value.is_number() ? step.value.AsDouble() : 1;
  if (likely <= guard.at_most) co_return std::string();
  co_return "is judged '" + guard.statement + "' with " + Json(likely).Dump();
}

}  // namespace

Task<Result<std::optional<GuardRefusal>>> CheckGuards(Call call, AgentWork& work, const Agent& agent,
                                                      GuardedText text) {
  for (size_t i = 0; i < agent.config.guards.size(); ++i) {
    const GuardConfig& guard = agent.config.guards[i];
    if (!LooksAt(guard, text)) continue;
    Result<std::string> judged = Judge(guard, text.text);
    // What cannot be judged is refused: a guard that fails must not let through.
    std::string why = judged.ok() ? std::move(*judged) : "could not be judged: " + judged.error().Message();
    if (why.empty() && !guard.statement.empty()) {
      auto judging = JudgeStatement(call, work, agent, guard, text.text, text.path + ".g" + std::to_string(i));
      CO_TRY(why, co_await judging);
    }
    if (why.empty()) continue;
    work.Tell(agent, AgentEventType::kGuardRefused, text.path,
              Json::Object({{"guard", guard.name}, {"on", text.on}, {"why", why}}));
    co_return GuardRefusal{.guard = guard.name, .why = std::move(why), .ask = guard.then == "ask"};
  }
  co_return std::nullopt;
}

}  // namespace atelier

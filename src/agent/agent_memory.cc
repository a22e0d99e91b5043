#include "agent/agent_memory.h"

#include <utility>

#include "agent/react.h"
#include "agent/tool_calls.h"
#include "agent/tool_output.h"
#include "base/text/utf8.h"

namespace atelier {
namespace {

constexpr char kMemory[] = "memory";
constexpr size_t kMaxRecallBytes = 8'000;  // that is searched with

std::string LastUserText(const Json& input) {
  if (input.is_string()) return input.AsString();
  std::string text;
  for (const Json& message : input.items()) {
    if (message["role"] == Json("user") && message["content"].is_string()) text = message["content"].AsString();
  }
  return text;
}

// A memory that cannot be asked must not keep the agent from its work: that it could not is the step's result.
Task<Result<Performed>> Ask(Call call, AgentMemory& memory, MemoryScope scope, MemoryConfig config,
                            std::string question) {
  Json where = Json::Object({{"user", scope.user}, {"agent", scope.agent}, {"session", scope.session}});
  const Result<std::string> text =
      co_await memory.Before(std::move(call), std::move(scope), std::move(config), std::move(question));
  Json result = Json::Object({{"scope", std::move(where)}});
  text.ok() ? result.Set("text", *text) : result.Set("error", text.error().Message());
  Performed performed{.result = std::move(result)};
  co_return performed;
}

// As before: what cannot be recorded must not take the answer away.
Task<Result<Performed>> Tell(Call call, AgentMemory& memory, MemoryScope scope, std::vector<MemoryTurn> turns) {
  const auto num_turns = static_cast<int64_t>(turns.size());
  const Result<void> told = co_await memory.After(std::move(call), std::move(scope), std::move(turns));
  Json result = told.ok() ? Json::Object({{"recorded", num_turns}}) : Json::Object({{"error", told.error().Message()}});
  Performed performed{.result = std::move(result)};
  co_return performed;
}

MemoryTurn Said(std::string speaker, std::string text, std::string reference, int64_t said_ms) {
  MemoryTurn turn;
  turn.speaker = std::move(speaker), turn.text = std::move(text), turn.reference = std::move(reference);
  turn.said_ms = said_ms;
  return turn;
}

MemoryScope ReadScope(const Json& where) {
  const auto text = [&](const char* key) { return where[key].is_string() ? where[key].AsString() : std::string(); };
  return {.user = text("user"), .agent = text("agent"), .session = text("session")};
}

}  // namespace

MemoryScope MemoryScopeOf(const AgentConfig& agent, const std::string& principal, int64_t now_ms) {
  MemoryScope scope;
  scope.user = !agent.memory->user.empty() ? agent.memory->user : !principal.empty() ? principal : "me";
  scope.agent = agent.name;
  scope.session = !agent.memory->session.empty() ? agent.memory->session : UtcText(now_ms * 1'000'000).substr(0, 10);
  return scope;
}

Task<Result<AgentOutcome>> RunRemembering(Call call, AgentWork work, const Agent& agent, Json input, StepScope scope) {
  CO_TRY_VOID(CheckAgentInput(input));
  const MemoryConfig config = *agent.config.memory;
  AgentMemory& memory = *work.memory;
  RunLog& log = work.log;
  const Clock& clock = work.clock;
  const std::string question = LastUserText(input);
  const int64_t now_ms = clock.UnixNanos() / 1'000'000;
  const MemoryScope whose = MemoryScopeOf(agent.config, work.principal, now_ms);
  StepSpec recall{.path = scope.Next(), .kind = RunStepKind::kValue, .name = kMemory};
  recall.request = question;
  RunLog::Perform ask = [&](Call asking) {
    return Ask(std::move(asking), memory, whose, config, ReplaceInvalidUtf8(question.substr(0, kMaxRecallBytes)));
  };
  CO_TRY(const StepResult before, co_await log.Step(call, std::move(recall), std::move(ask)));
  const std::string remembered = before.value["text"].is_string() ? before.value["text"].AsString() : "";

  Agent remembering = agent;
  if (!remembered.empty()) {
    // What was said in earlier runs may repeat what came from outside then.
    work.tainted_by.insert(kMemory);
    std::string& instructions = remembering.config.instructions;
    instructions += (instructions.empty() ? "" : "\n\n") + std::string(OutsideDataRule()) +
                    "\n\nWhat is remembered of earlier conversations; the newest counts:\n" +
                    MarkedOutside(kMemory, remembered);
  }
  const std::string path = scope.Next();
  auto program = RunPolicy(call, std::move(work), remembering, std::move(input), StepScope::Within(scope.Next()));
  CO_TRY(AgentOutcome outcome, co_await program);
  if (outcome.status != RunStatus::kCompleted || question.empty() || outcome.text.empty()) co_return outcome;

  const MemoryScope told_to = ReadScope(before.value["scope"]);
  std::vector<MemoryTurn> turns = {Said(told_to.user, question, log.run_id() + "/asked", now_ms),
                                   Said(agent.config.name, outcome.text, log.run_id() + "/answered", now_ms)};
  StepSpec record{.path = path, .kind = RunStepKind::kValue, .name = kMemory};
  record.request = outcome.text;
  RunLog::Perform tell = [&](Call telling) { return Tell(std::move(telling), memory, told_to, turns); };
  CO_TRY_VOID(co_await log.Step(std::move(call), std::move(record), std::move(tell)));
  co_return outcome;
}

}  // namespace atelier

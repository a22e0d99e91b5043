#include "agent/agent_memory.h"

#include <utility>

#include "agent/memory/memory_store.h"
#include "agent/react.h"
#include "agent/tool_calls.h"
#include "agent/tool_output.h"
#include "base/io/sha256.h"
#include "base/text/utf8.h"

namespace atelier {
namespace {

constexpr char kMemory[] = "memory";
constexpr size_t kMaxRecallBytes = 8'000;  // that is searched with

std::string TextAt(const Json& json, std::string_view key) {
  return json[key].is_string() ? json[key].AsString() : std::string();
}

// What a message says, without instructions of the caller's that stand before it.
std::string SaidBy(const Json& message) { return TextAt(message, message.Has(kSaid) ? kSaid : "content"); }

AgentQuestion QuestionOf(const Json& input) {
  AgentQuestion question;
  if (input.is_string()) question.text = input.AsString();
  if (!input.is_array()) return question;
  int64_t last = -1;
  for (int64_t i = 0; i < input.size(); ++i) {
    if (input[i]["role"] == Json("user") && input[i]["content"].is_string()) last = i;
  }
  for (int64_t i = 0; i < input.size(); ++i) {
    std::string said = SaidBy(input[i]);
    if (i == last) {
      question.text = std::move(said);
    } else if (!said.empty()) {
      question.read.push_back(std::move(said));
    }
  }
  return question;
}

// By what a turn is known. One that stands after others is the same whenever it is asked; a text alone may be said
// twice.
std::string ReferenceOf(const RunLog& log, const std::string& path, const Json& input) {
  return input.is_array() && input.size() > 1 ? "turn_" + Sha256Hex(input.Dump()) : log.KeyOf(path);
}

// A memory that cannot be asked must not keep the agent from its work: that it could not is the step's result.
Task<Result<Performed>> Ask(Call call, AgentMemory& memory, MemoryScope scope, MemoryConfig config,
                            AgentQuestion question, std::string reference) {
  Json where = Json::Object({{"user", scope.user}, {"agent", scope.agent}, {"session", scope.session}});
  const Result<std::string> text =
      co_await memory.Before(std::move(call), std::move(scope), std::move(config), std::move(question));
  Json result = Json::Object({{"scope", std::move(where)}, {"reference", std::move(reference)}});
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

MemoryScope ReadScope(const Json& where) {
  return {.user = TextAt(where, "user"), .agent = TextAt(where, "agent"), .session = TextAt(where, "session")};
}

std::string FirstOf(std::initializer_list<std::string> names) {
  for (const std::string& name : names) {
    if (!name.empty()) return name;
  }
  return {};
}

// As a memory can call it, with a word behind it, however long its caller's name for it is.
std::string ShortName(const std::string& name) {
  constexpr size_t kWord = 16;
  return name.size() + kWord <= kMaxNameBytes && IsValidUtf8(name) ? name : Sha256Hex(name);
}

}  // namespace

MemoryScope MemoryScopeOf(const AgentConfig& agent, const RunOrigin& origin, int64_t now_ms) {
  MemoryScope scope;
  scope.user = FirstOf({agent.memory->user, origin.principal, "me"});
  scope.agent = agent.name.substr(0, agent.name.find('@'));
  scope.session =
      FirstOf({agent.memory->session, ShortName(origin.conversation), UtcText(now_ms * 1'000'000).substr(0, 10)});
  return scope;
}

Task<Result<AgentOutcome>> RunRemembering(Call call, AgentWork work, const Agent& agent, Json input, StepScope scope) {
  CO_TRY_VOID(CheckAgentInput(input));
  const MemoryConfig config = *agent.config.memory;
  AgentMemory& memory = *work.memory;
  RunLog& log = work.log;
  const Clock& clock = work.clock;
  AgentQuestion asked = QuestionOf(input);
  const std::string question = asked.text;
  const int64_t now_ms = clock.UnixNanos() / 1'000'000;
  const RunOrigin origin{work.principal, work.conversation};
  const MemoryScope whose = MemoryScopeOf(agent.config, origin, now_ms);
  StepSpec recall{.path = scope.Next(), .kind = RunStepKind::kValue, .name = kMemory};
  recall.request = question;
  const std::string reference = ReferenceOf(log, recall.path, input);
  asked.text = ReplaceInvalidUtf8(question.substr(0, kMaxRecallBytes));
  RunLog::Perform ask = [&](Call asking) { return Ask(std::move(asking), memory, whose, config, asked, reference); };
  CO_TRY(const StepResult before, co_await log.Step(call, std::move(recall), std::move(ask)));
  const std::string remembered = TextAt(before.value, "text");

  Agent remembering = agent;
  if (!remembered.empty()) {
    // What was said in earlier runs may repeat what came from outside then.
    work.tainted_by.insert(kMemory);
    std::string& instructions = remembering.config.instructions;
    instructions += (instructions.empty() ? "" : "\n\n") + std::string(OutsideDataRule()) +
                    "\n\nWhat is remembered of earlier conversations; the newest counts:\n" +
                    MarkedOutside(kMemory, remembered);
  }
  const std::string path = scope.Next(), within = scope.Next();
  auto program = RunPolicy(call, std::move(work), remembering, std::move(input), StepScope::Within(within));
  CO_TRY(AgentOutcome outcome, co_await program);
  if (outcome.status != RunStatus::kCompleted || question.empty() || outcome.text.empty()) co_return outcome;

  const MemoryScope told_to = ReadScope(before.value["scope"]);
  const std::string known_as = ShortName(FirstOf({TextAt(before.value, "reference"), reference}));
  std::vector<MemoryTurn> turns;
  const auto add = [&](const std::string& speaker, const std::string& text, const std::string& part) {
    if (text.empty()) return;
    turns.push_back({.speaker = speaker, .text = text, .said_ms = now_ms, .reference = known_as + "/" + part});
  };
  add(told_to.user, question, "asked");
  int64_t num_replies = 0;
  for (const RunLog::Reply& reply : log.replies()) {
    if (!reply.path.starts_with(within + ".")) continue;  // another agent's of the same run
    const std::string number = std::to_string(++num_replies);
    add(told_to.agent, reply.question, "question" + number);
    add(told_to.user, reply.answer, "reply" + number);
  }
  add(told_to.agent, outcome.text, "answered");
  // Of the first and the last alone: where a person had to be asked, the turn before the answer is a reply, and no
  // procedure is learnt from what was asked.
  if (log.KeyOf(within).size() <= kMaxNameBytes) turns.front().work = turns.back().work = log.KeyOf(within);
  StepSpec record{.path = path, .kind = RunStepKind::kValue, .name = kMemory};
  record.request = outcome.text;
  RunLog::Perform tell = [&](Call telling) { return Tell(std::move(telling), memory, told_to, turns); };
  CO_TRY_VOID(co_await log.Step(std::move(call), std::move(record), std::move(tell)));
  co_return outcome;
}

}  // namespace atelier

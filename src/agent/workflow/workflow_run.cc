#include "agent/workflow/workflow_run.h"

#include <algorithm>
#include <utility>

#include "agent/guards.h"
#include "agent/taint.h"
#include "agent/tool_calls.h"
#include "agent/workflow/node_entry.h"
#include "agent/workflow/workflow.h"
#include "base/task/for_each.h"

namespace atelier {
namespace {

constexpr char kEnded[] = "workflow_ended";
constexpr char kNodeRefused[] = "node_refused";
constexpr char kReplayEnd[] = "replay_end";  // RunLog's
constexpr char kLimit[] = "limit";           // the name of the step that ends a run, at its node's path and '!'
constexpr size_t kMaxToldBytes = 2000;       // of an output, in an event

GuardConfig GuardOf(const GateConfig& gate, const NodeConfig& node) {
  GuardConfig guard{.name = node.name, .on = "output"};
  guard.must_match = gate.must_match, guard.must_not_match = gate.must_not_match;
  guard.schema = gate.schema, guard.statement = gate.statement, guard.at_most = gate.at_most;
  return guard;
}

// What AgentOutcome::Body has said.
AgentOutcome OutcomeOf(const Json& body) {
  const auto text = [&](const char* key) { return body[key].is_string() ? body[key].AsString() : std::string(); };
  AgentOutcome outcome{.status = RunStatus::kLimited, .text = text("text"), .structured = body["structured"]};
  outcome.reason = text("reason"), outcome.what = text("what"), outcome.calls = body["calls"];
  outcome.citations = body["citations"];
  return outcome;
}

Error HasEnded() { return Error::Cancelled("", "the run has ended").WithCode(kEnded); }

Json Short(const Json& value) {
  const std::string text = TextOfValue(value);
  if (text.size() <= kMaxToldBytes) return value;
  size_t cut = kMaxToldBytes;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;
  return Json(text.substr(0, cut) + "…");
}

}  // namespace

Error Refused(std::string what) { return Error::Conflict("", std::move(what)).WithCode(kNodeRefused); }

const NodeEntry* KindOf(const NodeConfig& node) {
  const NodeEntry* found = nullptr;
  for (const NodeEntry* kind : NodeTypes()) {
    if (!kind->is(node)) continue;
    if (found) return nullptr;
    found = kind;
  }
  return found;
}

WorkflowRun::WorkflowRun(const Workflow& workflow, AgentWork work, const Agent& agent)
    : workflow_(workflow), work_(std::move(work)), agent_(agent) {}

const Templates& WorkflowRun::templates() const { return workflow_.templates(); }

Agent WorkflowRun::Speaker(const std::string& model) const {
  Agent speaker;
  speaker.config.name = agent_.config.name;
  speaker.config.model = workflow_.ModelOf(model);
  return speaker;
}

bool WorkflowRun::IsLast(const NodeConfig& node) const {
  const WorkflowConfig& config = workflow_.config();
  return config.output.is_null() && &config.nodes.back() == &node && node.gates.empty();
}

Task<Result<AgentOutcome>> WorkflowRun::Run(Call call, Json input, StepScope scope) {
  CO_TRY(Json variable, workflow_.InputOf(input));
  NodeScope top(scope.At(""));
  NodeValue given{.value = std::move(variable), .tainted_by = work_.tainted_by};
  given.outside = !given.tainted_by.empty();  // who asks may have put it into the words
  top.Set("input", std::move(given));
  auto running = RunList(std::move(call), workflow_.config().nodes, top);
  Result<NodeValue> last = co_await running;
  if (ended_) co_return *ended_;
  if (!last.ok()) co_return std::move(last).error();
  if (!workflow_.config().output.is_null()) {
    CO_TRY(*last, templates().Value(workflow_.config().output, top));
  }
  AgentOutcome outcome{.text = TextOfValue(last->value)};
  if (!last->value.is_string()) outcome.structured = std::move(last->value);
  co_return outcome;
}

Task<Result<NodeValue>> WorkflowRun::RunList(Call call, const std::vector<NodeConfig>& nodes, NodeScope& scope) {
  NodeValue last;
  for (const NodeConfig& node : nodes) {
    // Another branch has ended the run.
    if (is_ending_) co_return HasEnded();
    auto running = RunNode(call, node, scope);
    CO_TRY(last, co_await running);
    scope.Set(node.name, last);
  }
  co_return last;
}

Task<Result<NodeValue>> WorkflowRun::RunAlone(Call call, const NodeConfig& node, const NodeScope& around,
                                              std::string path) {
  NodeScope alone(around, path);
  if (is_ending_) co_return HasEnded();
  auto running = RunNode(std::move(call), node, alone);
  co_return co_await running;
}

Task<Result<NodeValue>> WorkflowRun::RunNode(Call call, const NodeConfig& node, NodeScope& scope) {
  const NodeEntry* kind = KindOf(node);
  const std::string first_path = scope.PathOf(node.name);
  const int64_t num_performed = work_.log.num_performed();
  const int32_t num_attempts = kind->attempts ? kind->attempts(node) : 1;
  std::vector<RefusedOutput> refused;
  Result<NodeValue> value = NodeValue{};
  for (int32_t i = 0; i < num_attempts; ++i) {
    const std::string path = i == 0 ? first_path : first_path + "." + std::to_string(i);
    auto attempt = Attempt(call, node, scope, path, refused);
    value = co_await attempt;
    if (value.ok() || value.error().code != kNodeRefused) break;
    refused.push_back({.output = value.error().where, .why = value.error().what});
  }
  if (!value.ok() && value.error().code == kNodeRefused) {
    auto instead = Instead(node, scope, first_path, value.error().what);
    value = co_await instead;
  }
  if (!value.ok()) co_return value;
  value->tainted_by.insert(scope.tainted_by().begin(), scope.tainted_by().end());
  last_text_ = TextOfValue(value->value);
  // A node that was told from the journal alone tells nothing, as its steps do not.
  if (work_.log.num_performed() > num_performed) {
    Json told = Json::Object({{"node", node.name}, {"kind", kind->key}, {"output", Short(value->value)}});
    Tell(AgentEventType::kNodeEnded, first_path, std::move(told));
  }
  co_return value;
}

// A refused output is the error's `where`, until RunNode has taken it.
Task<Result<NodeValue>> WorkflowRun::Attempt(Call call, const NodeConfig& node, NodeScope& scope, std::string path,
                                             std::vector<RefusedOutput> refused) {
  NodeTurn turn{*this, node, scope, path, std::move(refused)};
  auto running = KindOf(node)->run(call, std::move(turn));
  Result<NodeValue> given = co_await running;
  if (!given.ok() && given.error().code == kReplayEnd) co_return co_await EndedHere(call, path, given.error());
  CO_TRY(NodeValue value, std::move(given));
  auto looking = LookAt(std::move(call), node, scope, std::move(path), value);
  CO_TRY(const std::string why, co_await looking);
  if (why.empty()) co_return value;
  Error error = Refused(why);
  error.where = TextOfValue(value.value);
  co_return error;
}

Task<Result<std::string>> WorkflowRun::LookAt(Call call, const NodeConfig& node, NodeScope& scope, std::string path,
                                              NodeValue output) {
  for (size_t i = 0; i < node.gates.size(); ++i) {
    const GateConfig& gate = node.gates[i];
    std::string why;
    if (!gate.check.empty()) {
      NodeScope with_output(scope, path);
      with_output.Set("output", output);
      const Result<bool> fine = templates().IsTrue(gate.check, with_output);
      // What cannot be judged is refused.
      if (!fine.ok()) why = "cannot be checked: " + fine.error().Message();
      if (fine.ok() && !*fine) why = "does not keep " + gate.check;
    }
    if (why.empty()) {
      Agent judge = Speaker("");
      judge.config.guards = {GuardOf(gate, node)};
      GuardedText text{.on = "output", .text = TextOfValue(output.value)};
      text.path = path + (i == 0 ? "" : "." + std::to_string(i));
      const GuardConfig& guard = judge.config.guards[0];
      const bool looks = !guard.must_match.empty() || !guard.must_not_match.empty() || !guard.schema.is_null() ||
                         !guard.statement.empty();
      if (!looks) continue;
      auto checking = CheckGuards(call, work_, judge, std::move(text));
      CO_TRY(const std::optional<GuardRefusal> refusal, co_await checking);
      if (refusal) why = refusal->why;
    }
    if (!why.empty()) co_return gate.why.empty() ? "it " + why : gate.why;
  }
  co_return std::string();
}

Task<Result<NodeValue>> WorkflowRun::Instead(const NodeConfig& node, NodeScope& scope, std::string path,
                                             std::string why) {
  if (!node.otherwise.is_null()) co_return templates().Value(node.otherwise, scope);
  AgentOutcome outcome{.status = RunStatus::kRefused, .text = last_text_};
  outcome.reason = "node:" + node.name, outcome.what = path + ": " + why;
  co_return End(std::move(outcome));
}

Task<Result<std::vector<NodeValue>>> WorkflowRun::Beside(size_t num, size_t at_once, Op op) {
  std::vector<NodeValue> values(num);
  std::optional<Error> waits;  // or has come no further, in a replay: another may have ended the run
  const auto run_one = [&](size_t i) -> Task<Result<void>> {
    auto running = op(i);
    Result<NodeValue> value = co_await running;
    if (value.ok()) values[i] = std::move(*value);
    if (value.ok()) co_return Result<void>();
    if (!IsSuspended(value.error()) && value.error().code != kReplayEnd) co_return std::move(value).error();
    waits = std::move(value).error();
    co_return Result<void>();
  };
  auto all = ForEach(num, std::min(at_once, static_cast<size_t>(work_.meter.limits().max_parallel)), run_one);
  CO_TRY_VOID(co_await all);
  if (waits) co_return *waits;
  co_return values;
}

Task<Result<NodeValue>> WorkflowRun::RunOther(Call call, std::shared_ptr<const Agent> other, NodeValue input,
                                              std::string path) {
  if (work_.depth >= work_.meter.limits().max_depth) {
    LimitReached limit{"depth", "agents ask agents " + std::to_string(work_.depth) + " deep already"};
    co_return co_await EndAtLimit(std::move(call), std::move(path), std::move(limit));
  }
  AgentWork work = work_;
  ++work.depth;
  work.tainted_by.insert(input.tainted_by.begin(), input.tainted_by.end());
  // Its words are not the run's answer: who follows the run sees what it does, and reads them when they are all there.
  work.emit = [emit = work_.emit](const AgentEvent& event) {
    if (emit && event.type != AgentEventType::kText && event.type != AgentEventType::kReasoning) emit(event);
  };
  if (!other->program) input.value = TextOfValue(input.value);
  auto running = RunAgent(call, std::move(work), *other, input.value, StepScope::Within(path));
  Result<AgentOutcome> come = co_await running;
  if (!come.ok() && come.error().code == kReplayEnd) co_return co_await EndedHere(call, path, come.error());
  CO_TRY(AgentOutcome outcome, std::move(come));
  if (outcome.status == RunStatus::kLimited) {
    co_return co_await EndAtLimit(std::move(call), std::move(path), std::move(outcome));
  }
  if (outcome.status != RunStatus::kCompleted) {
    co_return Refused(other->config.name + " was " + std::string(RunStatusName(outcome.status)) + ": " + outcome.what);
  }
  input.value = outcome.structured.is_null() ? Json(std::move(outcome.text)) : std::move(outcome.structured);
  input.outside = HearsFromOutside(*other);
  if (input.outside) input.tainted_by.insert(other->config.name);
  co_return input;
}

Error WorkflowRun::End(AgentOutcome outcome) {
  is_ending_ = true;
  if (!ended_) ended_ = std::move(outcome);
  return HasEnded();
}

Task<Error> WorkflowRun::EndAtLimit(Call call, std::string path, AgentOutcome outcome) {
  if (is_ending_) co_return HasEnded();  // of several branches the first says so
  // Where nothing was performed this may be a replay, in which each branch has to look whether it was the one.
  is_ending_ = work_.log.num_performed() > 0;
  StepSpec spec{.path = path + "!", .kind = RunStepKind::kValue, .name = kLimit};
  Performed performed{.result = outcome.Body()};
  RunLog::Perform perform = [&](Call) -> Task<Result<Performed>> { co_return performed; };
  auto stepping = work_.log.Step(std::move(call), std::move(spec), std::move(perform));
  Result<StepResult> step = co_await stepping;
  if (step.ok()) co_return End(OutcomeOf(step->value));
  is_ending_ = ended_.has_value();
  co_return std::move(step).error();
}

Task<Error> WorkflowRun::EndAtLimit(Call call, std::string path, LimitReached limit) {
  AgentOutcome outcome = LimitedOutcome(limit, last_text_, {});
  co_return co_await EndAtLimit(std::move(call), std::move(path), std::move(outcome));
}

Task<Error> WorkflowRun::EndedHere(Call call, std::string path, Error error) {
  AgentOutcome unknown;  // a replay performs nothing: it is the journal's, or an error
  Error ended = co_await EndAtLimit(std::move(call), std::move(path), std::move(unknown));
  co_return ended.code == kReplayEnd ? error : ended;
}

Task<Result<void>> WorkflowRun::CheckLimits(Call call, std::string path) {
  const auto limit = work_.meter.Reached();
  if (!limit) co_return Result<void>();
  Error error = co_await EndAtLimit(std::move(call), std::move(path), *limit);
  // In a replay branches come by in another order: this one went on.
  if (error.code == kReplayEnd) co_return Result<void>();
  co_return error;
}

}  // namespace atelier

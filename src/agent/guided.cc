#include "agent/guided.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <utility>

#include "agent/arguments.h"
#include "agent/choose.h"
#include "agent/guarded.h"
#include "agent/limit_step.h"
#include "agent/model_step.h"
#include "agent/react.h"
#include "agent/run_tools.h"
#include "agent/shown_tools.h"
#include "agent/tool_calls.h"
#include "agent/tool_output.h"

namespace atelier {
namespace {

constexpr char kAnswerAtOnce[] = "answer";
constexpr size_t kMaxMaterialBytes = 6000;  // some 1,500 tokens, of a context of 8,192

std::string TextOf(const Json& value) { return value.is_string() ? value.AsString() : std::string(); }

std::set<std::string> Numbers(std::string_view text) {
  std::set<std::string> numbers;
  for (size_t at = 0; at < text.size();) {
    if (std::isdigit(static_cast<unsigned char>(text[at])) == 0) {
      ++at;
      continue;
    }
    std::string number;
    while (at < text.size() &&
           (std::isdigit(static_cast<unsigned char>(text[at])) != 0 || text[at] == '.' || text[at] == ',')) {
      if (text[at] != ',') number += text[at];
      ++at;
    }
    while (number.ends_with('.')) number.pop_back();
    numbers.insert(std::move(number));
  }
  return numbers;
}

// Whether an answer says what the tools said: every number of it is theirs or the task's, and where they gave numbers
// that the task had not, it has one of these.
bool KeepsTo(std::string_view answer, std::string_view material, std::string_view task) {
  const std::set<std::string> said = Numbers(answer), given = Numbers(material), asked = Numbers(task);
  const auto is_known = [&](const std::string& number) { return given.contains(number) || asked.contains(number); };
  const auto is_news = [&](const std::string& number) { return !asked.contains(number); };
  if (!std::ranges::all_of(said, is_known)) return false;
  return std::ranges::none_of(given, is_news) || std::ranges::any_of(said, is_news);
}

class GuidedRun {
 public:
  GuidedRun(AgentWork work, const Agent& agent, StepScope scope)
      : work_(std::move(work)), agent_(agent), scope_(std::move(scope)) {
    history_.tainted_by = work_.tainted_by;
  }

  Task<Result<AgentOutcome>> Run(Call call, Json input) {
    CO_TRY_VOID(CheckAgentInput(input));
    const auto many = HasManyTools(agent_) ? std::make_shared<const Agent>(agent_) : nullptr;
    CO_TRY(AgentTools own, MakeRunTools(work_, agent_, history_, handoff_));
    agent_.tools.insert(agent_.tools.end(), own.begin(), own.end());
    task_ = TaskOf(input);
    CO_TRY(const auto refused, co_await GuardText(call, work_, agent_, "input", task_, scope_.Next()));
    if (refused) co_return *refused;
    if (many) {
      auto finding = FindTools(call, work_, *many, scope_.Next(), task_, many->config.show_tools);
      CO_TRY(const std::vector<std::string> fitting, co_await finding);
      for (const auto& tool : many->tools) {
        if (std::ranges::find(fitting, tool->spec().name) == fitting.end()) hidden_.insert(tool->spec().name);
      }
    }
    for (int32_t round = 0; round < agent_.config.guided.rounds; ++round) {
      CO_TRY(const auto limit, co_await MeetLimit(call, work_, scope_.Coming(), work_.meter.Reached()));
      if (limit) co_return Limited(*limit);
      CO_TRY(AgentTool * tool, co_await ChooseTool(call));
      if (!tool) break;
      CO_TRY(const bool called, co_await CallTool(call, *tool));
      if (limit_) co_return Limited(*limit_);
      if (handoff_.to) co_return co_await HandOver(call, std::move(input));
      if (!called) continue;
      CO_TRY(const bool enough, co_await IsEnough(call));
      if (enough) break;
    }
    CO_TRY(const auto limit, co_await MeetLimit(call, work_, scope_.Coming(), work_.meter.Reached()));
    if (limit) co_return Limited(*limit);
    co_return co_await Answer(call);
  }

 private:
  // Null: it is time to answer.
  Task<Result<AgentTool*>> ChooseTool(Call call) {
    ChoiceQuestion question{.path = scope_.Next(), .name = "tool", .text = task_};
    question.instructions = "What has to be done?";
    std::vector<AgentTool*> left;
    for (const auto& tool : agent_.tools) {
      if (used_.contains(tool->spec().name) || hidden_.contains(tool->spec().name)) continue;
      left.push_back(tool.get());
      question.options.push_back({.value = tool->spec().name, .description = tool->spec().description});
    }
    if (left.empty()) co_return nullptr;
    question.options.push_back(
        {.value = kAnswerAtOnce, .description = "just answer or chat, without looking anything up"});
    question.options.back().others = {"say hello, thank you or goodbye",
                                      "a question of general knowledge, such as a capital",
                                      "write a poem, a joke or a letter"};
    auto choosing = ChooseByMeaning(std::move(call), work_, agent_, std::move(question));
    CO_TRY(const Chosen chosen, co_await choosing);
    const bool sure = chosen.probabilities[chosen.index] >= agent_.config.guided.tool_at_least;
    co_return sure&& chosen.index < left.size() ? left[chosen.index] : nullptr;
  }

  // Whether it gave something.
  Task<Result<bool>> CallTool(Call call, AgentTool& tool) {
    const std::string name = tool.spec().name;
    used_.insert(name);
    auto filling = FillArguments(call, work_, agent_, tool.spec(), task_, StepScope::Within(scope_.Next()));
    CO_TRY(const std::optional<Json> arguments, co_await filling);
    if (!arguments) co_return false;  // nothing in the task fits
    std::vector<GatheredCall> calls(1);
    calls[0].id = "call_" + std::to_string(used_.size()), calls[0].name = name;
    calls[0].arguments = arguments->Dump();
    auto calling = CallTools(call, work_, agent_, history_, scope_.Next(), std::move(calls));
    CO_TRY(CallsAnswered answered, co_await calling);
    limit_ = answered.limit;
    if (limit_) co_return false;
    const Json& made = history_.made[history_.made.size() - 1];
    const std::string said = TextOf(answered.messages[0]["content"]);
    if (made["is_error"] == Json(true)) {
      failures_ += (failures_.empty() ? "" : "\n") + said;
      co_return false;
    }
    material_ += (material_.empty() ? "" : "\n\n") + said.substr(0, kMaxMaterialBytes);
    raw_ += (raw_.empty() ? "" : "\n\n") + TextOf(answered.plain[0]).substr(0, kMaxMaterialBytes);
    co_return true;
  }

  // The other does the task by its own policy, with what is left of the limits.
  Task<Result<AgentOutcome>> HandOver(Call call, Json input) {
    if (work_.depth >= work_.meter.limits().max_depth) {
      co_return Limited({"depth", "it was handed on " + std::to_string(work_.depth) + " times"});
    }
    const std::shared_ptr<const Agent> other = std::exchange(handoff_.to, nullptr);
    AgentWork work = work_;
    ++work.depth;
    work.tainted_by = history_.tainted_by;
    auto going_on = RunAgent(call, std::move(work), *other, std::move(input), StepScope::Within(scope_.Next()));
    co_return co_await going_on;
  }

  Task<Result<bool>> IsEnough(Call call) {
    if (used_.size() + hidden_.size() == agent_.tools.size()) co_return true;
    ChoiceQuestion question{.path = scope_.Next(), .name = "enough"};
    question.text = "Question: " + task_ + "\n\n" + material_;
    question.instructions = "The text above answers the question.";
    auto judging = Judge(std::move(call), work_, agent_, std::move(question));
    CO_TRY(const double likely, co_await judging);
    co_return likely >= agent_.config.guided.enough_at_least;
  }

  Task<Result<AgentOutcome>> Answer(Call call) {
    if (material_.empty() && !failures_.empty()) {
      co_return AgentOutcome{.text = "I could not do this. " + failures_};
    }
    AgentConversation talk;
    std::string system = agent_.config.instructions;
    if (!history_.tainted_by.empty()) system += (system.empty() ? "" : "\n\n") + std::string(OutsideDataRule());
    if (!system.empty()) talk.Add(AgentConversation::System(std::move(system)));
    talk.Add(AgentConversation::User(
        material_.empty() ? task_ : material_ + "\n\nQuestion: " + task_ + "\nAnswer in one or two sentences."));
    ModelQuestion question{.path = scope_.Next(), .conversation = talk, .output_schema = agent_.config.output_schema};
    question.max_tokens = agent_.config.max_answer_tokens, question.quiet = true;
    auto asking = AskModel(call, work_, agent_, std::move(question));
    CO_TRY(const ModelAnswer answer, co_await asking);
    if (answer.timed_out) co_return Limited({"seconds", "the run's time at work is over"});
    AgentOutcome outcome{.text = answer.text};
    if (!agent_.config.output_schema.is_null()) {
      Result<Json> structured = Json::Parse(answer.text);
      if (!structured.ok() || answer.was_cut) co_return Limited({"answer_tokens", "the answer was cut"});
      outcome.structured = std::move(*structured);
    } else if (!raw_.empty() && (answer.was_cut || answer.text.empty() || HasOutsideMarks(answer.text) ||
                                 !KeepsTo(answer.text, raw_, task_))) {
      outcome.text = raw_;
    }
    CO_TRY(const auto refused, co_await GuardText(call, work_, agent_, "output", outcome.text, scope_.Next()));
    co_return refused ? *refused : outcome;
  }

  AgentOutcome Limited(const LimitReached& limit) const { return LimitedOutcome(limit, raw_, history_); }

  AgentWork work_;
  Agent agent_;
  StepScope scope_;
  CallHistory history_;
  Handoff handoff_;
  std::string task_;
  std::string material_, raw_;  // what tools gave, as the model reads it and as it was
  std::string failures_;
  std::set<std::string> used_, hidden_;  // tools
  std::optional<LimitReached> limit_;
};

}  // namespace

Task<Result<AgentOutcome>> RunGuided(Call call, AgentWork work, const Agent& agent, Json input, StepScope scope) {
  GuidedRun run(std::move(work), agent, std::move(scope));
  co_return co_await run.Run(std::move(call), std::move(input));
}

}  // namespace atelier

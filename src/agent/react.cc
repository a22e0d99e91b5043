#include "agent/react.h"

#include <utility>

#include "agent/compaction.h"
#include "agent/guarded.h"
#include "agent/limit_step.h"
#include "agent/model_step.h"
#include "agent/run_tools.h"
#include "agent/shown_tools.h"
#include "agent/taint.h"
#include "agent/tool_calls.h"
#include "agent/tool_output.h"

namespace atelier {
namespace {

Result<void> AddInput(AgentConversation& talk, const Json& input, std::string& last_text) {
  TRY_VOID(CheckAgentInput(input));
  if (input.is_string()) {
    last_text = input.AsString();
    talk.Add(AgentConversation::User(last_text));
    return {};
  }
  for (const Json& message : input.items()) {
    if (message["content"].is_string()) last_text = message["content"].AsString();
    Json shown = message;
    shown.Erase(kSaid);
    talk.Add(std::move(shown));
  }
  return {};
}

std::string Instructions(const Agent& agent) {
  std::string text = agent.config.instructions;
  for (const auto& tool : agent.tools) {
    if (!tool->spec().outside) continue;
    return text + (text.empty() ? "" : "\n\n") + std::string(OutsideDataRule());
  }
  return text;
}

Tool ShownTool(const ToolSpec& spec) {
  Json function =
      Json::Object({{"name", spec.name}, {"description", spec.description}, {"parameters", spec.parameters}});
  Tool tool;
  tool.name = spec.name;
  tool.definition = Json::Object({{"type", "function"}, {"function", std::move(function)}});
  tool.parameters = spec.parameters;
  return tool;
}

class ReactRun {
 public:
  ReactRun(AgentWork work, const Agent& agent, StepScope scope)
      : work_(std::move(work)), agent_(agent), scope_(std::move(scope)) {
    history_.tainted_by = work_.tainted_by;
  }

  Task<Result<AgentOutcome>> Run(Call call, Json input) {
    CO_TRY_VOID(TakeTools());
    std::string text;
    if (const std::string system = Instructions(agent_); !system.empty()) {
      talk_.Add(AgentConversation::System(system));
    }
    CO_TRY_VOID(AddInput(talk_, input, text));
    task_ = text;
    num_fixed_ = talk_.size();
    CO_TRY(const auto refused, co_await GuardText(call, work_, agent_, "input", std::move(text), scope_.Next()));
    if (refused) co_return *refused;
    CO_TRY(const int64_t compact_above, co_await CompactAbove(call, work_, agent_, scope_.Next()));
    CO_TRY_VOID(co_await ChooseShown(call));
    while (true) {
      CO_TRY(const auto limit, co_await MeetLimit(call, work_, scope_.Coming(), work_.meter.Reached()));
      if (limit) co_return Limited(*limit);
      CO_TRY(ModelAnswer answer, co_await Ask(call));
      if (answer.timed_out) co_return Limited({"seconds", "the run's time at work is over"});
      last_text_ = answer.text;
      talk_.Add(AssistantMessage(answer));
      if (answer.calls.empty()) co_return co_await Finish(call, std::move(answer));
      CO_TRY(CallsAnswered answered, co_await CallTools(call, work_, agent_, history_, scope_.Next(), answer.calls));
      if (answered.limit) co_return Limited(*answered.limit);
      for (Json& message : answered.messages) talk_.Add(std::move(message));
      if (handoff_.to) {
        CO_TRY_VOID(BecomeTheOther());
        CO_TRY_VOID(co_await ChooseShown(call));
      }
      const int64_t tokens = answer.usage.prompt_tokens + answer.usage.completion_tokens;
      if (compact_above > 0 && tokens > compact_above) {
        CO_TRY_VOID(co_await Compact(call, work_, agent_, talk_, num_fixed_, scope_.Next()));
      }
    }
  }

 private:
  // The run's own tools beside the agent's; the last is shown only where there is something to read.
  Result<void> TakeTools() {
    many_ = HasManyTools(agent_) ? std::make_shared<const Agent>(agent_) : nullptr;
    TRY(AgentTools own, MakeRunTools(work_, agent_, history_, handoff_));
    agent_.tools.insert(agent_.tools.end(), own.begin(), own.end());
    if (many_) agent_.tools.push_back(MakeFindTools(work_, many_, shown_));
    agent_.tools.push_back(MakeReadResult(work_.journal, work_.pool, agent_.config.max_result_bytes));
    return {};
  }

  // Of many tools, those that fit the task.
  Task<Result<void>> ChooseShown(Call call) {
    shown_.clear(), own_.clear();
    if (!many_) co_return Result<void>();
    for (const auto& tool : many_->tools) own_.insert(tool->spec().name);
    auto finding = FindTools(std::move(call), work_, *many_, scope_.Next(), task_, many_->config.show_tools);
    CO_TRY(const std::vector<std::string> names, co_await finding);
    shown_.insert(names.begin(), names.end());
    co_return Result<void>();
  }
  bool IsShown(const AgentTool& tool) const {
    return !own_.contains(tool.spec().name) || shown_.contains(tool.spec().name);
  }

  // The conversation goes on under the other's instructions, with the other's tools.
  Result<void> BecomeTheOther() {
    agent_ = *std::exchange(handoff_.to, nullptr);
    history_.tainted_by.merge(TaintBeforehand(agent_, Json()));
    const Json messages = talk_.messages();
    talk_ = {};
    const std::string system = Instructions(agent_);
    const bool had_system = messages[0]["role"] == Json("system");
    if (!system.empty()) talk_.Add(AgentConversation::System(system));
    num_fixed_ += (system.empty() ? 0 : 1);
    num_fixed_ -= (had_system ? 1 : 0);
    for (int64_t i = had_system ? 1 : 0; i < messages.size(); ++i) talk_.Add(messages[i]);
    return TakeTools();
  }

  Task<Result<ModelAnswer>> Ask(Call call) {
    ModelQuestion question{.path = scope_.Next(), .conversation = talk_};
    for (const auto& tool : agent_.tools) {
      if (!IsShown(*tool)) continue;
      if (tool != agent_.tools.back() || history_.has_handles) question.tools.tools.push_back(ShownTool(tool->spec()));
    }
    question.output_schema = agent_.config.output_schema;
    question.max_tokens = agent_.config.max_answer_tokens;
    auto asking = AskModel(std::move(call), work_, agent_, std::move(question));
    co_return co_await asking;
  }

  Task<Result<AgentOutcome>> Finish(Call call, ModelAnswer answer) {
    CO_TRY(const auto refused, co_await GuardText(call, work_, agent_, "output", answer.text, scope_.Next()));
    if (refused) co_return *refused;
    AgentOutcome outcome{.text = answer.text};
    if (answer.was_cut) {
      co_return Limited(
          {"answer_tokens", "the answer was cut after " + std::to_string(answer.usage.completion_tokens) + " tokens"});
    }
    if (!agent_.config.output_schema.is_null()) {
      Result<Json> structured = Json::Parse(answer.text);
      if (!structured.ok()) co_return std::move(structured).error().Under("the answer of " + agent_.config.model);
      outcome.structured = std::move(*structured);
    }
    co_return outcome;
  }

  AgentOutcome Limited(const LimitReached& limit) const { return LimitedOutcome(limit, last_text_, history_); }

  AgentWork work_;
  Agent agent_;
  StepScope scope_;
  AgentConversation talk_;
  size_t num_fixed_ = 0;  // messages that are never summed up: the instructions and the task
  CallHistory history_;
  Handoff handoff_;
  std::shared_ptr<const Agent> many_;  // with its own tools alone; null: all are shown
  std::set<std::string> own_, shown_;  // of many_: all names, and those that are shown
  std::string task_, last_text_;
};

}  // namespace

std::string TaskOf(const Json& input) {
  if (input.is_string()) return input.AsString();
  std::string task;
  for (const Json& message : input.items()) {
    if (message["role"] == Json("user") && message["content"].is_string()) task = message["content"].AsString();
  }
  return task;
}

Result<void> CheckAgentInput(const Json& input) {
  if (input.is_string() && !input.AsString().empty()) return {};
  if (!input.is_array() || input.empty()) {
    const std::string got = input.is_string() ? "an empty text" : std::string(input.TypeName());
    return Error::Invalid("input", "got " + got + ", want a text or messages");
  }
  for (int64_t i = 0; i < input.size(); ++i) {
    const std::string where = "input[" + std::to_string(i) + "]";
    const Json& role = input[i]["role"];
    if (role != Json("user") && role != Json("assistant") && role != Json("tool")) {
      return Error::Invalid(where + ".role", "got " + role.Dump().substr(0, 64) + ", want user, assistant or tool");
    }
    const Json& content = input[i]["content"];
    if (!content.is_string() && !content.is_array() && !input[i].Has("tool_calls")) {
      return Error::Invalid(where + ".content", "got " + std::string(content.TypeName()) + ", want a text or parts");
    }
  }
  return {};
}

Task<Result<AgentOutcome>> RunReact(Call call, AgentWork work, const Agent& agent, Json input, StepScope scope) {
  ReactRun run(std::move(work), agent, std::move(scope));
  co_return co_await run.Run(std::move(call), std::move(input));
}

}  // namespace atelier

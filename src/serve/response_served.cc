#include "serve/response_served.h"

#include <utility>

#include "agent/run_tools.h"
#include "app/agent_library.h"
#include "base/task/pool.h"

namespace atelier {
namespace {

constexpr std::string_view kApproval = "mcpr_", kCall = "call_";  // before the ids of questions

std::string Word(const Json& object, std::string_view key) {
  return object[key].is_string() ? object[key].AsString() : std::string();
}

ResponseWriter::McpCallStart StartOf(const ServedCall& call) {
  ResponseWriter::McpCallStart start{call.server, call.name, call.arguments};
  if (!call.approval.empty()) start.approval_request_id = std::string(kApproval) + call.approval;
  return start;
}

// The run and the step that an id names; nothing: it names none.
std::optional<std::pair<std::string, std::string>> QuestionOf(std::string_view id, std::string_view prefix) {
  if (!id.starts_with(prefix)) return std::nullopt;
  id.remove_prefix(prefix.size());
  const size_t dot = id.find('.');
  if (!id.starts_with("run_") || dot == std::string_view::npos) return std::nullopt;
  return std::pair(std::string(id.substr(0, dot)), std::string(id.substr(dot + 1)));
}

// What an item answers.
std::optional<std::pair<std::string, std::string>> AnsweredBy(const Json& item) {
  const std::string type = Word(item, "type");
  if (type == "mcp_approval_response") return QuestionOf(Word(item, "approval_request_id"), kApproval);
  if (type == "function_call_output") return QuestionOf(Word(item, "call_id"), kCall);
  return std::nullopt;
}

bool IsServed(const Json& item) {
  const std::string type = Word(item, "type");
  const bool is_question = type == "function_call" && QuestionOf(Word(item, "call_id"), kCall).has_value();
  return is_question || type.starts_with("mcp_") || AnsweredBy(item).has_value();
}

PersonAnswer AnswerIn(const Json& item) {
  PersonAnswer answer;
  if (item["type"] == Json("function_call_output")) {
    answer.text = Word(item, "output");
  } else {
    answer.decision = item["approve"] == Json(true) ? "approve" : "reject";
    answer.reason = Word(item, "reason");
  }
  return answer;
}

}  // namespace

std::vector<Json> ServedCalls::Take(const GenerationEvent& event) {
  const auto* delta = std::get_if<GenerationDelta>(&event);
  if (serving_ == nullptr) return writer_.Take(event);
  if (delta == nullptr) {
    Release();
    Write(event);
  } else if (delta->text.empty() && delta->reasoning.empty() && !serving_->calls.empty()) {
    ServedCall call = std::move(serving_->calls.front());
    serving_->calls.pop_front();
    TakeCall(std::move(call));
  } else {
    TakeDelta(*delta);
  }
  return std::exchange(events_, {});
}

void ServedCalls::TakeDelta(const GenerationDelta& delta) {
  if (open_.empty()) return Write(delta);
  held_.emplace_back(delta);
}

void ServedCalls::TakeCall(ServedCall call) {
  using State = ServedCall::State;
  if (call.state == State::kWantsApproval || call.state == State::kAsksPerson) return Ask(call);
  if (call.state == State::kBegun) {
    if (!open_.empty()) return;  // told as a whole, when it has ended
    open_ = call.id;
    return Add(writer_.BeginMcpCall(StartOf(call)));
  }
  if (!open_.empty() && call.id != open_) {
    held_.emplace_back(std::move(call));
    return;
  }
  if (open_.empty()) Add(writer_.BeginMcpCall(StartOf(call)));
  const bool failed = call.state == State::kFailed;
  Json error;
  if (failed) {
    Json text = Json::Object({{"type", "text"}, {"text", call.output}});
    error = Json::Object({{"type", "mcp_tool_execution_error"}, {"content", Json::Array({std::move(text)})}});
  }
  Add(writer_.EndMcpCall(failed ? Json() : Json(call.output), std::move(error)));
  Release();
}

// A run that asks ends here for now, and so does a call within which it asked.
void ServedCalls::Ask(const ServedCall& call) {
  Release();
  if (!call.output.empty()) {
    GenerationDelta why;
    why.text = call.output;
    Write(why);
  }
  if (call.state == ServedCall::State::kWantsApproval) {
    return Add(writer_.AskApproval(StartOf(call), std::string(kApproval) + call.id));
  }
  GenerationDelta asked;
  ToolCallDelta question;
  question.index = num_questions_++, question.id = std::string(kCall) + call.id, question.name = call.name;
  question.arguments = call.arguments;
  asked.tool_calls.push_back(std::move(question));
  Write(asked);
}

void ServedCalls::Release() {
  open_.clear();
  for (Held& held : std::exchange(held_, {})) {
    if (auto* call = std::get_if<ServedCall>(&held)) {
      TakeCall(std::move(*call));
    } else {
      TakeDelta(std::get<GenerationDelta>(held));
    }
  }
}

Result<std::optional<RunAnswers>> TakeRunAnswers(const Json& input, std::vector<Json>& items) {
  std::erase_if(items, IsServed);
  RunAnswers answers;
  bool any_others = false;
  for (const Json& item : input.items()) {
    const auto answered = AnsweredBy(item);
    any_others = any_others || !answered;
    if (!answered) continue;
    if (!answers.answers.empty() && answers.run_id != answered->first) {
      return Error::Invalid("input", "got answers to several runs, want those of one").WithCode("invalid_value");
    }
    answers.run_id = answered->first;
    answers.answers.push_back({answered->second, AnswerIn(item)});
  }
  if (answers.answers.empty()) return std::optional<RunAnswers>();
  if (any_others) {
    return Error::Invalid("input", "got answers to a run that waits beside other items, want the answers alone")
        .WithCode("invalid_value");
  }
  if (items.empty()) items.push_back(Json::Object({{"type", "message"}, {"role", "user"}, {"content", "(answered)"}}));
  return std::optional(std::move(answers));
}

Task<Result<AgentServing::AnsweredRun>> AnswerRun(App& app, RunAnswers answers, std::string principal) {
  auto get = [&app, &answers] { return app.agents().journal().Get(answers.run_id); };
  auto getting = OnPool(app.pool(), get);
  const Result<RunRow> run = co_await getting;
  if (!run.ok() || run->principal != principal) {
    co_return Error::NotFound("input", "approval_request_id: got that of the run '" + answers.run_id.substr(0, 64) +
                                           "', want that of a run that waits")
        .WithCode("invalid_value");
  }
  AgentServing::AnsweredRun answered;
  answered.id = answers.run_id;
  for (RunAnswers::One& one : answers.answers) {
    one.answer.by = principal;
    CO_TRY_VOID(co_await app.agents().runs().Answer(answers.run_id, one.step, std::move(one.answer)));
    answered.steps.push_back(std::move(one.step));
  }
  co_return answered;
}

}  // namespace atelier

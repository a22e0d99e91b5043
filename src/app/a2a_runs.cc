#include "app/a2a_runs.h"

#include <algorithm>
#include <utility>

#include "agent/protocol/a2a_error.h"
#include "app/agent_library.h"
#include "base/text/base64.h"
#include "base/text/utf8.h"

namespace atelier {
namespace {

constexpr char kAnswer[] = "answer";            // the artifact's id and name
constexpr size_t kMaxEarlierBytes = 64 << 10;   // of a conversation, told to a new run
constexpr size_t kMaxInputBytes = 4 << 20;      // of a message, as the run is given it
constexpr size_t kMaxQuestionBytes = 16 << 10;  // of a call that is to be approved, told to the client

bool IsText(std::string_view media_type) {
  return media_type.empty() || media_type.starts_with("text/") || media_type == "application/json";
}

// What a part says to a model. Errors: it is nothing that can be read here.
Result<std::string> Read(const A2aPart& part) {
  const std::string type = part.media_type.value_or(std::string());
  if (part.text) return *part.text;
  if (!part.data.is_null()) return part.data.Dump();
  if (part.raw && IsText(type)) {
    TRY(std::string bytes, Base64Decode(*part.raw));
    if (IsValidUtf8(bytes)) return part.filename ? *part.filename + ":\n" + bytes : bytes;
  }
  return A2aError(a2a_reason::kContentType, "message.parts",
                  part.url ? "got a file by its URL, want its content"
                           : "got a file of type '" + type.substr(0, 64) + "', want text or JSON");
}
Result<std::string> Read(const A2aMessage& message) {
  std::string text;
  for (const A2aPart& part : message.parts) {
    TRY(const std::string one, Read(part));
    text += (text.empty() ? "" : "\n\n") + one;
  }
  if (text.size() > kMaxInputBytes) return Error::TooLarge("message.parts", "got over 4 MiB of text");
  return text;
}

void Say(Json& messages, std::string_view role, std::string text) {
  if (!text.empty()) messages.Push(Json::Object({{"role", role}, {"content", std::move(text)}}));
}

// What a task's part of the conversation was: what was said to the agent, and its answer.
void SayTask(Json& messages, const A2aTask& task) {
  if (!task.history) return;
  for (const A2aMessage& message : *task.history) {
    Result<std::string> text = Read(message);
    if (text.ok()) Say(messages, message.role == kA2aUser ? "user" : "assistant", std::move(*text));
  }
  if (!task.artifacts) return;
  for (const A2aArtifact& artifact : *task.artifacts) {
    A2aMessage said{.parts = artifact.parts};
    Result<std::string> text = Read(said);
    if (text.ok()) Say(messages, "assistant", std::move(*text));
  }
}

Json InputOf(const std::vector<A2aTask>& earlier, std::string text) {
  if (earlier.empty()) return text;
  Json messages = Json::Array();
  for (const A2aTask& task : earlier) SayTask(messages, task);
  // The oldest go where there is too much.
  size_t first = static_cast<size_t>(messages.size()), bytes = 0;
  while (first > 0) {
    bytes += messages[first - 1]["content"].AsString().size();
    if (bytes > kMaxEarlierBytes) break;
    --first;
  }
  Json input = Json::Array();
  for (size_t i = first; i < static_cast<size_t>(messages.size()); ++i) input.Push(std::move(messages[i]));
  Say(input, "user", std::move(text));
  return input;
}

A2aStatus StatusOf(A2aState state, std::string text = {}, Json data = {}) {
  A2aStatus status{.state = std::string(A2aStateName(state))};
  if (text.empty()) return status;
  A2aMessage message{.role = std::string(kA2aAgent), .parts = {A2aText(std::move(text))}};
  if (!data.is_null()) message.parts.push_back(A2aData(std::move(data)));
  status.message = std::move(message);
  return status;
}

std::string TextAt(const Json& object, std::string_view key) {
  const Json& value = object[key];
  return value.is_string() ? value.AsString() : std::string();
}

// How a run waits: for an answer, or for somebody's approval.
A2aStatus Waiting(const Json& outcome) {
  std::string text;
  bool all_questions = true;
  const Json& questions = outcome["questions"];
  for (int64_t i = 0; i < questions.size(); ++i) {
    const Json& question = questions[i]["question"];
    const bool is_question = TextAt(question, "reason") == "question";
    all_questions = all_questions && is_question;
    std::string one = TextAt(question, "question");
    if (!is_question) {
      one = "To be approved (" + TextAt(question, "reason") + "): " + TextAt(question, "tool") + " " +
            question["arguments"].Dump();
    }
    text += (text.empty() ? "" : "\n") + one.substr(0, kMaxQuestionBytes);
  }
  if (text.empty()) text = "A person is asked.";
  return StatusOf(all_questions ? A2aState::kInputRequired : A2aState::kAuthRequired, std::move(text),
                  Json::Object({{"questions", questions}}));
}

// The answer of a run under way, in pieces. One piece is held back, so that the last can say that it is.
class Answer {
 public:
  explicit Answer(OnA2aUpdate tell) : tell_(std::move(tell)) {}

  void Add(std::string_view text) {
    if (text.empty()) return;
    Flush(false);
    held_ = text, all_ += text;
  }
  // What was said so far was no answer: the next piece begins anew.
  void Drop() {
    held_.clear(), all_.clear();
    begun_ = false;
  }
  // The answer as it is kept. What was told is not told again where it was the same.
  void End(const Json& outcome) {
    const Json& structured = outcome["structured"];
    const std::string text = TextAt(outcome, "text");
    if (structured.is_null() && text == all_ && !held_.empty()) return Flush(true);
    if (structured.is_null() && text.empty()) return;
    Tell({structured.is_null() ? A2aText(text) : A2aData(structured)}, false, true);
  }

 private:
  void Flush(bool last) {
    if (held_.empty()) return;
    Tell({A2aText(std::exchange(held_, {}))}, begun_, last);
    begun_ = true;
  }
  void Tell(std::vector<A2aPart> parts, bool append, bool last) {
    A2aArtifact artifact{.artifact_id = kAnswer, .name = kAnswer, .parts = std::move(parts)};
    tell_(A2aArtifactUpdate{.artifact = std::move(artifact), .append = append, .last_chunk = last});
  }

  OnA2aUpdate tell_;
  std::string held_, all_;
  bool begun_ = false;
};

void TellEnd(const RunRow& run, Answer& answer, const OnA2aUpdate& tell) {
  const Json& outcome = run.outcome;
  const std::string what = TextAt(outcome, "what");
  switch (run.status) {
    case RunStatus::kRunning: return;  // stopped: it goes on when the server starts again
    case RunStatus::kWaiting: return tell(Waiting(outcome));
    case RunStatus::kCompleted: answer.End(outcome); return tell(StatusOf(A2aState::kCompleted));
    case RunStatus::kCancelled: return tell(StatusOf(A2aState::kCanceled));
    case RunStatus::kRefused: return tell(StatusOf(A2aState::kRejected, what.empty() ? "A guard refused it." : what));
    case RunStatus::kLimited:
      answer.End(outcome);
      return tell(StatusOf(A2aState::kFailed, "It reached a limit: " + what));
    case RunStatus::kFailed:
      return tell(StatusOf(A2aState::kFailed, "It failed: " + TextAt(outcome["error"], "message")));
  }
}

// A message as a person's word on what a run waits for.
Result<PersonAnswer> AnswerOf(const A2aMessage& message, bool is_question) {
  PersonAnswer answer;
  for (const A2aPart& part : message.parts) {
    if (!part.data.is_object() || !part.data.Has("decision")) continue;
    answer.decision = TextAt(part.data, "decision"), answer.arguments = part.data["arguments"];
    answer.text = TextAt(part.data, "text"), answer.reason = TextAt(part.data, "reason");
    return answer;
  }
  TRY(answer.text, Read(message));
  if (is_question) return answer;
  std::string word = answer.text;
  std::ranges::transform(word, word.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (word != "approve" && word != "reject") {
    return Error::Invalid("message.parts",
                          "want \"approve\", \"reject\", or a data part {\"decision\", \"arguments\", \"reason\"}");
  }
  answer.decision = word, answer.text.clear();
  return answer;
}

class RunExecutor final : public A2aExecutor {
 public:
  explicit RunExecutor(App& app) : app_(app) {}

  Result<void> Check(const A2aMessage& message) override {
    TRY_VOID(Read(message));
    return {};
  }

  Task<Result<void>> Begin(A2aRow row, std::vector<A2aTask> earlier) override {
    if ((co_await FindRun(row.task.id)).ok()) co_return Result<void>();  // made before a crash
    CO_TRY(std::string text, Read(row.task.history->front()));
    AgentRuns::Start start{.agent = row.owner.agent, .input = InputOf(earlier, std::move(text))};
    start.principal = row.owner.principal, start.id = row.task.id;
    start.conversation = row.task.context_id;
    CO_TRY_VOID(co_await app_.agents().runs().Create(std::move(start)));
    co_return Result<void>();
  }

  Task<Result<void>> Continue(A2aRow row, A2aMessage message) override {
    AgentRuns& runs = app_.agents().runs();
    CO_TRY(const std::vector<OpenQuestion> open, co_await runs.Questions(row.task.id));
    if (open.empty()) co_return Error::Conflict("task", "waits for nothing by now; ask again how it stands");
    const OpenQuestion& first = open.front();
    CO_TRY(PersonAnswer answer, AnswerOf(message, TextAt(first.question, "reason") == "question"));
    answer.by = row.owner.principal;
    co_return co_await runs.Answer(row.task.id, first.path, std::move(answer));
  }

  Task<void> Work(Call call, A2aRow row, OnA2aUpdate tell) override {
    Answer answer(tell);
    Result<RunRow> run = co_await FindRun(row.task.id);
    if (run.ok() && !HasEnded(run->status)) {
      const auto live = app_.agents().keeper().Keep(row.task.id, row.owner.principal);
      if (!live.ok()) co_return tell(StatusOf(A2aState::kFailed, live.error().Message()));
      if (row.task.state() != A2aState::kWorking) tell(StatusOf(A2aState::kWorking));
      co_await Follow(std::move(call), *live, answer);
      run = co_await FindRun(row.task.id);
    }
    if (!run.ok()) co_return tell(StatusOf(A2aState::kFailed, run.error().Message()));
    TellEnd(*run, answer, tell);
  }

  Task<bool> HasMoved(A2aRow row) override {
    const Result<RunRow> run = co_await FindRun(row.task.id);
    co_return run.ok() && run->status != RunStatus::kWaiting;
  }

  Task<Result<void>> Cancel(A2aRow row) override { co_return co_await app_.agents().runs().Cancel(row.task.id); }

 private:
  Task<Result<RunRow>> FindRun(std::string id) {
    auto get = [this, &id] { return app_.agents().journal().Get(id); };
    co_return co_await OnPool(app_.pool(), get);
  }

  // Until the run's present life ends.
  static Task<void> Follow(Call call, std::shared_ptr<LiveResponse> live, Answer& answer) {
    const auto watch = live->Watch();
    const std::stop_callback on_stop(call.stop, [&watch] { watch->Close(); });
    for (size_t next = 0;;) {
      for (; next < live->events().size(); ++next) {
        const Json& event = live->events()[next];
        const std::string type = TextAt(event, "type");
        // What other agents say that it asks is no answer to the client.
        const bool is_own = TextAt(event, "step").find('.') == std::string::npos;
        if (type == "text" && is_own) answer.Add(TextAt(event, "text"));
        if (type == "step_started" && is_own) answer.Drop();
      }
      if (live->is_over() || call.stop.stop_requested()) co_return;
      co_await watch->NextBatch();
    }
  }

  App& app_;
};

}  // namespace

std::shared_ptr<A2aExecutor> MakeA2aRuns(App& app) { return std::make_shared<RunExecutor>(app); }

}  // namespace atelier

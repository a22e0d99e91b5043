#include "cli/agent_session.h"

#include <algorithm>
#include <cstdio>

#include "app/agent_view.h"
#include "cli/terminal_text.h"

namespace atelier {
namespace {

constexpr size_t kMaxShown = 400;  // bytes of arguments or of a result

std::string Short(const std::string& text) {
  const bool is_long = text.size() > kMaxShown;
  return SafeForTerminal(is_long ? text.substr(0, kMaxShown) + " …" : text);
}

std::string TextOf(const Json& value) { return value.is_string() ? value.AsString() : value.Dump(); }

void ShowEvent(const AgentEvent& event) {
  const std::string who = "[" + event.agent + "] ";
  const Json& data = event.data;
  switch (event.type) {
    case AgentEventType::kText:
      std::printf("%s", SafeForTerminal(TextOf(data["text"])).c_str());
      std::fflush(stdout);
      break;
    case AgentEventType::kToolCalled:
      std::fprintf(stderr, "%s%s %s\n", who.c_str(), TextOf(data["name"]).c_str(),
                   Short(data["arguments"].Dump()).c_str());
      break;
    case AgentEventType::kToolAnswered:
      std::fprintf(stderr, "%s%s -> %s\n", who.c_str(), TextOf(data["name"]).c_str(),
                   Short(TextOf(data["text"])).c_str());
      break;
    case AgentEventType::kToolProgress:
      std::fprintf(stderr, "%s%s: %s\n", who.c_str(), TextOf(data["name"]).c_str(),
                   Short(TextOf(data["message"])).c_str());
      break;
    case AgentEventType::kGuardRefused:
      std::fprintf(stderr, "%sguard %s: the %s %s\n", who.c_str(), TextOf(data["guard"]).c_str(),
                   TextOf(data["on"]).c_str(), Short(TextOf(data["why"])).c_str());
      break;
    case AgentEventType::kNodeEnded:
      std::fprintf(stderr, "%s%s: %s\n", who.c_str(), event.path.c_str(), Short(TextOf(data["output"])).c_str());
      break;
    default: break;
  }
}

void ShowEnd(const RunRow& run) {
  if (run.status == RunStatus::kWaiting) {
    ShowQuestions(run);
    return;
  }
  const std::string status(RunStatusName(run.status));
  std::fprintf(stderr, "(%s %s%s%s)\n", run.id.c_str(), status.c_str(), run.outcome.Has("what") ? ": " : "",
               run.outcome.Has("what") ? Short(TextOf(run.outcome["what"])).c_str() : "");
}

}  // namespace

Result<std::unique_ptr<AgentSession>> AgentSession::Open(const Invocation& invocation) {
  auto session = std::make_unique<AgentSession>();
  TRY(session->session_, Session::Open(invocation, ModelOptions()));
  return session;
}

Call AgentSession::MakeCall() const {
  Call call;
  call.stop = session_->interrupt().token();
  return call;
}

Result<std::string> AgentSession::RunIdOf(const std::string& id) {
  if (!id.empty()) return id;
  TRY(const auto newest, agents().journal().List({.limit = 1}));
  if (newest.empty()) return Error::NotFound("run", "got none, and there is none: `atelier agent run` starts one");
  return newest.front().id;
}

Result<std::shared_ptr<const Workflow>> AgentSession::FindWorkflow(const std::string& name) {
  std::vector<std::string_view> known;
  for (const WorkflowConfig& config : workflows()) known.push_back(config.name);
  if (std::ranges::find(known, name) == known.end()) {
    const std::string_view near = Nearest(name, known);
    return Error::NotFound("workflow", "got '" + name.substr(0, 64) + "', want one of atelier.yaml" +
                                           (near.empty() ? "" : "; did you mean '" + std::string(near) + "'?"));
  }
  TRY(const auto agent, agents().Find(name));
  return std::dynamic_pointer_cast<const Workflow>(agent->program);
}

Result<void> AgentSession::StartAndShow(const Invocation& invocation, AgentRuns::Start start, bool id_only) {
  TRY(const std::string id, Run(runs().Create(std::move(start))));
  if (!id_only) return RunAndShow(invocation, id);
  invocation.json ? invocation.Print(Json::Object({{"id", id}})) : static_cast<void>(std::printf("%s\n", id.c_str()));
  return {};
}

void ShowQuestions(const RunRow& run) {
  const Json& questions = run.outcome["questions"];
  if (!questions.is_array()) return;
  for (const Json& one : questions.items()) {
    const Json& question = one["question"];
    std::fprintf(stderr, "\nwaits at step %s (%s):", TextOf(one["path"]).c_str(), TextOf(question["reason"]).c_str());
    for (const char* key : {"tool", "arguments", "question", "why", "text", "sources"}) {
      if (question.Has(key)) std::fprintf(stderr, " %s", Short(TextOf(question[key])).c_str());
    }
    std::fprintf(stderr, "\n");
  }
  std::fprintf(stderr, "answer with: atelier agent approve|edit|reject %s\n", run.id.c_str());
}

Result<void> AgentSession::RunAndShow(const Invocation& invocation, const std::string& run_id) {
  OnAgentEvent show;
  std::string streamed;
  if (!invocation.json) {
    show = [&streamed](const AgentEvent& event) {
      if (event.type == AgentEventType::kText) streamed += TextOf(event.data["text"]);
      ShowEvent(event);
    };
  }
  TRY(const RunRow run, Run(runs().Run(MakeCall(), run_id, std::move(show))));
  if (invocation.json) {
    invocation.Print(RunBody(run));
  } else {
    // What was told as it came need not be the answer: a guided run looks at it first.
    const std::string output = run.outcome.Has("text") ? TextOf(run.outcome["text"]) : "";
    if (streamed.ends_with(output)) {
      std::printf("\n");
    } else {
      std::printf("%s%s\n", streamed.empty() ? "" : "\n", SafeForTerminal(output).c_str());
    }
    ShowEnd(run);
  }
  if (const auto learnt = Run(agents().AfterRun(MakeCall(), run)); !learnt.ok()) {
    std::fprintf(stderr, "memory: %s\n", learnt.error().Message().c_str());
  }
  if (run.status != RunStatus::kFailed) return {};
  return Error::Unavailable("run " + run.id, TextOf(run.outcome["error"]["message"]));
}

}  // namespace atelier

// Calls that an agent makes by itself while it answers, as items of a response:
//
//   a call                        mcp_call: the API's item of a tool that the server calls; the agent is its
//   server_label one that wants approval       mcp_approval_request; said before it, why, where it is more than that it
//   has to be a question to the person      the question as a message, and a function_call ask_person with it
//
// A response has one item open at a time: calls beside an open one are told once it has ended.
//
// What answers them is read back here: ids of questions name the run and the step that wait, so an answer needs no
// stored response.
#pragma once

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "agent/agent_runs.h"
#include "app/app.h"
#include "app/served_call.h"
#include "serve/response_writer.h"

namespace atelier {

class ServedCalls {
 public:
  // `serving` null: no agent answers, and events are the writer's alone.
  ServedCalls(ResponseWriter& writer, std::shared_ptr<AgentServing> serving)
      : writer_(writer), serving_(std::move(serving)) {}
  // The events that an event of the generation becomes.
  std::vector<Json> Take(const GenerationEvent& event);

 private:
  void TakeDelta(const GenerationDelta& delta);
  void TakeCall(ServedCall call);
  void Ask(const ServedCall& call);
  void Release();
  void Write(const GenerationEvent& event) { Add(writer_.Take(event)); }
  void Add(std::vector<Json> events) { std::ranges::move(events, std::back_inserter(events_)); }

  using Held = std::variant<GenerationDelta, ServedCall>;
  ResponseWriter& writer_;
  const std::shared_ptr<AgentServing> serving_;
  std::vector<Json> events_;
  std::string open_;        // the id of the call whose item is open; empty: none
  std::vector<Held> held_;  // came while it was open
  int32_t num_questions_ = 0;
};

// Answers among the new items of a response, all of one run.
struct RunAnswers {
  struct One {
    std::string step;
    PersonAnswer answer;
  };
  std::string run_id;
  std::vector<One> answers;
};
// What the new items of a request to an agent answer; nothing: they are asked of a new run. `items`, all that the
// request is made of, lose what an agent's calls have left: these are its own matter. Errors: answers to several runs,
// or beside what a new run would be asked.
Result<std::optional<RunAnswers>> TakeRunAnswers(const Json& input, std::vector<Json>& items);
// Gives them to the run. Errors: no run of `principal`'s, or one that does not wait for them.
Task<Result<AgentServing::AnsweredRun>> AnswerRun(App& app, RunAnswers answers, std::string principal);
}  // namespace atelier

// What a run does, as an editor is told it: events of a run under way, and the journal of one that is over (for
// session/load), in the same words.
//
//   text of the answer        agent_message_chunk        text of agents that were asked, reasoning: agent_thought_chunk
//   a call                    tool_call, pending where a person is asked first, then tool_call_update
//   tokens read and written   usage_update
//
// A call's id is the run's and its path, so that it is one in the session and the same in every life of the run.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "agent/agent.h"
#include "agent/agent_event.h"
#include "agent/agent_runs.h"
#include "agent/journal.h"
#include "base/text/json.h"

namespace atelier {

class AcpUpdates {
 public:
  using Send = std::function<void(Json update)>;
  // `agent`: whose tools they are; null where it is not there any more. `context`: the model's, 0 where not known.
  // `folder`: that the session works in.
  struct Of {
    std::string run_id;
    std::shared_ptr<const Agent> agent;
    int64_t context = 0;
    std::string folder = {};
  };
  AcpUpdates(Of of, Send send) : of_(std::move(of)), send_(std::move(send)) {}

  void Tell(const AgentEvent& event);
  // The journal's steps of a run, in order, as far as it came.
  void TellSteps(const std::vector<StepRow>& steps);
  // The answer, unless it is what was told last.
  void TellAnswer(const std::string& text);
  // Something of ours, apart from what the model says.
  void Say(const std::string& text);
  // A call that will not be made.
  void Refused(const std::string& path, const std::string& why);

  // The call that a question is about: paths of questions end with '!'.
  std::string CallId(std::string_view path) const;
  // As session/request_permission shows it.
  Json CallOf(const OpenQuestion& question) const;

 private:
  Json ToolCall(const std::string& path, const std::string& name, const Json& arguments, std::string_view status) const;
  void Called(const std::string& path, const std::string& name, const Json& arguments);
  void Answered(const std::string& path, const std::string& name, const Json& output);
  void Used(const Json& usage);
  void Text(const std::string& path, const std::string& text);

  const Of of_;
  const Send send_;
  std::set<std::string> shown_;  // paths of calls that were told
  std::string told_;             // of the answer under way
  int num_said_ = 0;
};

}  // namespace atelier

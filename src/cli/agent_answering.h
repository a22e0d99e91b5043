// What approve, edit and reject share: which step of which run, and what happens then.
#pragma once

#include <string>

#include "cli/agent_session.h"

namespace atelier {

class AgentAnswering {
 public:
  void Declare(Options& options) {
    options.Text("run", run_, "its id; without, the newest");
    options.Text("--step", step_, "which step, where several wait");
    options.Flag("--later", later_, "only keep the answer; `atelier agent resume` goes on");
  }

  Result<void> Answer(const Invocation& invocation, PersonAnswer answer) const {
    TRY(const auto session, AgentSession::Open(invocation));
    TRY(const std::string id, session->RunIdOf(run_));
    answer.by = "command line";
    TRY_VOID(session->Run(session->runs().Answer(id, step_, std::move(answer))));
    if (!later_) return session->RunAndShow(invocation, id);
    if (invocation.json) invocation.Print(Json::Object({{"id", id}}));
    return {};
  }

 private:
  std::string run_, step_;
  bool later_ = false;
};

}  // namespace atelier

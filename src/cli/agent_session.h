// What the commands `agent …` share: the application with its agents, and how a run is shown at a terminal.
#pragma once

#include <memory>
#include <string>

#include "agent/workflow/workflow.h"
#include "app/agent_library.h"
#include "cli/session.h"

namespace atelier {

class AgentSession {
 public:
  static Result<std::unique_ptr<AgentSession>> Open(const Invocation& invocation);

  AgentLibrary& agents() { return session_->app().agents(); }
  AgentRuns& runs() { return agents().runs(); }
  template <class T>
  T Run(Task<T> task) {
    return session_->Run(std::move(task));
  }
  Call MakeCall() const;
  // `id`, or where that is empty the newest run. Errors: kNotFound.
  Result<std::string> RunIdOf(const std::string& id);
  // Runs it until it ends or waits: what is called on stderr, what is answered on stdout, or the run as JSON.
  // Errors: those of AgentRuns::Run; a run that failed.
  Result<void> RunAndShow(const Invocation& invocation, const std::string& run_id);
  // The same for a new run; or only makes it, and prints its id.
  Result<void> StartAndShow(const Invocation& invocation, AgentRuns::Start start, bool id_only);

  const std::vector<WorkflowConfig>& workflows() { return session_->app().config().workflows; }
  // Checked, with all that it names. Errors: kNotFound, with the nearest; those of the check.
  Result<std::shared_ptr<const Workflow>> FindWorkflow(const std::string& name);

 private:
  std::unique_ptr<Session> session_;
};

// What waits for a person, in words.
void ShowQuestions(const RunRow& run);

}  // namespace atelier

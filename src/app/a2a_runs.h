// Tasks of A2A as runs of one of our agents: a task is a run, and bears its id.
//
//   message                    the run's input; in a conversation, after what was said and answered before
//   text of the answer         an artifact "answer" in pieces; the last piece ends it
//   structured answer          a data part
//   run waits for an answer    INPUT_REQUIRED; the next message's text is the answer
//   run waits for approval     AUTH_REQUIRED; the next message says {"decision": "approve" | "reject" | "edit", …} in a
//                              data part, or one of these words alone; so can anybody who may approve the run
//   completed, limited, …      COMPLETED, FAILED, CANCELED; REJECTED where a guard refuses
//
// Loop thread only.
#pragma once

#include <memory>
#include <string>

#include "agent/protocol/a2a_desk.h"

namespace atelier {

class App;

// `app` outlives it.
std::shared_ptr<A2aExecutor> MakeA2aRuns(App& app);

}  // namespace atelier

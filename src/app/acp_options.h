// What an editor may choose for a session: which agent answers, by which model, and in which mode. A mode says which
// calls a person is asked about:
//
//   read      only tools that change nothing are there
//   ask       before every tool that changes something
//   default   as atelier.yaml says; the editor's files and terminal, and foreign tools, ask
//   accept    these do not ask; what atelier.yaml has approved still is
#pragma once

#include <memory>
#include <string>

#include "agent/agent.h"
#include "app/acp_store.h"
#include "app/app.h"
#include "base/text/json.h"

namespace atelier {

// {"currentModeId", "availableModes"}
Json AcpModes(const AcpSettings& settings);
// SessionConfigOptions. `booleans`: the editor knows options of that type.
Json AcpConfigOptions(App& app, const AcpSettings& settings, bool booleans);
// Errors: a mode that there is not.
Result<void> SetAcpMode(AcpSettings& settings, const std::string& mode);
// Errors: an option, or a value of it, that there is not.
Result<void> SetAcpOption(App& app, AcpSettings& settings, const std::string& id, const Json& value);

// The agent of atelier.yaml as the session has it, under a name of its own. `more`: tools of the session.
Result<std::shared_ptr<const Agent>> MakeAcpAgent(App& app, const AcpSettings& settings, const std::string& session_id,
                                                  const AgentTools& more);

}  // namespace atelier

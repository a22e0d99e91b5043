// atelier a2a watch
#include "cli/a2a_session.h"

namespace atelier {
extern const CommandEntry command_a2a_watch{
    "a2a watch", "Follow a task of a foreign agent until it ends or asks something back",
    "What the agent tells meanwhile goes to stderr. The command can be ended and begun again; the task goes on.\n"
    "\n"
    "  atelier a2a watch http://127.0.0.1:8910/a2a/helper run_8Fq2",
    [] { return MakeA2aTaskCommand("SubscribeToTask"); }};

}  // namespace atelier

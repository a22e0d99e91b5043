// atelier a2a cancel
#include "cli/a2a_session.h"

namespace atelier {
extern const CommandEntry command_a2a_cancel{
    "a2a cancel", "Cancel a task of a foreign agent",
    "Agents may refuse: what has ended cannot be cancelled.\n\n  atelier a2a cancel http://127.0.0.1:8910/a2a/helper "
    "run_8Fq2",
    [] { return MakeA2aTaskCommand("CancelTask"); }};

}  // namespace atelier

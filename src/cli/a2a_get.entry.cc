// atelier a2a get
#include "cli/a2a_session.h"

namespace atelier {
extern const CommandEntry command_a2a_get{
    "a2a get", "Show a task of a foreign agent",
    "How it stands, and what came of it.\n\n  atelier a2a get http://127.0.0.1:8910/a2a/helper run_8Fq2",
    [] { return MakeA2aTaskCommand("GetTask"); }};

}  // namespace atelier

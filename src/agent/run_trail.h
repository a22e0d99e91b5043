// What a run did, told by its journal to who learns from it: the calls of one program, without those that other agents
// made for it, and without the runtime's own (reading on in a result, finding tools).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/journal.h"
#include "agent/memory/work_done.h"
#include "base/task/pool.h"

namespace atelier {

// Of the program whose steps stand below `prefix` ("2" of "2.0", "2.1.0").
WorkDone TrailOf(const std::vector<StepRow>& steps, std::string_view prefix);

// Finds work by a turn's "RUN/PREFIX". Both outlive it.
FindWork WorkInJournal(Journal& journal, Pool& pool);

}  // namespace atelier

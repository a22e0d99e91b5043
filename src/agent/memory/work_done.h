// What a turn's answer came of: the tools that were called for it, in their order. A memory learns from it what worked
// (learning.h); the runs' journal tells it (agent/run_trail.h).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/task/task.h"

namespace atelier {

struct WorkDone {
  std::vector<std::string> worked;  // tools, a call each that gave something, in the order in which they were made
  bool was_refused = false;         // a person said no to something of it
};

// By a turn's `work`; nothing where nobody knows by now.
using FindWork = std::function<Task<Result<std::optional<WorkDone>>>(std::string work)>;

// "search_docs, then calculator (3 times)"; empty where nothing worked, or so much did that it is no way of working.
std::string InWords(const WorkDone& work);

}  // namespace atelier

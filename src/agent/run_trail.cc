#include "agent/run_trail.h"

#include <algorithm>
#include <utility>

#include "agent/shown_tools.h"
#include "agent/tool_output.h"

namespace atelier {
namespace {

// "I.J" within the prefix: the J-th call of its I-th step. What is deeper is an asked agent's.
bool IsOwnCall(std::string_view path, std::string_view within) {
  return path.starts_with(within) && std::ranges::count(path.substr(within.size()), '.') == 1;
}

bool IsRefusal(const StepRow& step) {
  return step.kind == RunStepKind::kPerson && step.result && (*step.result)["decision"] == Json("reject");
}

Task<Result<std::optional<WorkDone>>> Find(Journal& journal, Pool& pool, std::string work) {
  const size_t slash = work.find('/');
  if (slash == std::string::npos) co_return std::optional<WorkDone>();
  auto read = [&journal, run = work.substr(0, slash)] { return journal.Steps(run); };
  auto reading = OnPool(pool, read);
  const Result<std::vector<StepRow>> steps = co_await reading;
  if (!steps.ok() && steps.error().kind == ErrorKind::kNotFound) co_return std::optional<WorkDone>();
  if (!steps.ok()) co_return Error(steps.error());
  co_return std::optional(TrailOf(*steps, std::string_view(work).substr(slash + 1)));
}

}  // namespace

WorkDone TrailOf(const std::vector<StepRow>& steps, std::string_view prefix) {
  WorkDone work;
  const std::string within = std::string(prefix) + ".";
  for (const StepRow& step : steps) {
    if (!step.path.starts_with(within)) continue;
    work.was_refused = work.was_refused || IsRefusal(step);
    const bool is_call = step.kind == RunStepKind::kTool && IsOwnCall(step.path, within) && step.result;
    if (!is_call || step.name == kFindTools || step.name == kReadResult) continue;
    if (!IsErrorOutput(*step.result)) work.worked.push_back(step.name);
  }
  return work;
}

FindWork WorkInJournal(Journal& journal, Pool& pool) {
  return [&journal, &pool](std::string work) { return Find(journal, pool, std::move(work)); };
}

}  // namespace atelier

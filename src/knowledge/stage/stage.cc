#include "knowledge/stage/stage.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace atelier {
namespace {

// Why the stage did nothing; empty: it did what it does.
Task<Result<std::string>> RunOne(Call call, const StageEntry& entry, StageConfig config, StageTools tools,
                                 StageState& state) {
  Call limited = call;
  const Clock::TimePoint until = tools.clock->Now() + std::chrono::milliseconds(config.budget_ms);
  limited.deadline = std::min(call.deadline, until);
  const std::string budget = std::to_string(config.budget_ms);
  const Clock& clock = *tools.clock;
  StageState changed = state;
  auto running = entry.run(std::move(limited), std::move(config), std::move(tools), changed);
  const Result<void> ran = co_await running;
  state.usage = changed.usage;
  const Clock::TimePoint now = clock.Now();
  if (call.stopped(now)) co_return Error::Cancelled(std::string(entry.name), "the search was stopped");
  if (now >= until) co_return "took longer than " + budget + " ms";
  if (!ran.ok()) co_return ran.error().Message();
  state = std::move(changed);
  co_return std::string();
}

}  // namespace

Result<const StageEntry*> FindStage(std::string_view name) {
  std::string all;
  for (const StageEntry* entry : Stages()) {
    if (entry->name == name) return entry;
    all += (all.empty() ? "" : ", ") + std::string(entry->name);
  }
  return Error::Invalid("retrieval.stages", "got '" + std::string(name) + "', want one of " + all);
}

Task<Result<void>> RunStages(Call call, StagePlace place, std::vector<StageConfig> stages, StageTools tools,
                             StageState& state) {
  for (StageConfig& config : stages) {
    CO_TRY(const StageEntry* const entry, FindStage(config.stage));
    if (entry->place != place) continue;
    auto running = RunOne(call, *entry, std::move(config), tools, state);
    CO_TRY(const std::string why, co_await running);
    if (!why.empty()) state.skipped.push_back(std::string(entry->name) + ": " + why);
  }
  co_return Result<void>();
}

}  // namespace atelier

#include "app/run_keeper.h"

#include <utility>
#include <vector>

#include "app/agent_view.h"
#include "observe/log.h"

namespace atelier {
namespace {

constexpr std::chrono::hours kBetweenRemovals(1);
constexpr size_t kMaxEvents = 100'000;  // of one life that are kept for late watchers

Json Broken(const std::string& run_id, const Error& error) {
  return Json::Object({{"type", "run_interrupted"}, {"run", run_id}, {"message", error.Message()}});
}

}  // namespace

Result<std::shared_ptr<LiveResponse>> RunKeeper::Keep(const std::string& run_id, const std::string& principal) {
  if (auto live = Find(run_id)) return live;
  if (live_.size() >= kMaxLiveRuns) {
    Error error = Error::Exhausted("runs", "got " + std::to_string(live_.size()) + " under way, want fewer");
    error.retry_after = std::chrono::milliseconds(5'000);
    return error;
  }
  auto live = std::make_shared<LiveResponse>(loop_, principal);
  live_[run_id] = live;
  Spawn(Live(run_id, live));
  if (on_begin_) on_begin_(run_id);
  return live;
}

std::shared_ptr<LiveResponse> RunKeeper::Find(const std::string& run_id) const {
  const auto at = live_.find(run_id);
  return at == live_.end() ? nullptr : at->second;
}

Task<void> RunKeeper::Live(std::string run_id, std::shared_ptr<LiveResponse> live) {
  Call call;
  call.stop = stop_.get_token();
  OnAgentEvent emit = [live](const AgentEvent& event) {
    if (live->events().size() < kMaxEvents || event.type == AgentEventType::kRunEnded) live->Add(EventBody(event));
  };
  auto running = runs_.Run(std::move(call), run_id, std::move(emit));
  const Result<RunRow> run = co_await running;
  if (run.ok()) live->body = RunBody(*run);
  if (!run.ok()) {
    live->Add(Broken(run_id, run.error()));
    LogWarn("run " + run_id + ": " + run.error().Message());
  }
  live_.erase(run_id);
  live->End();
  if (run.ok()) Ended(*run);
}

Task<void> RunKeeper::After(RunRow run) {
  ++num_after_;
  Call call;
  call.stop = stop_.get_token();
  const std::string run_id = run.id;
  const Result<void> done = co_await after_run_(std::move(call), std::move(run));
  if (!done.ok() && !stop_.stop_requested()) LogWarn("after run " + run_id + ": " + done.error().Message());
  --num_after_;
}

Task<void> RunKeeper::ResumeLeft() {
  auto list = [this] { return runs_.journal().List({.status = RunStatus::kRunning, .limit = 1000}); };
  const Result<std::vector<RunRow>> left = co_await OnPool(runs_.pool(), list);
  if (!left.ok()) {
    LogError("runs of agents: " + left.error().Message());
    co_return;
  }
  for (const RunRow& run : *left) {
    if (run.agent.find('@') != std::string::npos) continue;  // an editor's session goes on with it
    // One that a command is at work on stays its own: its lock is held, and the life here ends at once.
    const auto live = Keep(run.id, run.principal);
    if (!live.ok()) break;
  }
}

Task<void> RunKeeper::RemoveOld() {
  if (max_runs_ == 0 && max_days_ == 0) co_return;
  auto remove = [this] { return runs_.DeleteOld(max_days_, max_runs_); };
  const Result<int64_t> gone = co_await OnPool(runs_.pool(), remove);
  if (!gone.ok()) LogError("runs of agents: " + gone.error().Message());
  if (gone.ok() && *gone > 0) LogInfo("runs of agents: " + std::to_string(*gone) + " old ones were removed");
}

Task<void> RunKeeper::Run(Call call) {
  co_await ResumeLeft();
  // g++ 12 traps where an awaited condition of do-while is followed by another await.
  for (bool goes_on = true; goes_on;) {
    co_await RemoveOld();
    goes_on = co_await SleepFor(loop_, kBetweenRemovals, call.stop);
  }
  co_await Stop();
}

Task<void> RunKeeper::Stop() {
  stop_.request_stop();
  while (!live_.empty()) {
    const std::shared_ptr<LiveResponse> live = live_.begin()->second;
    const auto watch = live->Watch();
    while (!live->is_over()) co_await watch->NextBatch();
  }
  Call unbounded;
  co_await UntilDone(std::move(unbounded));
}

Task<void> RunKeeper::UntilDone(Call call) {
  constexpr std::chrono::milliseconds kLook{20};
  while (num_after_ > 0 && !call.stopped(loop_.Now())) co_await SleepFor(loop_, kLook, call.stop);
}

}  // namespace atelier

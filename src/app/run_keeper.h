// Runs of agents under way in this process, whoever began them: events that anybody may watch, from any of them on. A
// run does not end because who began it left: it is ended by Cancel, or waits for its next life when the process
// drains.
//
// Loop thread only.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>

#include "agent/agent_runs.h"
#include "app/live_responses.h"
#include "base/task/call.h"
#include "base/task/task.h"

namespace atelier {

inline constexpr size_t kMaxLiveRuns = 256;  // more are refused, and may be tried again

class RunKeeper {
 public:
  // Done after each run that has ended, in the background.
  using AfterRun = std::function<Task<Result<void>>(Call call, RunRow run)>;
  // Runs that ended more than `max_days` ago, and the oldest beyond `max_runs`, are removed each hour; 0: none is.
  RunKeeper(AgentRuns& runs, Loop& loop, int64_t max_runs, int64_t max_days, AfterRun after_run = {})
      : runs_(runs), loop_(loop), max_runs_(max_runs), max_days_(max_days), after_run_(std::move(after_run)) {}

  // Begins the run's next life, or finds the one under way. kExhausted: there are kMaxLiveRuns.
  Result<std::shared_ptr<LiveResponse>> Keep(const std::string& run_id, const std::string& principal);
  // The one under way; null: there is none.
  std::shared_ptr<LiveResponse> Find(const std::string& run_id) const;
  // What is done after a run that has ended, for one that was not kept here.
  void Ended(const RunRow& run) {
    if (after_run_ && HasEnded(run.status)) Spawn(After(run));
  }
  // Until all of that is done, or the call is stopped or late.
  Task<void> UntilDone(Call call);
  // Stops what is under way, and waits for it.
  Task<void> Stop();
  // Called with each run whose next life begins. One listener.
  void OnBegin(std::function<void(const std::string& run_id)> listener) { on_begin_ = std::move(listener); }
  // Goes on with all that earlier processes left; then, told to stop, stops what is under way and waits for it.
  Task<void> Run(Call call);

 private:
  Task<void> Live(std::string run_id, std::shared_ptr<LiveResponse> live);
  Task<void> After(RunRow run);
  Task<void> ResumeLeft();
  Task<void> RemoveOld();

  AgentRuns& runs_;
  Loop& loop_;
  const int64_t max_runs_, max_days_;
  const AfterRun after_run_;
  int64_t num_after_ = 0;  // of these under way
  std::stop_source stop_;
  std::map<std::string, std::shared_ptr<LiveResponse>> live_;
  std::function<void(const std::string& run_id)> on_begin_;
};

}  // namespace atelier

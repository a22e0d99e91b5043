// One run's program against its journal: durable execution by replay.
//
// An agent, or a workflow, is a coroutine that does everything with an effect through Step. The first time, the step is
// performed and journalled; when the run is resumed the program runs again from its beginning, each Step that has ended
// gives what it gave, and the first that has not is performed. So the program must ask for the same steps again: the
// hash of what is asked is compared, and the first difference ends the replay by name.
//
//   intent of step n+1, result of step n   one transaction, durable before step n+1 is performed
//
// so that a run costs one durable commit a step, two where steps run beside each other. A crash leaves at most the
// steps in flight without a result. Of these, one that may be repeated is performed again, under the same idempotency
// key; another becomes a question to a person (outcome unknown), since its effect may have happened.
//
// Loop thread only. One RunLog of a run at a time: whoever makes it holds the run's lock.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/journal.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/task/call.h"
#include "base/task/loop.h"
#include "base/task/task.h"

namespace atelier {

// Where a program stands: gives the next step's path. A copy counts on its own.
class StepScope {
 public:
  explicit StepScope(std::string prefix = {}) : prefix_(std::move(prefix)) {}
  std::string Next() { return prefix_ + std::to_string(next_++); }
  // What Next will give.
  std::string Coming() const { return prefix_ + std::to_string(next_); }
  // The path of a step that has a name; its scope counts nothing for it.
  std::string At(std::string_view name) const { return prefix_ + std::string(name); }
  // A scope of its own within the step `path`.
  static StepScope Within(const std::string& path) { return StepScope(path + "."); }

 private:
  std::string prefix_;
  int64_t next_ = 0;
};

struct StepSpec {
  std::string path = {};
  RunStepKind kind = RunStepKind::kValue;
  std::string name = {};
  Json request = {};         // what is asked
  bool keep_request = true;  // in the journal: where the program cannot tell it again to whoever looks
  bool may_repeat = true;    // performed twice, it has one effect
};

struct StepResult {
  Json value = {};
  double seconds = 0;     // that it took
  bool replayed = false;  // it was performed before
};

// What performing a step gave.
struct Performed {
  Json result = {};
  std::vector<RunValue> values = {};
};

class RunLog {
 public:
  struct Parts {
    Loop& loop;
    Journal& journal;
    const Clock& clock;
  };
  // `steps` are the run's, as Journal::Steps gave them.
  RunLog(Parts parts, std::string run_id, std::vector<StepRow> steps);

  const std::string& run_id() const { return run_id_; }
  // Stands for one call, however often the process dies.
  std::string KeyOf(const std::string& path) const { return run_id_ + "/" + path; }

  // The journalled outcome, or that of `perform`. Errors: perform's own, which are not journalled, so that a resumed
  // run tries again; Suspended (the step's outcome is unknown and a person must say); kConflict, code replay_mismatch;
  // the journal's.
  using Perform = std::function<Task<Result<Performed>>(Call)>;
  Task<Result<StepResult>> Step(Call call, StepSpec spec, Perform perform);
  // A person's answer, if it has been given; else Suspended, and the run waits.
  Task<Result<Json>> AskPerson(std::string path, std::string name, Json question);
  // What persons said to questions so far, in the order in which the program came by; not approvals.
  struct Reply {
    std::string path, question, answer;
  };
  const std::vector<Reply>& replies() const { return replies_; }
  // The last word. What was not committed yet is.
  Task<Result<void>> SetStatus(RunStatus status, Json outcome);

  // Nothing is performed or written: a step that is not journalled ends the program with kNotFound, code replay_end.
  void OnlyReplay() { only_replay_ = true; }
  bool is_replay() const { return only_replay_; }
  // Whether an earlier life has begun the step `path`, and the program has not come by yet.
  bool Knows(std::string_view path) const { return known_.contains(path); }
  // The same of the step `path`, whose last part is a number, of what is within it, or of one behind it in its scope.
  bool WentOn(std::string_view path) const;
  // How many steps were performed in this life of the run.
  int64_t num_performed() const { return num_performed_; }
  // Whether a person is waited for.
  bool suspended() const { return suspended_; }

 private:
  // What became of a step whose outcome was lost: performed again, or told by a person.
  struct Lost {
    std::optional<Json> told = {};
  };
  Task<Result<void>> Commit(JournalChange last);
  Task<Result<StepResult>> PerformAndEnd(Call call, StepSpec spec, StepRow row, Perform perform);
  Task<Result<StepResult>> EndAsTold(StepRow row, Json result);
  Task<Result<Lost>> AskAboutLost(StepSpec spec, int32_t attempt);
  int64_t NowMs() const { return parts_.clock.UnixNanos() / 1'000'000; }

  Parts parts_;
  const std::string run_id_;
  std::map<std::string, StepRow, std::less<>> known_;  // of earlier lives, until the program comes by
  std::vector<JournalChange> uncommitted_;             // ends of steps, which wait for the next intent
  std::vector<Reply> replies_;
  int64_t next_number_ = 0;
  int64_t num_in_flight_ = 0;
  int64_t num_performed_ = 0;
  bool only_replay_ = false;
  bool suspended_ = false;
};

// "The run waits for a person": not a failure.
Error Suspended(const std::string& path);
bool IsSuspended(const Error& error);

}  // namespace atelier

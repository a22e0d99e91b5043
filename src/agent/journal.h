// The journal of agents' runs, in atelier.db: a row a run, a row a step. A step is one thing with an effect or an
// outcome that cannot be computed again: a call of a model, a call of a tool, a decision, a person's answer. What was
// asked is kept as a hash, what came of it whole, so that a run is replayed from its rows alone.
//
//   run   running -> waiting -> running ... -> completed | limited | failed | cancelled | refused
//   step  begun -> ended                       (a row without an ended time is in flight, or was when the process died)
//
// A step's path is its place in the run's program: "3" is the fourth step, "3.1" the second call beside it. Paths do
// not depend on which of several parallel steps ends first; `number` tells the order in which they began.
//
// Changes of one Commit are one transaction. Methods but Commit block: call them on a Pool. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/store/database.h"
#include "base/text/json.h"

namespace atelier {

enum class RunStatus : uint8_t { kRunning, kWaiting, kCompleted, kLimited, kFailed, kCancelled, kRefused };
// "running", "waiting", ...
std::string_view RunStatusName(RunStatus status);
std::optional<RunStatus> RunStatusOf(std::string_view name);
bool HasEnded(RunStatus status);

enum class RunStepKind : uint8_t { kModel, kTool, kDecision, kPerson, kValue };
// "model", "tool", "decision", "person", "value".
std::string_view RunStepKindName(RunStepKind kind);

struct RunRow {
  std::string id = {};
  std::string agent = {};         // its name
  std::string principal = {};     // for whom; empty: nobody in particular
  std::string conversation = {};  // that it belongs to, as its caller calls it; empty: none
  RunStatus status = RunStatus::kRunning;
  Json input = {};                         // as it was started with
  Json outcome = {};                       // null until it has ended; while it waits, what for
  std::string parent = {};                 // the run it was forked from; empty: none
  int64_t created_ms = 0, updated_ms = 0;  // since 1970
  int64_t num_steps = 0;
  int64_t num_bytes = 0;   // of its steps and values
  bool compacted = false;  // what came of its steps is gone
};

struct StepRow {
  int64_t number = 0;  // 0, 1, ... in the order of beginning
  std::string path = {};
  RunStepKind kind = RunStepKind::kValue;
  std::string name = {};          // of the model, tool, question
  std::string request_hash = {};  // 32 hexadecimal digits
  Json request = {};              // null where the run's program can make it again
  int32_t attempt = 1;            // begun so many times
  std::optional<Json> result = {};
  int64_t begun_ms = 0, ended_ms = 0;
};

// A value too large to stand in a conversation, or in a step.
struct RunValue {
  std::string handle;  // "v3"
  std::string bytes;
};

struct BeginStep {
  StepRow step;
};
struct EndStep {
  std::string path = {};
  Json result = {};
  int64_t ended_ms = 0;
  std::vector<RunValue> values = {};
};
struct SetRunStatus {
  RunStatus status = RunStatus::kRunning;
  Json outcome = {};
};
using JournalChange = std::variant<BeginStep, EndStep, SetRunStatus>;

class Journal {
 public:
  static Result<std::unique_ptr<Journal>> Open(Database& database);

  // kConflict: the id is taken.
  Result<void> Create(const RunRow& run);
  // All or nothing; `done` is called from the writer's thread once it will survive a power cut.
  // Errors: kNotFound (the run was deleted), kConflict (an EndStep of a step that has ended already).
  void Commit(std::string run_id, std::vector<JournalChange> changes, int64_t now_ms, Writer::Done done);

  Result<RunRow> Get(const std::string& run_id);
  Result<std::vector<StepRow>> Steps(const std::string& run_id);
  Result<std::string> Value(const std::string& run_id, const std::string& handle);
  struct Filter {
    std::optional<RunStatus> status = {};
    std::string agent = {};                     // empty: any
    std::optional<std::string> principal = {};  // none: anybody's
    int64_t limit = 100;
    std::string before = {};  // older than this run
  };
  // Newest first.
  Result<std::vector<RunRow>> List(const Filter& filter);

  // A new run whose first steps are those of `run_id` numbered below `num_steps` that have ended, without approvals of
  // calls that are not among them.
  // Errors: kNotFound, kConflict (the id is taken; `run_id` was compacted).
  Result<void> Fork(const std::string& run_id, const RunRow& fork, int64_t num_steps);
  // A person's answer: ends a step that only a person can end. kConflict: it is answered, or isn't such a step.
  Result<void> Answer(const std::string& run_id, const std::string& path, const Json& answer, int64_t now_ms);
  // Keeps the row and the outcome of a run that has ended, and what its steps were; their results and values go.
  // kConflict: it has not ended.
  Result<void> Compact(const std::string& run_id);
  Result<void> Delete(const std::string& run_id);
  // Runs that ended before `ended_before_ms`, and the oldest ended beyond `keep`; the ids of those that went.
  Result<std::vector<std::string>> DeleteOld(int64_t ended_before_ms, int64_t keep);

 private:
  explicit Journal(Database& database) : database_(database) {}
  Database& database_;
};

}  // namespace atelier

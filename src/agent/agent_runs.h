// Runs of agents, from outside: started, followed, stopped, resumed, answered, forked and replayed. What a process
// knows of a run beside its journal is only that it is running it, and holds the run's lock (a file's, which the kernel
// takes back when the process dies), so that no two processes run it at once.
//
//   Start   -> a row, then the program: until it ends, or waits for a person
//   Resume  -> the program again, from the journal: after a crash, a stop, or a person's answer
//   Answer  -> a person's word on a step that waits; the run is resumed by whoever wants to
//
// Loop thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/agent.h"
#include "agent/journal.h"
#include "agent/tool_vectors.h"
#include "base/io/file_lock.h"

namespace atelier {

// A person's word on a step that waits.
struct PersonAnswer {
  // "approve", "edit" or "reject". Of a call whose outcome is unknown: make it again, take `text` for what it gave, or
  // tell the model that nobody knows.
  std::string decision = "approve";
  Json arguments = {};      // edit: in place of the call's
  std::string text = {};    // edit: in place of an answer that a guard refused, or of what a lost call gave
  std::string reason = {};  // told to the model
  std::string by = {};      // who says so
};

// A step that waits for a person.
struct OpenQuestion {
  std::string path;
  Json question;  // {"reason", "tool", "arguments", …}
};

class AgentRuns {
 public:
  struct Parts {
    Loop& loop;
    Pool& pool;
    const Clock& clock;
    Journal& journal;
    LanguageModel& model;
    std::string lock_folder;  // exists
    std::function<Result<std::shared_ptr<const Agent>>(const std::string& name)> find_agent;
    std::function<double(const std::string& model, const Usage& usage)> cost = {};
    Embedder* embedder = nullptr;  // null: there is none
    std::string embedding_model = {};
    AgentMemory* memory = nullptr;  // null: agents remember nothing
  };
  explicit AgentRuns(Parts parts) : parts_(std::move(parts)) {}

  struct Start {
    std::string agent;
    Json input;  // a text, messages, or what a workflow takes
    std::string principal = {};
    std::string id = {};            // empty: a new one
    std::string conversation = {};  // that it belongs to, for what remembers conversations; empty: none is known
  };
  // A row of the journal: nothing has happened yet. Errors: an unknown agent, an input that is neither.
  Task<Result<std::string>> Create(Start start);
  // Runs it until it ends or waits, and gives its row as it is then. A run that has ended is given as it is.
  // Errors: kNotFound; kConflict: another process, or another call, is running it; those of Cancel and of the journal.
  // What goes wrong within the run is its outcome (failed), not an error; a stop leaves it as a crash would, to be
  // resumed.
  Task<Result<RunRow>> Run(Call call, std::string run_id, OnAgentEvent emit);
  // Ends a run for good: at once where it is not being run, else after the step under way.
  Task<Result<void>> Cancel(std::string run_id);
  Task<Result<void>> Answer(std::string run_id, std::string path, PersonAnswer answer);
  // What a waiting run waits for.
  Task<Result<std::vector<OpenQuestion>>> Questions(std::string run_id);
  // A new run with the first `num_steps` steps of another.
  Task<Result<std::string>> Fork(std::string run_id, int64_t num_steps);
  // Runs the program against the journal alone: nothing happens outside. Gives how the run ended, or the first
  // difference as an error (kConflict, code replay_mismatch).
  Task<Result<AgentOutcome>> Replay(Call call, std::string run_id);

  // A run with all that it has left on this machine: its rows, its lock, the scratch folder of its programs. Blocking.
  Result<void> Delete(const std::string& run_id);
  // Those that ended more than `days` ago (0: however long), and the oldest beyond `keep` (0: however many); how many
  // went. Blocking.
  Result<int64_t> DeleteOld(int64_t days, int64_t keep);

  Journal& journal() { return parts_.journal; }
  Pool& pool() { return parts_.pool; }
  bool IsRunning(const std::string& run_id) const { return live_.contains(run_id); }

 private:
  struct Live {
    std::stop_source stop;
    bool cancelled = false;
  };
  AgentWork WorkOf(const RunRow& row, RunLog& log, RunMeter& meter, OnAgentEvent emit) const;
  Task<Result<AgentOutcome>> RunProgram(Call call, const RunRow& row, RunLog& log, OnAgentEvent emit);
  Task<Result<RunRow>> RunLocked(Call call, std::string run_id, OnAgentEvent emit, Live& live);
  Task<Result<RunRow>> GetRow(std::string run_id);
  void RemoveLeftovers(const std::string& run_id) const;
  Task<Result<void>> EndCancelled(std::string run_id);
  int64_t NowMs() const { return parts_.clock.UnixNanos() / 1'000'000; }

  Parts parts_;
  std::unique_ptr<ToolVectors> tool_vectors_ = std::make_unique<ToolVectors>();
  std::map<std::string, std::unique_ptr<Live>> live_;
};

}  // namespace atelier

#include "agent/agent_runs.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <utility>

#include "agent/agent_elsewhere.h"
#include "agent/react.h"
#include "agent/tool_calls.h"
#include "agent/tool_output.h"
#include "agent/tools/program_tool.h"
#include "base/object_id.h"
#include "base/task/stop_link.h"

namespace atelier {
namespace {

Json ErrorBody(const Error& error) {
  return Json::Object({{"kind", ErrorKindName(error.kind)}, {"code", error.code}, {"message", error.Message()}});
}

// What a lost call is said to have given (run_log.h).
Json AboutLost(const PersonAnswer& answer) {
  if (answer.decision == "approve") return Json::Object({{"decision", "approve"}});
  Json result = answer.decision == "edit"
                    ? Json::Object({{"text", answer.text}})
                    : ErrorOutput("Whether this call had an effect is not known. It was not made again." +
                                  (answer.reason.empty() ? std::string() : " " + answer.reason));
  return Json::Object({{"decision", "told"}, {"result", std::move(result)}});
}

Result<Json> Worded(const Json& question, const PersonAnswer& answer) {
  Json worded =
      question["reason"] == Json("outcome_unknown") ? AboutLost(answer) : Json::Object({{"decision", answer.decision}});
  if (question["reason"] == Json("question")) {
    if (answer.decision != "reject") worded.Set("text", answer.text);
  } else if (question["reason"] != Json("outcome_unknown") && answer.decision == "edit") {
    const bool of_call = question.Has("arguments");
    if (of_call && !answer.arguments.is_object()) {
      return Error::Invalid("arguments", "got " + std::string(answer.arguments.TypeName()) + ", want an object");
    }
    of_call ? worded.Set("arguments", answer.arguments) : worded.Set("text", answer.text);
  }
  if (!answer.reason.empty()) worded.Set("reason", answer.reason);
  if (!answer.by.empty()) worded.Set("by", answer.by);
  return worded;
}

// Arguments that a person changed, before they are kept: who mistypes a key may say it again. Tools of other agents
// that the run's agent asked are not known here; their calls check for themselves.
Result<void> CheckEdit(const Agent& agent, const Json& question, const PersonAnswer& answer) {
  if (answer.decision != "edit" || !answer.arguments.is_object()) return {};
  for (const auto& tool : agent.tools) {
    if (question["tool"] != Json(tool->spec().name)) continue;
    TRY(const std::string wrong, WhatIsWrong(tool->spec(), answer.arguments));
    if (!wrong.empty()) return Error::Invalid("arguments", wrong);
  }
  return {};
}

Json Started(const RunRow& row) { return Json::Object({{"run", row.id}, {"agent", row.agent}, {"input", row.input}}); }

std::vector<OpenQuestion> Open(const std::vector<StepRow>& steps) {
  std::vector<OpenQuestion> open;
  for (const StepRow& step : steps) {
    if (step.kind == RunStepKind::kPerson && !step.result) open.push_back({step.path, step.request});
  }
  return open;
}

Json Waiting(const std::vector<OpenQuestion>& open) {
  Json questions = Json::Array({});
  for (const OpenQuestion& one : open) {
    questions.Push(Json::Object({{"path", one.path}, {"question", one.question}}));
  }
  return Json::Object({{"status", "waiting"}, {"questions", std::move(questions)}});
}

}  // namespace

Task<Result<RunRow>> AgentRuns::GetRow(std::string run_id) {
  auto get = [this, run_id] { return parts_.journal.Get(run_id); };
  co_return co_await OnPool(parts_.pool, get);
}

Task<Result<std::string>> AgentRuns::Create(Start start) {
  CO_TRY(const auto agent, parts_.find_agent(start.agent));
  CO_TRY_VOID(agent->program ? agent->program->CheckInput(start.input) : CheckAgentInput(start.input));
  RunRow row;
  row.id = start.id.empty() ? NewObjectId("run_") : std::move(start.id);
  row.agent = agent->config.name, row.principal = std::move(start.principal);
  row.input = std::move(start.input), row.conversation = std::move(start.conversation);
  row.created_ms = row.updated_ms = NowMs();
  auto create = [this, &row] { return parts_.journal.Create(row); };
  CO_TRY_VOID(co_await OnPool(parts_.pool, create));
  co_return row.id;
}

Task<Result<RunRow>> AgentRuns::Run(Call call, std::string run_id, OnAgentEvent emit) {
  if (live_.contains(run_id)) co_return Error::Conflict("run " + run_id, "is running");
  Live& live = *(live_[run_id] = std::make_unique<Live>());
  Result<RunRow> row = co_await RunLocked(std::move(call), run_id, std::move(emit), live);
  live_.erase(run_id);
  co_return row;
}

Task<Result<RunRow>> AgentRuns::RunLocked(Call call, std::string run_id, OnAgentEvent emit, Live& live) {
  // Before the lock: an id that names no run must make no file.
  CO_TRY(RunRow row, co_await GetRow(run_id));
  const auto agent = parts_.find_agent(row.agent);
  if (!agent.ok() && agent.error().code == kAgentElsewhere) co_return agent.error();
  Result<FileLock> lock = FileLock::TryLock(parts_.lock_folder + "/" + run_id);
  if (!lock.ok()) co_return Error::Conflict("run " + run_id, "another process is running it");
  CO_TRY(row, co_await GetRow(run_id));
  if (HasEnded(row.status) && row.status != RunStatus::kFailed) co_return row;
  auto read = [this, run_id] { return parts_.journal.Steps(run_id); };
  CO_TRY(std::vector<StepRow> steps, co_await OnPool(parts_.pool, read));
  RunLog log({parts_.loop, parts_.journal, parts_.clock}, run_id, std::move(steps));
  if (row.status != RunStatus::kRunning) {
    CO_TRY_VOID(co_await log.SetStatus(RunStatus::kRunning, Json()));
  }

  const std::stop_callback on_stop(call.stop, [&live] { live.stop.request_stop(); });
  call.stop = live.stop.get_token();
  Result<AgentOutcome> outcome = co_await RunProgram(call, row, log, emit);

  RunStatus status = RunStatus::kFailed;
  Json body;
  if (outcome.ok()) {
    status = outcome->status, body = outcome->Body();
  } else if (live.cancelled) {
    status = RunStatus::kCancelled, body = Json::Object({{"status", "cancelled"}});
  } else if (log.suspended()) {
    CO_TRY(const auto asked, co_await OnPool(parts_.pool, read));
    status = RunStatus::kWaiting, body = Waiting(Open(asked));
  } else if (call.stop.stop_requested()) {
    co_return std::move(outcome).error();  // as after a crash: it can be resumed
  } else {
    body = Json::Object({{"status", "failed"}, {"error", ErrorBody(outcome.error())}});
  }
  CO_TRY_VOID(co_await log.SetStatus(status, body));
  if (emit) emit({.type = AgentEventType::kRunEnded, .agent = row.agent, .path = {}, .data = std::move(body)});
  co_return co_await GetRow(run_id);
}

AgentWork AgentRuns::WorkOf(const RunRow& row, RunLog& log, RunMeter& meter, OnAgentEvent emit) const {
  AgentWork work{.loop = parts_.loop,
                 .pool = parts_.pool,
                 .clock = parts_.clock,
                 .model = parts_.model,
                 .journal = parts_.journal,
                 .log = log,
                 .meter = meter};
  work.find_agent = parts_.find_agent, work.principal = row.principal, work.conversation = row.conversation;
  work.emit = std::move(emit), work.cost = parts_.cost;
  work.memory = parts_.memory;
  work.embedder = parts_.embedder, work.embedding_model = parts_.embedding_model;
  work.tool_vectors = tool_vectors_.get();
  return work;
}

Task<Result<AgentOutcome>> AgentRuns::RunProgram(Call call, const RunRow& row, RunLog& log, OnAgentEvent emit) {
  CO_TRY(const std::shared_ptr<const Agent> agent, parts_.find_agent(row.agent));
  RunMeter meter(agent->config.limits);
  AgentWork work = WorkOf(row, log, meter, std::move(emit));
  work.Tell(*agent, AgentEventType::kRunStarted, std::string(), Started(row));
  call.principal = row.principal;
  auto program = RunAgent(std::move(call), std::move(work), *agent, row.input, StepScope());
  co_return co_await program;
}

Task<Result<void>> AgentRuns::EndCancelled(std::string run_id) {
  CO_TRY(RunRow row, co_await GetRow(run_id));
  Result<FileLock> lock = FileLock::TryLock(parts_.lock_folder + "/" + run_id);
  if (!lock.ok()) co_return Error::Conflict("run " + run_id, "another process is running it; cancel it there");
  CO_TRY(row, co_await GetRow(run_id));
  if (HasEnded(row.status)) {
    co_return Error::Conflict("run " + run_id, "has ended: it is " + std::string(RunStatusName(row.status)));
  }
  RunLog log({parts_.loop, parts_.journal, parts_.clock}, run_id, {});
  Json outcome = Json::Object({{"status", "cancelled"}});
  co_return co_await log.SetStatus(RunStatus::kCancelled, std::move(outcome));
}

Task<Result<void>> AgentRuns::Cancel(std::string run_id) {
  const auto live = live_.find(run_id);
  if (live == live_.end()) co_return co_await EndCancelled(std::move(run_id));
  live->second->cancelled = true;
  live->second->stop.request_stop();
  co_return Result<void>();
}

Task<Result<std::vector<OpenQuestion>>> AgentRuns::Questions(std::string run_id) {
  auto read = [this, run_id] { return parts_.journal.Steps(run_id); };
  CO_TRY(const std::vector<StepRow> steps, co_await OnPool(parts_.pool, read));
  co_return Open(steps);
}

Task<Result<void>> AgentRuns::Answer(std::string run_id, std::string path, PersonAnswer answer) {
  if (answer.decision != "approve" && answer.decision != "edit" && answer.decision != "reject") {
    co_return Error::Invalid("decision", "got '" + answer.decision.substr(0, 32) + "', want approve, edit or reject");
  }
  CO_TRY(const std::vector<OpenQuestion> open, co_await Questions(run_id));
  if (path.empty() && open.size() == 1) path = open[0].path;
  for (const OpenQuestion& one : open) {
    if (one.path != path) continue;
    CO_TRY(const Json worded, Worded(one.question, answer));
    CO_TRY(const RunRow row, co_await GetRow(run_id));
    const auto agent = parts_.find_agent(row.agent);
    if (agent.ok()) CO_TRY_VOID(CheckEdit(**agent, one.question, answer));
    auto write = [&] { return parts_.journal.Answer(run_id, path, worded, NowMs()); };
    co_return co_await OnPool(parts_.pool, write);
  }
  std::string paths;
  for (const OpenQuestion& one : open) paths += (paths.empty() ? "" : ", ") + one.path;
  co_return Error::NotFound("step", "got '" + path.substr(0, 64) + "', want one that waits for a person: " +
                                        (paths.empty() ? "there is none" : paths));
}

Task<Result<std::string>> AgentRuns::Fork(std::string run_id, int64_t num_steps) {
  CO_TRY(RunRow row, co_await GetRow(run_id));
  row.parent = row.id, row.id = NewObjectId("run_");
  row.status = RunStatus::kRunning, row.outcome = Json();
  row.created_ms = row.updated_ms = NowMs();
  auto fork = [&] { return parts_.journal.Fork(run_id, row, num_steps); };
  CO_TRY_VOID(co_await OnPool(parts_.pool, fork));
  co_return row.id;
}

void AgentRuns::RemoveLeftovers(const std::string& run_id) const {
  std::error_code none;
  std::filesystem::remove(parts_.lock_folder + "/" + run_id, none);
  static_cast<void>(RemoveRunScratch(run_id));  // what cannot be removed now goes with the old ones (program_tool.h)
}

Result<void> AgentRuns::Delete(const std::string& run_id) {
  TRY_VOID(parts_.journal.Delete(run_id));
  RemoveLeftovers(run_id);
  return {};
}

Result<int64_t> AgentRuns::DeleteOld(int64_t days, int64_t keep) {
  constexpr int64_t kDayMs = 86'400'000;
  const int64_t before = days > 0 ? NowMs() - days * kDayMs : 0;
  TRY(const std::vector<std::string> gone,
      parts_.journal.DeleteOld(before, keep > 0 ? keep : std::numeric_limits<int64_t>::max()));
  for (const std::string& run_id : gone) RemoveLeftovers(run_id);
  return static_cast<int64_t>(gone.size());
}

Task<Result<AgentOutcome>> AgentRuns::Replay(Call call, std::string run_id) {
  CO_TRY(RunRow row, co_await GetRow(run_id));
  auto read = [this, run_id] { return parts_.journal.Steps(run_id); };
  CO_TRY(std::vector<StepRow> steps, co_await OnPool(parts_.pool, read));
  RunLog log({parts_.loop, parts_.journal, parts_.clock}, run_id, std::move(steps));
  log.OnlyReplay();
  auto program = RunProgram(std::move(call), row, log, OnAgentEvent());
  co_return co_await program;
}

}  // namespace atelier

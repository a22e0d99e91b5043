#include "agent/run_log.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/io/sha256.h"

namespace atelier {
namespace {

constexpr char kSuspended[] = "suspended";

std::string HashOf(const StepSpec& spec) {
  Sha256 hash;
  hash.Update(RunStepKindName(spec.kind));
  hash.Update("\n" + spec.name + "\n");
  hash.Update(spec.request.Dump());
  return hash.HexDigest().substr(0, 32);
}

std::string Named(const StepSpec& spec) {
  return "step " + spec.path + " (" + std::string(RunStepKindName(spec.kind)) + " " + spec.name + ")";
}

Result<void> CheckSame(const StepRow& row, const StepSpec& spec, const std::string& hash) {
  if (row.kind == spec.kind && row.name == spec.name && row.request_hash == hash) return {};
  const std::string was = std::string(RunStepKindName(row.kind)) + " " + row.name;
  const bool renamed = row.kind != spec.kind || row.name != spec.name;
  return Error::Conflict(Named(spec), "got " +
                                          (renamed ? "another step, want " + was
                                                   : "another request, want the one with hash " + row.request_hash) +
                                          ": what the run is made of has changed since")
      .WithCode("replay_mismatch");
}

}  // namespace

Error Suspended(const std::string& path) {
  return Error::Conflict("step " + path, "waits for a person").WithCode(kSuspended);
}
bool IsSuspended(const Error& error) { return error.code == kSuspended; }

RunLog::RunLog(Parts parts, std::string run_id, std::vector<StepRow> steps)
    : parts_(parts), run_id_(std::move(run_id)) {
  for (StepRow& step : steps) {
    next_number_ = std::max(next_number_, step.number + 1);
    std::string path = step.path;
    known_.emplace(std::move(path), std::move(step));
  }
}

bool RunLog::WentOn(std::string_view path) const {
  const size_t begin = path.rfind('.') == std::string_view::npos ? 0 : path.rfind('.') + 1;
  const std::string_view scope = path.substr(0, begin);
  const auto number_of = [begin](std::string_view of) {
    int64_t number = -1;
    std::from_chars(of.data() + begin, of.data() + of.size(), number);
    return number;
  };
  const int64_t number = number_of(path);
  for (auto at = known_.lower_bound(scope); at != known_.end() && at->first.starts_with(scope); ++at) {
    if (number_of(at->first) >= number) return true;
  }
  return false;
}

Task<Result<void>> RunLog::Commit(JournalChange last) {
  uncommitted_.push_back(std::move(last));
  auto changes = std::exchange(uncommitted_, {});
  auto start = [&](Writer::Done done) { parts_.journal.Commit(run_id_, std::move(changes), NowMs(), std::move(done)); };
  auto committed = AwaitCallback<Result<void>>(parts_.loop, std::move(start));
  co_return co_await committed;
}

Task<Result<StepResult>> RunLog::Step(Call call, StepSpec spec, Perform perform) {
  const std::string hash = HashOf(spec);
  StepRow row;
  if (const auto at = known_.find(spec.path); at != known_.end()) {
    row = std::move(at->second);
    known_.erase(at);
    CO_TRY_VOID(CheckSame(row, spec, hash));
    if (row.result) {
      const double seconds = static_cast<double>(row.ended_ms - row.begun_ms) / 1000;
      co_return StepResult{.value = std::move(*row.result), .seconds = seconds, .replayed = true};
    }
    if (!only_replay_ && !spec.may_repeat) {
      CO_TRY(Lost lost, co_await AskAboutLost(spec, row.attempt));
      if (lost.told) co_return co_await EndAsTold(std::move(row), std::move(*lost.told));
    }
    ++row.attempt;
  } else {
    row.number = next_number_++, row.path = spec.path, row.kind = spec.kind, row.name = spec.name;
    row.request_hash = hash;
  }
  if (only_replay_) co_return Error::NotFound(Named(spec), "is not in the journal").WithCode("replay_end");
  if (call.stopped(parts_.loop.Now())) co_return Error::Cancelled(Named(spec), "the run was stopped before it");
  co_return co_await PerformAndEnd(std::move(call), std::move(spec), std::move(row), std::move(perform));
}

Task<Result<StepResult>> RunLog::PerformAndEnd(Call call, StepSpec spec, StepRow row, Perform perform) {
  if (spec.keep_request) row.request = std::move(spec.request);
  row.begun_ms = NowMs();
  JournalChange begin = BeginStep{.step = row};
  CO_TRY_VOID(co_await Commit(std::move(begin)));
  ++num_in_flight_;
  ++num_performed_;
  Result<Performed> done = co_await perform(std::move(call));
  --num_in_flight_;
  if (!done.ok()) co_return std::move(done).error();
  EndStep end{.path = row.path, .result = done->result, .ended_ms = NowMs(), .values = std::move(done->values)};
  StepResult result{.value = std::move(done->result),
                    .seconds = static_cast<double>(end.ended_ms - row.begun_ms) / 1000};
  if (num_in_flight_ == 0) {
    uncommitted_.push_back(std::move(end));  // with the next intent, which comes at once
  } else {
    JournalChange change = std::move(end);
    CO_TRY_VOID(co_await Commit(std::move(change)));
  }
  co_return result;
}

Task<Result<StepResult>> RunLog::EndAsTold(StepRow row, Json result) {
  JournalChange end = EndStep{.path = row.path, .result = result, .ended_ms = NowMs()};
  CO_TRY_VOID(co_await Commit(std::move(end)));
  co_return StepResult{.value = std::move(result)};
}

// Each time that a call was lost is a question of its own.
Task<Result<RunLog::Lost>> RunLog::AskAboutLost(StepSpec spec, int32_t attempt) {
  Json question = Json::Object({{"reason", "outcome_unknown"},
                                {"step", spec.path},
                                {"name", spec.name},
                                {"request", spec.request},
                                {"idempotency_key", KeyOf(spec.path)}});
  auto asking = AskPerson(spec.path + "?" + std::to_string(attempt), spec.name, std::move(question));
  CO_TRY(const Json answer, co_await asking);
  if (answer["decision"] == Json("approve")) co_return Lost{};
  co_return Lost{.told = answer["result"]};
}

Task<Result<Json>> RunLog::AskPerson(std::string path, std::string name, Json question) {
  StepSpec spec{.path = path, .kind = RunStepKind::kPerson, .name = std::move(name), .request = std::move(question)};
  const std::string hash = HashOf(spec);
  const auto at = known_.find(path);
  if (at != known_.end()) {
    CO_TRY_VOID(CheckSame(at->second, spec, hash));
    if (at->second.result) {
      Json answer = std::move(*at->second.result);
      if (spec.request["question"].is_string() && answer["text"].is_string()) {
        replies_.push_back({path, spec.request["question"].AsString(), answer["text"].AsString()});
      }
      known_.erase(at);
      co_return answer;
    }
  } else if (!only_replay_) {
    StepRow row{.number = next_number_++, .path = path, .kind = RunStepKind::kPerson, .name = spec.name};
    row.request_hash = hash, row.request = std::move(spec.request), row.begun_ms = NowMs();
    JournalChange begin = BeginStep{.step = std::move(row)};
    CO_TRY_VOID(co_await Commit(std::move(begin)));
  }
  suspended_ = true;
  co_return Suspended(path);
}

Task<Result<void>> RunLog::SetStatus(RunStatus status, Json outcome) {
  if (only_replay_) co_return Result<void>();
  JournalChange change = SetRunStatus{.status = status, .outcome = std::move(outcome)};
  co_return co_await Commit(std::move(change));
}

}  // namespace atelier

#include "agent/journal.h"

#include <array>
#include <utility>

namespace atelier {
namespace {

// Steps and values hang from the run's number, which is short; WITHOUT ROWID keeps a run's steps together.
constexpr std::string_view kMigrations[] = {
    "CREATE TABLE agent_run(number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, agent TEXT NOT NULL,"
    " principal TEXT NOT NULL, status INTEGER NOT NULL, input TEXT NOT NULL, outcome TEXT NOT NULL, parent TEXT NOT"
    " NULL, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, num_steps INTEGER NOT NULL DEFAULT 0,"
    " num_bytes INTEGER NOT NULL DEFAULT 0, compacted INTEGER NOT NULL DEFAULT 0) STRICT;"
    "CREATE INDEX agent_run_by_status ON agent_run(status, number);"
    "CREATE TABLE agent_step(run INTEGER NOT NULL, path TEXT NOT NULL, number INTEGER NOT NULL, kind INTEGER NOT NULL,"
    " name TEXT NOT NULL, request_hash TEXT NOT NULL, request TEXT, attempt INTEGER NOT NULL, result TEXT, begun_ms"
    " INTEGER NOT NULL, ended_ms INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(run, path)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE agent_value(run INTEGER NOT NULL, handle TEXT NOT NULL, bytes BLOB NOT NULL,"
    " PRIMARY KEY(run, handle)) STRICT, WITHOUT ROWID;",
    "ALTER TABLE agent_run ADD COLUMN conversation TEXT NOT NULL DEFAULT '';"};

constexpr std::array<std::string_view, 7> kStatusNames = {"running", "waiting",   "completed", "limited",
                                                          "failed",  "cancelled", "refused"};

constexpr char kRunColumns[] =
    "id, agent, principal, status, input, outcome, parent, created_ms, updated_ms, num_steps, num_bytes, compacted,"
    " conversation";

Error NoRun(const std::string& id) {
  return Error::NotFound("run", "got '" + id.substr(0, 64) + "', want the id of a run").WithCode("not_found");
}

Result<RunRow> ReadRun(const Statement& row) {
  RunRow run;
  run.id = row.Text(0), run.agent = row.Text(1), run.principal = row.Text(2);
  run.status = static_cast<RunStatus>(row.Int(3));
  TRY(run.input, Json::Parse(row.Text(4)));
  TRY(run.outcome, Json::Parse(row.Text(5)));
  run.parent = row.Text(6);
  run.created_ms = row.Int(7), run.updated_ms = row.Int(8);
  run.num_steps = row.Int(9), run.num_bytes = row.Int(10);
  run.compacted = row.Int(11) != 0;
  run.conversation = row.Text(12);
  return run;
}

Result<StepRow> ReadStep(const Statement& row) {
  StepRow step;
  step.path = row.Text(0), step.number = row.Int(1);
  step.kind = static_cast<RunStepKind>(row.Int(2));
  step.name = row.Text(3), step.request_hash = row.Text(4);
  if (!row.IsNull(5)) {
    TRY(step.request, Json::Parse(row.Text(5)));
  }
  step.attempt = static_cast<int32_t>(row.Int(6));
  if (!row.IsNull(7)) {
    TRY(step.result, Json::Parse(row.Text(7)));
  }
  step.begun_ms = row.Int(8), step.ended_ms = row.Int(9);
  return step;
}

Result<int64_t> NumberOf(Db& db, const std::string& run_id) {
  TRY(auto query, db.Prepare("SELECT number FROM agent_run WHERE id = ?"));
  query.BindAll(run_id);
  TRY(const bool found, query.Step());
  if (!found) return NoRun(run_id);
  return query.Int(0);
}

Result<void> Insert(Db& db, const RunRow& run) {
  TRY(auto exists, db.Prepare("SELECT 1 FROM agent_run WHERE id = ?"));
  exists.BindAll(run.id);
  TRY(const bool taken, exists.Step());
  if (taken) return Error::Conflict("run", "got '" + run.id + "', want an id that is not taken");
  TRY(auto insert, db.Prepare("INSERT INTO agent_run(id, agent, principal, status, input, outcome, parent, created_ms,"
                              " updated_ms, conversation) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  return insert.Run(run.id, run.agent, run.principal, static_cast<int64_t>(run.status), run.input.Dump(),
                    run.outcome.Dump(), run.parent, run.created_ms, run.updated_ms, run.conversation);
}

// What a change adds to the run's size.
struct Grown {
  int64_t steps = 0, bytes = 0;
};

Result<Grown> Apply(Db& db, int64_t run, const BeginStep& change) {
  const StepRow& step = change.step;
  const std::optional<std::string> request = step.request.is_null() ? std::nullopt : std::optional(step.request.Dump());
  TRY(auto insert, db.Prepare("INSERT INTO agent_step(run, path, number, kind, name, request_hash, request, attempt,"
                              " begun_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
                              " ON CONFLICT(run, path) DO UPDATE SET attempt = excluded.attempt, begun_ms ="
                              " excluded.begun_ms WHERE result IS NULL"));
  TRY_VOID(insert.Run(run, step.path, step.number, static_cast<int64_t>(step.kind), step.name, step.request_hash,
                      request, step.attempt, step.begun_ms));
  if (db.changes() == 0) return Error::Conflict("step " + step.path, "has ended already");
  if (step.attempt > 1) return Grown{};
  return Grown{.steps = 1, .bytes = static_cast<int64_t>(request ? request->size() : 0)};
}

Result<Grown> Apply(Db& db, int64_t run, const EndStep& change) {
  const std::string result = change.result.Dump();
  TRY(auto update, db.Prepare("UPDATE agent_step SET result = ?, ended_ms = ? WHERE run = ? AND path = ? AND result IS"
                              " NULL"));
  TRY_VOID(update.Run(result, change.ended_ms, run, change.path));
  if (db.changes() == 0) return Error::Conflict("step " + change.path, "has ended already, or never began");
  Grown grown{.bytes = static_cast<int64_t>(result.size())};
  for (const RunValue& value : change.values) {
    TRY(auto insert, db.Prepare("INSERT OR REPLACE INTO agent_value(run, handle, bytes) VALUES (?, ?, ?)"));
    TRY_VOID(insert.Run(run, value.handle, std::as_bytes(std::span(value.bytes))));
    grown.bytes += static_cast<int64_t>(value.bytes.size());
  }
  return grown;
}

Result<Grown> Apply(Db& db, int64_t run, const SetRunStatus& change) {
  TRY(auto update, db.Prepare("UPDATE agent_run SET status = ?, outcome = ? WHERE number = ?"));
  TRY_VOID(update.Run(static_cast<int64_t>(change.status), change.outcome.Dump(), run));
  return Grown{};
}

Result<void> ApplyAll(Db& db, const std::string& run_id, const std::vector<JournalChange>& changes, int64_t now_ms) {
  TRY(const int64_t run, NumberOf(db, run_id));
  Grown all;
  for (const JournalChange& change : changes) {
    TRY(const Grown grown, std::visit([&](const auto& one) { return Apply(db, run, one); }, change));
    all.steps += grown.steps, all.bytes += grown.bytes;
  }
  TRY(auto update, db.Prepare("UPDATE agent_run SET updated_ms = ?, num_steps = num_steps + ?, num_bytes = num_bytes +"
                              " ? WHERE number = ?"));
  return update.Run(now_ms, all.steps, all.bytes, run);
}

}  // namespace

std::string_view RunStatusName(RunStatus status) { return kStatusNames.at(static_cast<size_t>(status)); }

std::optional<RunStatus> RunStatusOf(std::string_view name) {
  for (size_t i = 0; i < kStatusNames.size(); ++i) {
    if (kStatusNames[i] == name) return static_cast<RunStatus>(i);
  }
  return std::nullopt;
}

bool HasEnded(RunStatus status) { return status != RunStatus::kRunning && status != RunStatus::kWaiting; }

std::string_view RunStepKindName(RunStepKind kind) {
  static constexpr std::array<std::string_view, 5> kNames = {"model", "tool", "decision", "person", "value"};
  return kNames.at(static_cast<size_t>(kind));
}

Result<std::unique_ptr<Journal>> Journal::Open(Database& database) {
  TRY_VOID(database.Migrate("agents", kMigrations));
  return std::unique_ptr<Journal>(new Journal(database));
}

Result<void> Journal::Create(const RunRow& run) {
  return database_.Write([run](Db& db) { return Insert(db, run); });
}

void Journal::Commit(std::string run_id, std::vector<JournalChange> changes, int64_t now_ms, Writer::Done done) {
  database_.writer().Submit([run_id = std::move(run_id), changes = std::move(changes),
                             now_ms](Db& db) { return ApplyAll(db, run_id, changes, now_ms); },
                            std::move(done));
}

Result<RunRow> Journal::Get(const std::string& run_id) {
  return database_.Read([&](Db& db) -> Result<RunRow> {
    TRY(auto query, db.Prepare("SELECT " + std::string(kRunColumns) + " FROM agent_run WHERE id = ?"));
    query.BindAll(run_id);
    TRY(const bool found, query.Step());
    if (!found) return NoRun(run_id);
    return ReadRun(query);
  });
}

Result<std::vector<StepRow>> Journal::Steps(const std::string& run_id) {
  return database_.Read([&](Db& db) -> Result<std::vector<StepRow>> {
    TRY(const int64_t run, NumberOf(db, run_id));
    TRY(auto query, db.Prepare("SELECT path, number, kind, name, request_hash, request, attempt, result, begun_ms,"
                               " ended_ms FROM agent_step WHERE run = ? ORDER BY number"));
    query.BindAll(run);
    std::vector<StepRow> steps;
    while (true) {
      TRY(const bool more, query.Step());
      if (!more) return steps;
      TRY(StepRow step, ReadStep(query));
      steps.push_back(std::move(step));
    }
  });
}

Result<std::string> Journal::Value(const std::string& run_id, const std::string& handle) {
  return database_.Read([&](Db& db) -> Result<std::string> {
    TRY(const int64_t run, NumberOf(db, run_id));
    TRY(auto query, db.Prepare("SELECT bytes FROM agent_value WHERE run = ? AND handle = ?"));
    query.BindAll(run, handle);
    TRY(const bool found, query.Step());
    if (!found)
      return Error::NotFound("handle", "got '" + handle.substr(0, 64) + "', want one that this run was given");
    const auto bytes = query.Blob(0);
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  });
}

Result<std::vector<RunRow>> Journal::List(const Filter& filter) {
  return database_.Read([&](Db& db) -> Result<std::vector<RunRow>> {
    TRY(auto query, db.Prepare("SELECT " + std::string(kRunColumns) +
                               " FROM agent_run WHERE (?1 < 0 OR status = ?1) AND (?2 = '' OR agent = ?2) AND (?3 IS"
                               " NULL OR principal = ?3) AND (?4 = '' OR number < (SELECT number FROM agent_run WHERE"
                               " id = ?4)) ORDER BY number DESC LIMIT ?5"));
    query.BindAll(filter.status ? static_cast<int64_t>(*filter.status) : int64_t{-1}, filter.agent, filter.principal,
                  filter.before, filter.limit);
    std::vector<RunRow> runs;
    while (true) {
      TRY(const bool more, query.Step());
      if (!more) return runs;
      TRY(RunRow run, ReadRun(query));
      runs.push_back(std::move(run));
    }
  });
}

Result<void> Journal::Fork(const std::string& run_id, const RunRow& fork, int64_t num_steps) {
  return database_.Write([run_id, fork, num_steps](Db& db) -> Result<void> {
    TRY(const int64_t from, NumberOf(db, run_id));
    TRY(const auto compacted, db.QueryInt("SELECT compacted FROM agent_run WHERE number = " + std::to_string(from)));
    if (compacted != 0) return Error::Conflict("run " + run_id, "was compacted: what came of its steps is gone");
    TRY_VOID(Insert(db, fork));
    TRY(const int64_t to, NumberOf(db, fork.id));
    TRY(auto steps, db.Prepare("INSERT INTO agent_step SELECT ?1, path, number, kind, name, request_hash, request,"
                               " attempt, result, begun_ms, ended_ms FROM agent_step WHERE run = ?2 AND number < ?3 AND"
                               " result IS NOT NULL"));
    TRY_VOID(steps.Run(to, from, num_steps));
    // A person's yes was to one call of one run: where that call is not among the steps, it is asked for again.
    TRY(auto unused, db.Prepare("DELETE FROM agent_step WHERE run = ?1 AND kind = ?2 AND path LIKE '%!' AND"
                                " json_extract(request, '$.tool') IS NOT NULL AND NOT EXISTS (SELECT 1 FROM agent_step"
                                " AS made WHERE made.run = ?1 AND (made.path = rtrim(agent_step.path, '!') OR made.path"
                                " LIKE rtrim(agent_step.path, '!') || '.%'))"));
    TRY_VOID(unused.Run(to, static_cast<int64_t>(RunStepKind::kPerson)));
    TRY(auto values, db.Prepare("INSERT INTO agent_value SELECT ?1, handle, bytes FROM agent_value WHERE run = ?2"));
    TRY_VOID(values.Run(to, from));
    TRY(auto sizes, db.Prepare("UPDATE agent_run SET num_steps = (SELECT count(*) FROM agent_step WHERE run = ?1),"
                               " num_bytes = (SELECT coalesce(sum(length(result) + coalesce(length(request), 0)), 0)"
                               " FROM agent_step WHERE run = ?1) + (SELECT coalesce(sum(length(bytes)), 0) FROM"
                               " agent_value WHERE run = ?1) WHERE number = ?1"));
    return sizes.Run(to);
  });
}

Result<void> Journal::Answer(const std::string& run_id, const std::string& path, const Json& answer, int64_t now_ms) {
  return database_.Write([run_id, path, answer, now_ms](Db& db) -> Result<void> {
    TRY(const int64_t run, NumberOf(db, run_id));
    TRY(auto query, db.Prepare("SELECT kind, result FROM agent_step WHERE run = ? AND path = ?"));
    query.BindAll(run, path);
    TRY(const bool found, query.Step());
    if (!found)
      return Error::NotFound("step", "got '" + path.substr(0, 64) + "', want a step that waits for an answer");
    if (static_cast<RunStepKind>(query.Int(0)) != RunStepKind::kPerson) {
      return Error::Conflict("step " + path, "got a " +
                                                 std::string(RunStepKindName(static_cast<RunStepKind>(query.Int(0)))) +
                                                 " step, want one that waits for an answer");
    }
    if (!query.IsNull(1)) return Error::Conflict("step " + path, "was answered already");
    query.Reset();
    return ApplyAll(db, run_id, {EndStep{.path = path, .result = answer, .ended_ms = now_ms}}, now_ms);
  });
}

Result<void> Journal::Compact(const std::string& run_id) {
  return database_.Write([run_id](Db& db) -> Result<void> {
    TRY(const int64_t run, NumberOf(db, run_id));
    TRY(auto status, db.Prepare("SELECT status FROM agent_run WHERE number = ?"));
    status.BindAll(run);
    TRY_VOID(status.Step());
    const auto now = static_cast<RunStatus>(status.Int(0));
    if (!HasEnded(now)) {
      return Error::Conflict("run " + run_id, "is " + std::string(RunStatusName(now)) + ", want one that has ended");
    }
    status.Reset();
    TRY(auto steps, db.Prepare("UPDATE agent_step SET result = NULL, request = NULL WHERE run = ?"));
    TRY_VOID(steps.Run(run));
    TRY(auto values, db.Prepare("DELETE FROM agent_value WHERE run = ?"));
    TRY_VOID(values.Run(run));
    TRY(auto size, db.Prepare("UPDATE agent_run SET num_bytes = 0, compacted = 1 WHERE number = ?"));
    return size.Run(run);
  });
}

Result<void> Journal::Delete(const std::string& run_id) {
  return database_.Write([run_id](Db& db) -> Result<void> {
    TRY(const int64_t run, NumberOf(db, run_id));
    for (const char* sql : {"DELETE FROM agent_step WHERE run = ?", "DELETE FROM agent_value WHERE run = ?",
                            "DELETE FROM agent_run WHERE number = ?"}) {
      TRY(auto erase, db.Prepare(sql));
      TRY_VOID(erase.Run(run));
    }
    return {};
  });
}

Result<std::vector<std::string>> Journal::DeleteOld(int64_t ended_before_ms, int64_t keep) {
  std::vector<std::string> gone;
  TRY_VOID(database_.Write([ended_before_ms, keep, &gone](Db& db) -> Result<void> {
    gone.clear();
    const std::string old =
        " FROM agent_run WHERE status >= 2 AND (updated_ms < ?1 OR number NOT IN (SELECT number FROM"
        " agent_run WHERE status >= 2 ORDER BY number DESC LIMIT ?2))";
    TRY(auto query, db.Prepare("SELECT id" + old));
    query.BindAll(ended_before_ms, keep);
    while (true) {
      TRY(const bool more, query.Step());
      if (!more) break;
      gone.emplace_back(query.Text(0));
    }
    for (const std::string& sql : {"DELETE FROM agent_step WHERE run IN (SELECT number" + old + ")",
                                   "DELETE FROM agent_value WHERE run IN (SELECT number" + old + ")", "DELETE" + old}) {
      TRY(auto erase, db.Prepare(sql));
      TRY_VOID(erase.Run(ended_before_ms, keep));
    }
    return {};
  }));
  return gone;
}

}  // namespace atelier

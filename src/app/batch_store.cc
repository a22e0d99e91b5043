#include "app/batch_store.h"

#include "base/object_id.h"

namespace atelier {
namespace {

constexpr std::string_view kMigrations[] = {
    "CREATE TABLE batch(number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, endpoint TEXT NOT NULL,"
    "  input_file_id TEXT NOT NULL, completion_window TEXT NOT NULL, status TEXT NOT NULL, model TEXT NOT NULL,"
    "  output_file_id TEXT, error_file_id TEXT, metadata TEXT NOT NULL, errors TEXT NOT NULL,"
    "  output_expires_after INTEGER, created INTEGER NOT NULL, expires INTEGER NOT NULL, in_progress INTEGER,"
    "  finalizing INTEGER, completed INTEGER, failed INTEGER, expired INTEGER, cancelling INTEGER, cancelled INTEGER);"
    "CREATE TABLE batch_line(batch_id TEXT NOT NULL, line INTEGER NOT NULL, custom_id TEXT NOT NULL,"
    "  start INTEGER NOT NULL, num_bytes INTEGER NOT NULL, ok INTEGER, answer TEXT, input_tokens INTEGER,"
    "  cached_tokens INTEGER, output_tokens INTEGER, reasoning_tokens INTEGER, PRIMARY KEY(batch_id, line));",
    "ALTER TABLE batch ADD COLUMN principal TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE batch ADD COLUMN owner TEXT NOT NULL DEFAULT '';",
};

constexpr char kColumns[] =
    "id, endpoint, input_file_id, completion_window, status, model, output_file_id, error_file_id, metadata, errors, "
    "output_expires_after, created, expires, in_progress, finalizing, completed, failed, expired, cancelling, "
    "cancelled, principal, owner";

template <class T>
std::optional<T> Optional(const Statement& row, int column) {
  if (row.IsNull(column)) return std::nullopt;
  if constexpr (std::is_same_v<T, std::string>) {
    return std::string(row.Text(column));
  } else {
    return row.Int(column);
  }
}

Json ParsedOrNull(std::string_view text) {
  Result<Json> json = Json::Parse(text);
  return json.ok() ? std::move(*json) : Json();
}

StoredBatch ReadBatch(const Statement& row) {
  StoredBatch batch;
  int column = 0;
  for (std::string* text :
       {&batch.id, &batch.endpoint, &batch.input_file_id, &batch.completion_window, &batch.status, &batch.model}) {
    *text = row.Text(column++);
  }
  batch.output_file_id = Optional<std::string>(row, 6);
  batch.error_file_id = Optional<std::string>(row, 7);
  batch.metadata = ParsedOrNull(row.Text(8));
  batch.errors = ParsedOrNull(row.Text(9));
  batch.output_expires_after = Optional<int64_t>(row, 10);
  batch.created = row.Int(11);
  batch.expires = row.Int(12);
  column = 13;
  for (std::optional<int64_t>* time : {&batch.in_progress, &batch.finalizing, &batch.completed, &batch.failed,
                                       &batch.expired, &batch.cancelling, &batch.cancelled}) {
    *time = Optional<int64_t>(row, column++);
  }
  batch.principal = row.Text(20), batch.owner = row.Text(21);
  return batch;
}

Result<void> AddCounts(Db& db, StoredBatch& batch) {
  TRY(Statement select,
      db.Prepare("SELECT count(*), coalesce(sum(ok = 1), 0), coalesce(sum(ok = 0), 0), coalesce(sum(input_tokens), 0), "
                 "coalesce(sum(cached_tokens), 0), coalesce(sum(output_tokens), 0), coalesce(sum(reasoning_tokens), 0) "
                 "FROM batch_line WHERE batch_id = ?"));
  select.BindAll(batch.id);
  TRY(const bool any, select.Step());
  CHECK(any);
  int column = 0;
  for (int64_t* number : {&batch.num_total, &batch.num_completed, &batch.num_failed, &batch.input_tokens,
                          &batch.cached_tokens, &batch.output_tokens, &batch.reasoning_tokens}) {
    *number = select.Int(column++);
  }
  return {};
}

Json ErrorsBody(const std::vector<BatchError>& errors) {
  Json list = Json::Array();
  for (const BatchError& error : errors) {
    list.Push(Json::Object({{"code", error.code},
                            {"message", error.message},
                            {"param", error.param.empty() ? Json() : Json(error.param)},
                            {"line", error.line == 0 ? Json() : Json(error.line)}}));
  }
  return list;
}

}  // namespace

bool StoredBatch::ended() const {
  return status == "failed" || status == "completed" || status == "expired" || status == "cancelled";
}

Result<std::unique_ptr<BatchStore>> BatchStore::Open(Database& database, const Clock& clock) {
  TRY_VOID(database.Migrate("batches", kMigrations));
  return std::unique_ptr<BatchStore>(new BatchStore(database, clock));
}

Error NoSuchBatch(const std::string& id) {
  return Error::NotFound("batch '" + id.substr(0, 64) + "'", "there is no such batch");
}

Result<StoredBatch> BatchStore::Create(StoredBatch batch) {
  batch.id = NewObjectId("batch_");
  batch.created = Now();
  batch.status = "validating";
  TRY_VOID(database_.Write([&](Db& db) -> Result<void> {
    TRY(Statement insert, db.Prepare("INSERT INTO batch(id, endpoint, input_file_id, completion_window, status, model, "
                                     "metadata, errors, output_expires_after, created, expires, principal, owner) "
                                     "VALUES (?, ?, ?, ?, ?, '', ?, 'null', ?, ?, ?, ?, ?)"));
    return insert.Run(batch.id, batch.endpoint, batch.input_file_id, batch.completion_window, batch.status,
                      batch.metadata.Dump(), batch.output_expires_after, batch.created, batch.expires, batch.principal,
                      batch.owner);
  }));
  if (changed_) changed_();
  return batch;
}

Result<StoredBatch> BatchStore::Get(const std::string& id) {
  return database_.Read([&](Db& db) -> Result<StoredBatch> {
    TRY(Statement select, db.Prepare("SELECT " + std::string(kColumns) + " FROM batch WHERE id = ?"));
    select.BindAll(id);
    TRY(const bool found, select.Step());
    if (!found) return NoSuchBatch(id);
    StoredBatch batch = ReadBatch(select);
    TRY_VOID(AddCounts(db, batch));
    return batch;
  });
}

Result<Page<StoredBatch>> BatchStore::List(const PageQuery& query,
                                           const std::function<bool(const StoredBatch&)>& shows) {
  return database_.Read([&](Db& db) -> Result<Page<StoredBatch>> {
    TRY(Statement select, db.Prepare("SELECT " + std::string(kColumns) + " FROM batch ORDER BY number"));
    TRY(Page<StoredBatch> page, ShownPage<StoredBatch>(select, query, ReadBatch, shows));
    for (StoredBatch& batch : page.items) TRY_VOID(AddCounts(db, batch));
    return page;
  });
}

Result<std::vector<std::string>> BatchStore::Open() {
  return database_.Read([&](Db& db) -> Result<std::vector<std::string>> {
    TRY(Statement select, db.Prepare("SELECT id FROM batch WHERE status IN "
                                     "('validating', 'in_progress', 'finalizing', 'cancelling') ORDER BY number"));
    std::vector<std::string> ids;
    while (true) {
      TRY(const bool more, select.Step());
      if (!more) return ids;
      ids.emplace_back(select.Text(0));
    }
  });
}

// `set` may use ?2, the time.
Result<void> BatchStore::Move(const std::string& id, const std::string& set, const std::string& from) {
  return database_.Write([&](Db& db) -> Result<void> {
    TRY(Statement move, db.Prepare("UPDATE batch SET " + set + " WHERE id = ?1 AND status IN (" + from + ")"));
    TRY_VOID(move.Run(id, Now()));
    if (db.changes() > 0) return {};
    return Error::Conflict("batch '" + id + "'", "got one in another state, want one of " + from);
  });
}

Result<void> BatchStore::Fail(const std::string& id, const std::vector<BatchError>& errors) {
  return database_.Write([&](Db& db) -> Result<void> {
    TRY(Statement fail, db.Prepare("UPDATE batch SET status = 'failed', failed = ?2, errors = ?3 WHERE id = ?1"));
    return fail.Run(id, Now(), ErrorsBody(errors).Dump());
  });
}

Result<void> BatchStore::Begin(const std::string& id, const std::string& model, const std::vector<BatchLine>& lines) {
  return database_.Write([&](Db& db) -> Result<void> {
    TRY(Statement insert,
        db.Prepare("INSERT INTO batch_line(batch_id, line, custom_id, start, num_bytes) VALUES (?, ?, ?, ?, ?)"));
    for (const BatchLine& line : lines) {
      TRY_VOID(insert.Run(id, line.index, line.custom_id, line.offset, line.num_bytes));
    }
    // One that was cancelled while it was validated keeps its state.
    TRY(Statement begin,
        db.Prepare("UPDATE batch SET model = ?2, in_progress = ?3, status = iif(status = 'validating', "
                   "'in_progress', status) WHERE id = ?1"));
    return begin.Run(id, model, Now());
  });
}

Result<StoredBatch> BatchStore::Cancel(const std::string& id) {
  TRY(const StoredBatch batch, Get(id));
  const Result<void> moved = Move(id, "status = 'cancelling', cancelling = ?2", "'validating', 'in_progress'");
  if (!moved.ok()) {
    return Error::Conflict("batch '" + id + "'", "got one that is " + batch.status + ", want one in progress");
  }
  if (changed_) changed_();
  return Get(id);
}

Result<void> BatchStore::Finalize(const std::string& id) {
  return Move(id, "status = 'finalizing', finalizing = coalesce(finalizing, ?2)", "'in_progress', 'finalizing'");
}

Result<void> BatchStore::End(const std::string& id, std::string_view status,
                             const std::optional<std::string>& output_file_id,
                             const std::optional<std::string>& error_file_id) {
  const std::string name(status);
  CHECK(name == "completed" || name == "expired" || name == "cancelled");
  return database_.Write([&](Db& db) -> Result<void> {
    TRY(Statement end, db.Prepare("UPDATE batch SET status = '" + name + "', " + name +
                                  " = ?2, output_file_id = ?3, error_file_id = ?4 WHERE id = ?1"));
    return end.Run(id, Now(), output_file_id, error_file_id);
  });
}

Result<std::vector<BatchLine>> BatchStore::PendingLines(const std::string& id) {
  return database_.Read([&](Db& db) -> Result<std::vector<BatchLine>> {
    TRY(Statement select, db.Prepare("SELECT line, custom_id, start, num_bytes FROM batch_line "
                                     "WHERE batch_id = ? AND ok IS NULL ORDER BY line"));
    select.BindAll(id);
    std::vector<BatchLine> lines;
    while (true) {
      TRY(const bool more, select.Step());
      if (!more) return lines;
      lines.push_back({select.Int(0), std::string(select.Text(1)), select.Int(2), select.Int(3)});
    }
  });
}

void BatchStore::FinishLine(const std::string& id, int64_t index, BatchAnswer answer, Writer::Done done) {
  database_.writer().Submit(
      [id, index, answer = std::move(answer)](Db& db) -> Result<void> {
        TRY(Statement finish,
            db.Prepare("UPDATE batch_line SET ok = ?3, answer = ?4, input_tokens = ?5, cached_tokens = ?6, "
                       "output_tokens = ?7, reasoning_tokens = ?8 WHERE batch_id = ?1 AND line = ?2 AND ok IS NULL"));
        return finish.Run(id, index, answer.ok, answer.text, answer.input_tokens, answer.cached_tokens,
                          answer.output_tokens, answer.reasoning_tokens);
      },
      std::move(done));
}

Result<void> BatchStore::ForEachAnswer(const std::string& id,
                                       const std::function<Result<void>(bool ok, std::string_view)>& take) {
  return database_.Read([&](Db& db) -> Result<void> {
    TRY(Statement select,
        db.Prepare("SELECT ok, answer FROM batch_line WHERE batch_id = ? AND ok IS NOT NULL ORDER BY line"));
    select.BindAll(id);
    while (true) {
      TRY(const bool more, select.Step());
      if (!more) return {};
      TRY_VOID(take(select.Int(0) != 0, select.Text(1)));
    }
  });
}

}  // namespace atelier

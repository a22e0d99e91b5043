#include "app/completion_store.h"

#include <string_view>
#include <utility>

namespace atelier {
namespace {

constexpr std::string_view kMigrations[] = {
    "CREATE TABLE completion(number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, principal TEXT NOT "
    "NULL,"
    " model TEXT NOT NULL, body TEXT NOT NULL, messages TEXT NOT NULL, metadata TEXT NOT NULL) STRICT;"};

constexpr char kColumns[] = "id, principal, model, body, messages, metadata";

Error NoSuch(const std::string& id) {
  return Error::NotFound("completion_id", "got '" + id.substr(0, 64) + "', want the id of one that is stored")
      .WithCode("not_found");
}

Result<StoredCompletion> ReadRow(const Statement& row) {
  StoredCompletion completion;
  completion.id = row.Text(0), completion.principal = row.Text(1), completion.model = row.Text(2);
  TRY(completion.body, Json::Parse(row.Text(3)));
  TRY(completion.messages, Json::Parse(row.Text(4)));
  TRY(completion.metadata, Json::Parse(row.Text(5)));
  return completion;
}

// Of ReadPage's rows: the model, the key, and each text that is wanted.
constexpr char kFilter[] =
    "(?4 = '' OR model = ?4) AND principal = ?5 AND NOT EXISTS (SELECT 1 FROM json_each(?6) AS wanted WHERE NOT EXISTS"
    " (SELECT 1 FROM json_each(completion.metadata) AS had WHERE had.key = wanted.key AND had.value = wanted.value))";

}  // namespace

Result<std::unique_ptr<CompletionStore>> CompletionStore::Open(Database& database) {
  TRY_VOID(database.Migrate("completions", kMigrations));
  return std::unique_ptr<CompletionStore>(new CompletionStore(database));
}

Result<void> CompletionStore::Put(const StoredCompletion& completion) {
  return database_.Write([completion](Db& db) -> Result<void> {
    TRY(auto put, db.Prepare("INSERT INTO completion(id, principal, model, body, messages, metadata)"
                             " VALUES (?, ?, ?, ?, ?, ?)"));
    return put.Run(completion.id, completion.principal, completion.model, completion.body.Dump(),
                   completion.messages.Dump(), completion.metadata.Dump());
  });
}

Result<StoredCompletion> CompletionStore::Get(const std::string& id, const std::string& principal) {
  return database_.Read([&](Db& db) -> Result<StoredCompletion> {
    TRY(auto query, db.Prepare("SELECT " + std::string(kColumns) + " FROM completion WHERE id = ? AND principal = ?"));
    query.BindAll(id, principal);
    TRY(const bool found, query.Step());
    if (!found) return NoSuch(id);
    return ReadRow(query);
  });
}

Result<Page<StoredCompletion>> CompletionStore::List(const PageQuery& query, const Filter& filter) {
  return database_.Read([&](Db& db) -> Result<Page<StoredCompletion>> {
    const auto bind = [&](Statement& select, int first) {
      select.Bind(first, filter.model);
      select.Bind(first + 1, filter.principal);
      select.Bind(first + 2, filter.metadata.Dump());
    };
    TRY(Page<Result<StoredCompletion>> rows,
        ReadPage<Result<StoredCompletion>>(db, "completion", kColumns, kFilter, query, bind, ReadRow));
    Page<StoredCompletion> page;
    page.has_more = rows.has_more;
    for (Result<StoredCompletion>& row : rows.items) {
      TRY(StoredCompletion completion, std::move(row));
      page.items.push_back(std::move(completion));
    }
    return page;
  });
}

Result<void> CompletionStore::SetMetadata(const std::string& id, const std::string& principal, const Json& metadata) {
  return database_.Write([id, principal, metadata](Db& db) -> Result<void> {
    TRY(auto update, db.Prepare("UPDATE completion SET metadata = ? WHERE id = ? AND principal = ?"));
    TRY_VOID(update.Run(metadata.Dump(), id, principal));
    return db.changes() == 0 ? Result<void>(NoSuch(id)) : Result<void>();
  });
}

Result<void> CompletionStore::Delete(const std::string& id, const std::string& principal) {
  return database_.Write([id, principal](Db& db) -> Result<void> {
    TRY(auto erase, db.Prepare("DELETE FROM completion WHERE id = ? AND principal = ?"));
    TRY_VOID(erase.Run(id, principal));
    return db.changes() == 0 ? Result<void>(NoSuch(id)) : Result<void>();
  });
}

}  // namespace atelier

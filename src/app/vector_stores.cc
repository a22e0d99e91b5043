#include "app/vector_stores.h"

#include "app/vector_store_rows.h"
#include "base/object_id.h"

namespace atelier {

using namespace vector_store_rows;  // NOLINT(google-build-using-namespace): of this class alone

namespace {

constexpr std::string_view kMigrations[] = {
    "CREATE TABLE vector_store(number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL,"
    "  description TEXT NOT NULL, metadata TEXT NOT NULL, created INTEGER NOT NULL, last_active INTEGER NOT NULL,"
    "  expires_days INTEGER, state TEXT NOT NULL, embedder TEXT NOT NULL, dimensions INTEGER NOT NULL);"
    "CREATE TABLE vector_store_file(number INTEGER PRIMARY KEY AUTOINCREMENT, store INTEGER NOT NULL, id TEXT NOT NULL,"
    "  filename TEXT NOT NULL, principal TEXT NOT NULL, batch INTEGER, status TEXT NOT NULL, error_code TEXT NOT NULL,"
    "  error_message TEXT NOT NULL, attributes TEXT NOT NULL, chunk_tokens INTEGER, overlap_tokens INTEGER,"
    "  created INTEGER NOT NULL, usage_bytes INTEGER NOT NULL, version INTEGER NOT NULL, UNIQUE(store, id));"
    "CREATE INDEX vector_store_file_by_id ON vector_store_file(id);"
    "CREATE INDEX vector_store_file_by_batch ON vector_store_file(batch);"
    "CREATE INDEX vector_store_file_to_do ON vector_store_file(status) WHERE status IN ('in_progress', 'removing');"
    "CREATE TABLE vector_store_batch(number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,"
    "  store INTEGER NOT NULL, created INTEGER NOT NULL, cancelled INTEGER NOT NULL);",
    "ALTER TABLE vector_store ADD COLUMN owner TEXT NOT NULL DEFAULT '';",
};

constexpr char kStoreColumns[] =
    "id, name, description, metadata, created, last_active, expires_days, state = 'expired', embedder, dimensions, "
    "owner";
constexpr int64_t kTouchSeconds = 60;  // a store's expiry is told in days
constexpr int64_t kDay = 86'400;

std::optional<int64_t> OptionalInt(const Statement& row, int column) {
  return row.IsNull(column) ? std::nullopt : std::optional(row.Int(column));
}

VectorStore ReadStore(const Statement& row) {
  VectorStore store;
  store.id = row.Text(0), store.name = row.Text(1), store.description = row.Text(2);
  store.metadata = ParsedObject(row.Text(3));
  store.created = row.Int(4), store.last_active = row.Int(5);
  store.expires_after_days = OptionalInt(row, 6);
  store.expired = row.Int(7) != 0;
  store.embedder = row.Text(8), store.dimensions = static_cast<int32_t>(row.Int(9));
  store.owner = row.Text(10);
  return store;
}

Result<void> AddCounts(Db& db, VectorStore& store) {
  TRY(const int64_t number, NumberOf(db, store.id));
  TRY(const auto counted, Count(db, "store", number));
  store.files = counted.first, store.usage_bytes = counted.second;
  return {};
}

Result<void> CheckRoom(Db& db) {
  TRY(Statement count, db.Prepare("SELECT count(*) FROM vector_store"));
  TRY(const bool any, count.Step());
  CHECK(any);
  if (count.Int(0) < kMaxStores) return {};
  return Error::TooLarge("vector stores", "there are " + std::to_string(count.Int(0)) + ", want at most " +
                                              std::to_string(kMaxStores) + ": delete some, or put more files into one");
}

}  // namespace

void VectorFileCounts::Add(std::string_view status) {
  if (status == "in_progress") ++in_progress;
  if (status == "completed") ++completed;
  if (status == "failed") ++failed;
  if (status == "cancelled") ++cancelled;
}

std::optional<int64_t> VectorStore::expires() const {
  return expires_after_days ? std::optional(last_active + *expires_after_days * kDay) : std::nullopt;
}

std::string_view VectorFileBatch::status() const {
  if (cancelled) return "cancelled";
  if (files.in_progress > 0) return "in_progress";
  return files.total() > 0 && files.failed == files.total() ? "failed" : "completed";
}

Result<std::unique_ptr<VectorStores>> VectorStores::Open(Database& database, const Clock& clock) {
  TRY_VOID(database.Migrate("vector_stores", kMigrations));
  return std::unique_ptr<VectorStores>(new VectorStores(database, clock));
}

Result<VectorStore> VectorStores::Create(VectorStore store, std::vector<VectorStoreFile> files) {
  if (store.id.empty()) store.id = NewObjectId("vs_");
  store.created = store.last_active = Now();
  TRY_VOID(database_.Write([&](Db& db) -> Result<void> {
    TRY_VOID(CheckRoom(db));
    TRY(Statement insert,
        db.Prepare("INSERT INTO vector_store(id, name, description, metadata, created, last_active, "
                   "expires_days, state, embedder, dimensions, owner) VALUES (?, ?, ?, ?, ?, ?, ?, 'open', ?, ?, ?)"));
    TRY_VOID(insert.Run(store.id, store.name, store.description, store.metadata.Dump(), store.created,
                        store.last_active, store.expires_after_days, store.embedder, store.dimensions, store.owner));
    return PutFiles(db, db.last_insert_id(), std::nullopt, files, store.created);
  }));
  Tell();
  return Get(store.id);
}

Result<VectorStore> VectorStores::Get(const std::string& id) {
  return database_.Read([&](Db& db) -> Result<VectorStore> {
    TRY(Statement select,
        db.Prepare("SELECT " + std::string(kStoreColumns) + " FROM vector_store WHERE id = ? AND state <> 'removing'"));
    select.BindAll(id);
    TRY(const bool found, select.Step());
    if (!found) return NoStore(id);
    VectorStore store = ReadStore(select);
    store.expired |= store.expires().value_or(INT64_MAX) <= Now();
    TRY_VOID(AddCounts(db, store));
    return store;
  });
}

Result<std::string> VectorStores::OwnerOf(const std::string& id) {
  return database_.Read([&](Db& db) -> Result<std::string> {
    TRY(Statement select, db.Prepare("SELECT owner FROM vector_store WHERE id = ? AND state <> 'removing'"));
    select.BindAll(id);
    TRY(const bool found, select.Step());
    if (!found) return NoStore(id);
    return std::string(select.Text(0));
  });
}

Result<Page<VectorStore>> VectorStores::List(const PageQuery& query,
                                             const std::function<bool(const VectorStore&)>& shows) {
  return database_.Read([&](Db& db) -> Result<Page<VectorStore>> {
    TRY(Statement select, db.Prepare("SELECT " + std::string(kStoreColumns) +
                                     " FROM vector_store WHERE state <> 'removing' ORDER BY number"));
    TRY(Page<VectorStore> page, ShownPage<VectorStore>(select, query, ReadStore, shows));
    for (VectorStore& store : page.items) {
      store.expired |= store.expires().value_or(INT64_MAX) <= Now();
      TRY_VOID(AddCounts(db, store));
    }
    return page;
  });
}

Result<VectorStore> VectorStores::Update(const std::string& id, const VectorStoreChange& change) {
  TRY_VOID(database_.Write([&](Db& db) -> Result<void> {
    TRY(const int64_t number, OpenNumberOf(db, id));
    if (change.name) {
      TRY(Statement set, db.Prepare("UPDATE vector_store SET name = ?2 WHERE number = ?1"));
      TRY_VOID(set.Run(number, *change.name));
    }
    if (change.metadata) {
      TRY(Statement set, db.Prepare("UPDATE vector_store SET metadata = ?2 WHERE number = ?1"));
      TRY_VOID(set.Run(number, change.metadata->Dump()));
    }
    if (change.expires_after_days) {
      TRY(Statement set, db.Prepare("UPDATE vector_store SET expires_days = ?2 WHERE number = ?1"));
      TRY_VOID(set.Run(number, *change.expires_after_days));
    }
    TRY(Statement touch, db.Prepare("UPDATE vector_store SET last_active = ?2 WHERE number = ?1"));
    return touch.Run(number, Now());
  }));
  return Get(id);
}

Result<void> VectorStores::Touch(const std::string& id) {
  TRY(const VectorStore store, Get(id));
  if (Now() - store.last_active < kTouchSeconds) return {};
  return database_.Write([&](Db& db) -> Result<void> {
    TRY(Statement touch, db.Prepare("UPDATE vector_store SET last_active = ?2 WHERE id = ?1 AND state = 'open'"));
    return touch.Run(id, Now());
  });
}

Result<void> VectorStores::MarkRemoving(const std::string& id) {
  return database_.Write([&](Db& db) -> Result<void> {
    TRY(const int64_t number, NumberOf(db, id));
    TRY(Statement set, db.Prepare("UPDATE vector_store SET state = 'removing' WHERE number = ?"));
    return set.Run(number);
  });
}

// What is in progress then will not be any more.
Result<void> VectorStores::MarkExpired(const std::string& id) {
  return database_.Write([&](Db& db) -> Result<void> {
    TRY(const int64_t number, NumberOf(db, id));
    TRY(Statement cancel, db.Prepare("UPDATE vector_store_file SET status = 'cancelled' WHERE store = ? AND status = "
                                     "'in_progress'"));
    TRY_VOID(cancel.Run(number));
    TRY(Statement free, db.Prepare("UPDATE vector_store_file SET usage_bytes = 0 WHERE store = ?"));
    TRY_VOID(free.Run(number));
    TRY(Statement set, db.Prepare("UPDATE vector_store SET state = 'expired' WHERE number = ?"));
    return set.Run(number);
  });
}

Result<void> VectorStores::Forget(const std::string& id) {
  return database_.Write([&](Db& db) -> Result<void> {
    for (const char* table : {"vector_store_file", "vector_store_batch"}) {
      TRY(Statement remove, db.Prepare("DELETE FROM " + std::string(table) +
                                       " WHERE store = (SELECT number FROM vector_store WHERE id = ?)"));
      TRY_VOID(remove.Run(id));
    }
    TRY(Statement remove, db.Prepare("DELETE FROM vector_store WHERE id = ?"));
    return remove.Run(id);
  });
}

Result<std::vector<std::string>> VectorStores::Removing() {
  return database_.Read(
      [](Db& db) { return SelectIds(db, "SELECT id FROM vector_store WHERE state = 'removing' ORDER BY number"); });
}

Result<std::vector<std::string>> VectorStores::Overdue() {
  return database_.Read([&](Db& db) {
    return SelectIds(db,
                     "SELECT id FROM vector_store WHERE state = 'open' AND last_active + expires_days * ?1 <= ?2 "
                     "ORDER BY number",
                     kDay, Now());
  });
}

}  // namespace atelier

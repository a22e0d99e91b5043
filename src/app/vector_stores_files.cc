// The files of vector stores and their batches.
#include "app/vector_store_rows.h"
#include "app/vector_stores.h"
#include "base/object_id.h"

namespace atelier {

using namespace vector_store_rows;  // NOLINT(google-build-using-namespace): of this class alone

namespace {

constexpr char kFileColumns[] =
    "id, filename, principal, status, error_code, error_message, attributes, chunk_tokens, overlap_tokens, created, "
    "usage_bytes, version";
constexpr int64_t kMostToDo = 64;  // told at once: more than anybody works on
constexpr char kFileWithStore[] =
    "f.id, f.filename, f.principal, f.status, f.error_code, f.error_message, f.attributes, f.chunk_tokens, "
    "f.overlap_tokens, f.created, f.usage_bytes, f.version, s.id FROM vector_store_file f JOIN vector_store s ON "
    "s.number = f.store";

VectorStoreFile ReadFile(const Statement& row) {
  VectorStoreFile file;
  file.id = row.Text(0), file.filename = row.Text(1), file.principal = row.Text(2), file.status = row.Text(3);
  file.error_code = row.Text(4), file.error_message = row.Text(5);
  file.attributes = ParsedObject(row.Text(6));
  if (!row.IsNull(7)) file.chunking = VectorChunking{row.Int(7), row.Int(8)};
  file.created = row.Int(9), file.usage_bytes = row.Int(10), file.version = row.Int(11);
  return file;
}

Result<VectorFileBatch> ReadBatch(Db& db, const std::string& store_id, int64_t store, const std::string& id) {
  TRY(Statement select,
      db.Prepare("SELECT created, cancelled, number FROM vector_store_batch WHERE id = ? AND store = ?"));
  select.BindAll(id, store);
  TRY(const bool found, select.Step());
  if (!found) return Error::NotFound("file batch '" + id.substr(0, 64) + "'", "there is no such batch in this store");
  VectorFileBatch batch;
  batch.id = id, batch.store_id = store_id;
  batch.created = select.Int(0), batch.cancelled = select.Int(1) != 0;
  TRY(const auto counted, Count(db, "batch", select.Int(2)));
  batch.files = counted.first;
  return batch;
}

}  // namespace

Result<void> VectorStores::Attach(const std::string& store_id, std::vector<VectorStoreFile> files) {
  TRY_VOID(database_.Write([&](Db& db) -> Result<void> {
    TRY(const int64_t number, OpenNumberOf(db, store_id));
    return PutFiles(db, number, std::nullopt, files, Now());
  }));
  Tell();
  return {};
}

Result<VectorFileBatch> VectorStores::AttachBatch(const std::string& store_id, std::vector<VectorStoreFile> files) {
  const std::string id = NewObjectId("vsfb_");
  TRY_VOID(database_.Write([&](Db& db) -> Result<void> {
    TRY(const int64_t number, OpenNumberOf(db, store_id));
    TRY(Statement insert,
        db.Prepare("INSERT INTO vector_store_batch(id, store, created, cancelled) VALUES (?, ?, ?, 0)"));
    TRY_VOID(insert.Run(id, number, Now()));
    return PutFiles(db, number, db.last_insert_id(), files, Now());
  }));
  Tell();
  return GetBatch(store_id, id);
}

Result<VectorStoreFile> VectorStores::GetFile(const std::string& store_id, const std::string& id) {
  return database_.Read([&](Db& db) -> Result<VectorStoreFile> {
    TRY(const int64_t number, NumberOf(db, store_id));
    TRY(Statement select, db.Prepare("SELECT " + std::string(kFileColumns) +
                                     " FROM vector_store_file WHERE store = ? AND id = ? AND status <> 'removing'"));
    select.BindAll(number, id);
    TRY(const bool found, select.Step());
    if (!found) return NoFile(id);
    VectorStoreFile file = ReadFile(select);
    file.store_id = store_id;
    return file;
  });
}

Result<Page<VectorStoreFile>> VectorStores::ListFiles(const std::string& store_id, const VectorFileQuery& query) {
  return database_.Read([&](Db& db) -> Result<Page<VectorStoreFile>> {
    TRY(const int64_t number, NumberOf(db, store_id));
    std::string rows = "SELECT * FROM vector_store_file WHERE store = " + std::to_string(number);
    if (!query.batch_id.empty()) {
      TRY(Statement find, db.Prepare("SELECT number FROM vector_store_batch WHERE id = ? AND store = ?"));
      find.BindAll(query.batch_id, number);
      TRY(const bool found, find.Step());
      if (!found) return Error::NotFound("file batch '" + query.batch_id.substr(0, 64) + "'", "there is none here");
      rows += " AND batch = " + std::to_string(find.Int(0));
    }
    if (query.shows) {
      TRY(Statement select, db.Prepare("SELECT " + std::string(kFileColumns) + " FROM (" + rows +
                                       ") WHERE status <> 'removing' AND (?1 = '' OR status = ?1) ORDER BY number"));
      select.BindAll(query.status);
      const auto read = [&](const Statement& row) {
        VectorStoreFile file = ReadFile(row);
        file.store_id = store_id;
        return file;
      };
      return ShownPage<VectorStoreFile>(select, query.page, read, query.shows);
    }
    const auto bind = [&](Statement& select, int first) { select.Bind(first, std::string_view(query.status)); };
    TRY(Page<VectorStoreFile> page,
        ReadPage<VectorStoreFile>(db, "(" + rows + ")", kFileColumns,
                                  "status <> 'removing' AND (?4 = '' OR status = ?4)", query.page, bind, ReadFile));
    for (VectorStoreFile& file : page.items) file.store_id = store_id;
    return page;
  });
}

Result<void> VectorStores::SetAttributes(const std::string& store_id, const std::string& id, const Json& attributes) {
  return database_.Write([&](Db& db) -> Result<void> {
    TRY(const int64_t number, OpenNumberOf(db, store_id));
    TRY(Statement set, db.Prepare("UPDATE vector_store_file SET attributes = ?3 WHERE store = ?1 AND id = ?2"));
    return set.Run(number, id, attributes.Dump());
  });
}

Result<void> VectorStores::MarkFileRemoving(const std::string& store_id, const std::string& id) {
  return database_.Write([&](Db& db) -> Result<void> {
    TRY(const int64_t number, NumberOf(db, store_id));
    TRY(Statement set, db.Prepare("UPDATE vector_store_file SET status = 'removing', version = version + 1 "
                                  "WHERE store = ? AND id = ?"));
    return set.Run(number, id);
  });
}

// One that was attached again meanwhile stays.
Result<void> VectorStores::ForgetFile(const std::string& store_id, const std::string& id) {
  return database_.Write([&](Db& db) -> Result<void> {
    TRY(Statement remove, db.Prepare("DELETE FROM vector_store_file WHERE id = ?2 AND status = 'removing' AND "
                                     "store = (SELECT number FROM vector_store WHERE id = ?1)"));
    return remove.Run(store_id, id);
  });
}

Result<VectorFileBatch> VectorStores::GetBatch(const std::string& store_id, const std::string& id) {
  return database_.Read([&](Db& db) -> Result<VectorFileBatch> {
    TRY(const int64_t number, NumberOf(db, store_id));
    return ReadBatch(db, store_id, number, id);
  });
}

Result<std::vector<std::string>> VectorStores::ReplacedFiles(const std::string& store_id, const std::string& batch_id) {
  return database_.Read([&](Db& db) -> Result<std::vector<std::string>> {
    TRY(const int64_t number, NumberOf(db, store_id));
    return SelectIds(db,
                     "SELECT id FROM vector_store_file WHERE store = ? AND status = 'in_progress' AND version > 1 AND "
                     "batch = (SELECT number FROM vector_store_batch WHERE id = ?)",
                     number, batch_id);
  });
}

Result<VectorFileBatch> VectorStores::CancelBatch(const std::string& store_id, const std::string& id) {
  TRY(const VectorFileBatch batch, GetBatch(store_id, id));
  if (batch.files.in_progress == 0) {
    return Error::Conflict("file batch '" + id + "'",
                           "got one that is " + std::string(batch.status()) + ", want one in progress");
  }
  TRY_VOID(database_.Write([&](Db& db) -> Result<void> {
    TRY(Statement files,
        db.Prepare("UPDATE vector_store_file SET status = 'cancelled', version = version + 1 WHERE status = "
                   "'in_progress' AND batch = (SELECT number FROM vector_store_batch WHERE id = ?)"));
    TRY_VOID(files.Run(id));
    TRY(Statement cancel, db.Prepare("UPDATE vector_store_batch SET cancelled = 1 WHERE id = ?"));
    return cancel.Run(id);
  }));
  return GetBatch(store_id, id);
}

Result<std::vector<VectorStoreFile>> VectorStores::FilesThatAre(std::string_view status) {
  return database_.Read([&](Db& db) -> Result<std::vector<VectorStoreFile>> {
    TRY(Statement select, db.Prepare("SELECT " + std::string(kFileWithStore) +
                                     " WHERE f.status = ? AND s.state = 'open' "
                                     "ORDER BY f.number LIMIT ?"));
    select.BindAll(status, kMostToDo);
    std::vector<VectorStoreFile> files;
    while (true) {
      TRY(const bool more, select.Step());
      if (!more) return files;
      files.push_back(ReadFile(select));
      files.back().store_id = select.Text(12);
    }
  });
}

Result<std::vector<VectorStoreFile>> VectorStores::PendingFiles() { return FilesThatAre("in_progress"); }
Result<std::vector<VectorStoreFile>> VectorStores::RemovingFiles() { return FilesThatAre("removing"); }

Result<std::vector<std::string>> VectorStores::StoresWith(const std::string& file_id) {
  return database_.Read([&](Db& db) {
    return SelectIds(db,
                     "SELECT s.id FROM vector_store_file f JOIN vector_store s ON s.number = f.store "
                     "WHERE f.id = ? AND s.state <> 'removing' AND f.status <> 'removing'",
                     file_id);
  });
}

Result<bool> VectorStores::IsRemoving(const VectorStoreFile& file) {
  return database_.Read([&](Db& db) -> Result<bool> {
    TRY(const std::vector<std::string> ids,
        SelectIds(db,
                  "SELECT f.id FROM vector_store_file f JOIN vector_store s ON s.number = f.store "
                  "WHERE s.id = ? AND f.id = ? AND f.status = 'removing'",
                  file.store_id, file.id));
    return !ids.empty();
  });
}

Result<void> VectorStores::Complete(const VectorStoreFile& file, int64_t usage_bytes,
                                    const std::optional<VectorChunking>& chunking) {
  return database_.Write([&](Db& db) -> Result<void> {
    TRY(Statement end,
        db.Prepare("UPDATE vector_store_file SET status = 'completed', usage_bytes = ?4, chunk_tokens = ?5, "
                   "overlap_tokens = ?6 WHERE store = (SELECT number FROM vector_store WHERE id = ?1) AND id = ?2 AND "
                   "version = ?3 AND status = 'in_progress'"));
    std::optional<int64_t> chunk, overlap;
    if (chunking) chunk = chunking->chunk_tokens, overlap = chunking->overlap_tokens;
    return end.Run(file.store_id, file.id, file.version, usage_bytes, chunk, overlap);
  });
}

Result<void> VectorStores::Fail(const VectorStoreFile& file, std::string_view code, std::string_view message) {
  return database_.Write([&](Db& db) -> Result<void> {
    TRY(Statement end,
        db.Prepare("UPDATE vector_store_file SET status = 'failed', error_code = ?4, error_message = ?5 WHERE store = "
                   "(SELECT number FROM vector_store WHERE id = ?1) AND id = ?2 AND version = ?3 AND status = "
                   "'in_progress'"));
    return end.Run(file.store_id, file.id, file.version, code, message);
  });
}

}  // namespace atelier

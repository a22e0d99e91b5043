#include "app/vector_store_rows.h"

namespace atelier::vector_store_rows {

Json ParsedObject(std::string_view text) {
  Result<Json> json = Json::Parse(text);
  return json.ok() ? std::move(*json) : Json::Object();
}

Error NoStore(const std::string& id) {
  return Error::NotFound("vector store '" + id.substr(0, 64) + "'", "there is no such vector store");
}

Error NoFile(const std::string& id) {
  return Error::NotFound("file '" + id.substr(0, 64) + "'", "there is no such file in this vector store");
}

Result<int64_t> NumberOf(Db& db, const std::string& id) {
  TRY(Statement find, db.Prepare("SELECT number FROM vector_store WHERE id = ? AND state <> 'removing'"));
  find.BindAll(id);
  TRY(const bool found, find.Step());
  if (!found) return NoStore(id);
  return find.Int(0);
}

Result<int64_t> OpenNumberOf(Db& db, const std::string& id) {
  TRY(const int64_t number, NumberOf(db, id));
  TRY(Statement find, db.Prepare("SELECT state FROM vector_store WHERE number = ?"));
  find.BindAll(number);
  TRY(const bool found, find.Step());
  if (found && find.Text(0) == "open") return number;
  return Error::Conflict("vector store '" + id + "'", "got one that has expired, want a new one");
}

Result<std::pair<VectorFileCounts, int64_t>> Count(Db& db, const char* column, int64_t number) {
  TRY(Statement select,
      db.Prepare("SELECT coalesce(sum(status = 'in_progress'), 0), coalesce(sum(status = 'completed'), 0), "
                 "coalesce(sum(status = 'failed'), 0), coalesce(sum(status = 'cancelled'), 0), "
                 "coalesce(sum(usage_bytes), 0) FROM vector_store_file WHERE status <> 'removing' AND " +
                 std::string(column) + " = ?"));
  select.BindAll(number);
  TRY(const bool any, select.Step());
  CHECK(any);
  return std::pair(VectorFileCounts{select.Int(0), select.Int(1), select.Int(2), select.Int(3)}, select.Int(4));
}

Result<void> PutFiles(Db& db, int64_t store, std::optional<int64_t> batch, const std::vector<VectorStoreFile>& files,
                      int64_t now) {
  TRY(Statement put,
      db.Prepare("INSERT INTO vector_store_file(store, id, filename, principal, batch, status, error_code, "
                 "error_message, attributes, chunk_tokens, overlap_tokens, created, usage_bytes, version) "
                 "VALUES (?1, ?2, ?3, ?4, ?5, 'in_progress', '', '', ?6, ?7, ?8, ?9, 0, 1) "
                 "ON CONFLICT(store, id) DO UPDATE SET filename = ?3, principal = ?4, batch = ?5, "
                 "status = 'in_progress', error_code = '', error_message = '', attributes = ?6, chunk_tokens = ?7, "
                 "overlap_tokens = ?8, created = ?9, version = version + 1"));
  for (const VectorStoreFile& file : files) {
    std::optional<int64_t> chunk, overlap;
    if (file.chunking) chunk = file.chunking->chunk_tokens, overlap = file.chunking->overlap_tokens;
    TRY_VOID(
        put.Run(store, file.id, file.filename, file.principal, batch, file.attributes.Dump(), chunk, overlap, now));
  }
  TRY(const auto counted, Count(db, "store", store));
  if (counted.first.total() > kMaxFilesOfStore) {
    return Error::TooLarge("file_ids", "got " + std::to_string(counted.first.total()) +
                                           " files in one vector store, want at most " +
                                           std::to_string(kMaxFilesOfStore));
  }
  TRY(Statement touch, db.Prepare("UPDATE vector_store SET last_active = ?2 WHERE number = ?1"));
  return touch.Run(store, now);
}

}  // namespace atelier::vector_store_rows

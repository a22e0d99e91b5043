#include "app/upload_store.h"

#include <algorithm>
#include <map>

#include "base/object_id.h"

namespace atelier {
namespace {

constexpr int64_t kLifeSeconds = 3600;
constexpr size_t kCopyBytes = 1 << 20;

constexpr std::string_view kMigrations[] = {
    "CREATE TABLE upload(id TEXT PRIMARY KEY, filename TEXT NOT NULL, purpose TEXT NOT NULL, mime_type TEXT NOT NULL,"
    "  num_bytes INTEGER NOT NULL, created INTEGER NOT NULL, expires INTEGER NOT NULL, file_expires_after INTEGER,"
    "  status TEXT NOT NULL, file_id TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE upload_part(id TEXT PRIMARY KEY, upload_id TEXT NOT NULL, file_id TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX upload_part_by_upload ON upload_part(upload_id);",
};

Error NotPending(const StoredUpload& upload) {
  return Error::Invalid("upload '" + upload.id + "'", "got one that is " + upload.status + ", want a pending one");
}

}  // namespace

Result<std::unique_ptr<UploadStore>> UploadStore::Open(Database& database, FileStore& files) {
  TRY_VOID(database.Migrate("uploads", kMigrations));
  return std::unique_ptr<UploadStore>(new UploadStore(database, files));
}

Result<StoredUpload> UploadStore::Create(StoredUpload about) {
  if (about.num_bytes > files_.limits().max_file_bytes) {
    return Error::Invalid("bytes", "got " + std::to_string(about.num_bytes) + ", want at most " +
                                       std::to_string(files_.limits().max_file_bytes));
  }
  about.id = NewObjectId("upload_");
  about.created_unix = files_.Now();
  about.expires_unix = about.created_unix + kLifeSeconds;
  about.status = "pending";
  TRY_VOID(database_.Write([&](Db& db) -> Result<void> {
    TRY(Statement insert, db.Prepare("INSERT INTO upload VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '')"));
    return insert.Run(about.id, about.filename, about.purpose, about.mime_type, about.num_bytes, about.created_unix,
                      about.expires_unix, about.file_expires_after, about.status);
  }));
  return about;
}

Result<StoredUpload> UploadStore::Get(const std::string& id) {
  return database_.Read([&](Db& db) -> Result<StoredUpload> {
    TRY(Statement select, db.Prepare("SELECT filename, purpose, mime_type, num_bytes, created, expires, "
                                     "file_expires_after, status, file_id FROM upload WHERE id = ?"));
    select.BindAll(id);
    TRY(const bool found, select.Step());
    if (!found) return Error::NotFound("upload '" + id.substr(0, 64) + "'", "there is no such upload");
    StoredUpload upload;
    upload.id = id;
    upload.filename = select.Text(0);
    upload.purpose = select.Text(1);
    upload.mime_type = select.Text(2);
    upload.num_bytes = select.Int(3);
    upload.created_unix = select.Int(4);
    upload.expires_unix = select.Int(5);
    if (!select.IsNull(6)) upload.file_expires_after = select.Int(6);
    upload.status = select.Text(7);
    upload.file_id = select.Text(8);
    if (upload.status == "pending" && upload.expires_unix <= files_.Now()) upload.status = "expired";
    return upload;
  });
}

Result<StoredUpload> UploadStore::GetPending(const std::string& id) {
  TRY(StoredUpload upload, Get(id));
  if (upload.status != "pending") return NotPending(upload);
  return upload;
}

Result<UploadPart> UploadStore::AddPart(const std::string& upload_id, std::unique_ptr<IncomingFile> incoming) {
  TRY(const StoredUpload upload, GetPending(upload_id));
  StoredFile about;
  about.filename = upload.filename;
  about.purpose = kUploadPartPurpose;
  about.expires_unix = upload.expires_unix;
  TRY(const StoredFile file, files_.Keep(std::move(incoming), std::move(about)));
  const UploadPart part{.id = NewObjectId("part_"), .upload_id = upload.id, .created_unix = file.created_unix};
  const Result<void> written = database_.Write([&](Db& db) -> Result<void> {
    // Against two that add at once, and one that completes meanwhile.
    TRY(Statement insert, db.Prepare("INSERT INTO upload_part SELECT ?1, ?2, ?3 WHERE "
                                     "(SELECT status FROM upload WHERE id = ?2) = 'pending' AND "
                                     "(SELECT count(*) FROM upload_part WHERE upload_id = ?2) < ?4"));
    TRY_VOID(insert.Run(part.id, upload.id, file.id, kMaxParts));
    if (db.changes() > 0) return {};
    return Error::Invalid("upload '" + upload.id + "'",
                          "got one that is ended or has " + std::to_string(kMaxParts) + " parts");
  });
  if (written.ok()) return part;
  (void)files_.Remove(file.id);
  return written.error();
}

Result<std::vector<std::pair<std::string, std::string>>> UploadStore::Parts(const std::string& upload_id) {
  return database_.Read([&](Db& db) -> Result<std::vector<std::pair<std::string, std::string>>> {
    TRY(Statement select, db.Prepare("SELECT id, file_id FROM upload_part WHERE upload_id = ?"));
    select.BindAll(upload_id);
    std::vector<std::pair<std::string, std::string>> parts;
    while (true) {
      TRY(const bool more, select.Step());
      if (!more) return parts;
      parts.emplace_back(select.Text(0), select.Text(1));
    }
  });
}

Result<StoredFile> UploadStore::Join(const StoredUpload& upload, const std::vector<std::string>& file_ids,
                                     const std::string& md5, const std::string& owner) {
  TRY(std::unique_ptr<IncomingFile> joined, files_.Begin());
  std::vector<std::byte> buffer(kCopyBytes);
  for (const std::string& file_id : file_ids) {
    TRY(const std::unique_ptr<File> part, files_.OpenContent(file_id));
    for (int64_t offset = 0;;) {
      TRY(const size_t got, part->ReadAt(offset, buffer));
      if (got == 0) break;
      TRY_VOID(joined->Write({reinterpret_cast<const char*>(buffer.data()), got}));
      offset += static_cast<int64_t>(got);
    }
  }
  if (joined->num_bytes() != upload.num_bytes) {
    return Error::Invalid("part_ids", "got " + std::to_string(joined->num_bytes()) + " bytes in all, want " +
                                          std::to_string(upload.num_bytes) + " as the upload was created with");
  }
  if (!md5.empty()) {
    TRY(const std::string got, files_.Md5(*joined));
    if (got != md5)
      return Error::Invalid("md5", "got '" + md5.substr(0, 64) + "', want " + got + ", that of the parts");
  }
  StoredFile about;
  about.filename = upload.filename;
  about.purpose = upload.purpose;
  about.owner = owner;
  if (upload.file_expires_after) about.expires_unix = files_.Now() + *upload.file_expires_after;
  return files_.Keep(std::move(joined), std::move(about));
}

Result<StoredUpload> UploadStore::Complete(const std::string& id, const std::vector<std::string>& part_ids,
                                           const std::string& md5, const std::string& owner) {
  TRY(const StoredUpload upload, GetPending(id));
  TRY(const auto parts, Parts(id));
  std::map<std::string, std::string> file_of(parts.begin(), parts.end());
  std::vector<std::string> file_ids;
  for (size_t i = 0; i < part_ids.size(); ++i) {
    const auto found = file_of.find(part_ids[i]);
    if (found == file_of.end()) {
      return Error::Invalid("part_ids[" + std::to_string(i) + "]",
                            "got '" + part_ids[i].substr(0, 64) + "', want a part of this upload, each once");
    }
    file_ids.push_back(found->second);
    file_of.erase(found);
  }
  std::string wanted = md5;
  std::ranges::transform(wanted, wanted.begin(), [](char c) { return c >= 'A' && c <= 'F' ? char(c + 32) : c; });
  TRY(const StoredFile file, Join(upload, file_ids, wanted, owner));
  const Result<void> finished = Finish(id, "completed", file.id);
  if (!finished.ok()) {
    (void)files_.Remove(file.id);
    return finished.error();
  }
  return Get(id);
}

Result<StoredUpload> UploadStore::Cancel(const std::string& id) {
  TRY(const StoredUpload upload, GetPending(id));
  TRY_VOID(Finish(upload.id, "cancelled", ""));
  return Get(id);
}

Result<void> UploadStore::Finish(const std::string& id, std::string_view status, const std::string& file_id) {
  TRY(const auto parts, Parts(id));
  TRY_VOID(database_.Write([&](Db& db) -> Result<void> {
    TRY(Statement end, db.Prepare("UPDATE upload SET status = ?2, file_id = ?3 WHERE id = ?1 AND status = 'pending'"));
    TRY_VOID(end.Run(id, status, file_id));
    if (db.changes() == 0) return Error::Conflict("upload '" + id + "'", "got one that another call has ended");
    TRY(Statement forget, db.Prepare("DELETE FROM upload_part WHERE upload_id = ?"));
    return forget.Run(id);
  }));
  for (const auto& [part_id, part_file] : parts) (void)files_.Remove(part_file);
  return {};
}

}  // namespace atelier

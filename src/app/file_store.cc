#include "app/file_store.h"

#include <algorithm>

#include "base/io/sha256.h"
#include "base/object_id.h"
#include "observe/log.h"

namespace atelier {
namespace {

constexpr std::string_view kMigrations[] = {
    "CREATE TABLE file(number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, filename TEXT NOT NULL,"
    "  purpose TEXT NOT NULL, num_bytes INTEGER NOT NULL, created INTEGER NOT NULL, expires INTEGER);"
    "CREATE INDEX file_by_expiry ON file(expires) WHERE expires IS NOT NULL;",
    "ALTER TABLE file ADD COLUMN owner TEXT NOT NULL DEFAULT '';",
};
constexpr char kColumns[] = "id, filename, purpose, num_bytes, created, expires, owner";

StoredFile ReadFile(const Statement& row) {
  StoredFile file;
  file.id = row.Text(0);
  file.filename = row.Text(1);
  file.purpose = row.Text(2);
  file.num_bytes = row.Int(3);
  file.created_unix = row.Int(4);
  if (!row.IsNull(5)) file.expires_unix = row.Int(5);
  file.owner = row.Text(6);
  return file;
}

}  // namespace

Error NoSuchFile(const std::string& id) {
  return Error::NotFound("file '" + id.substr(0, 64) + "'", "there is no such file");
}

IncomingFile::~IncomingFile() {
  file_.reset();
  if (!path_.empty()) (void)files_.Remove(path_);  // else the next start does
}

Result<void> IncomingFile::Write(std::string_view bytes) {
  const int64_t after = num_bytes_ + static_cast<int64_t>(bytes.size());
  if (after > max_bytes_) return Error::TooLarge("file", "got over " + std::to_string(max_bytes_) + " bytes");
  TRY_VOID(file_->WriteAt(num_bytes_, std::as_bytes(std::span(bytes))));
  num_bytes_ = after;
  return {};
}

Result<std::unique_ptr<FileStore>> FileStore::Open(Files& files, std::string folder, Database& database,
                                                   const Clock& clock, FileLimits limits) {
  TRY_VOID(files.MakeFolders(JoinPath(folder, "incoming")));
  TRY_VOID(database.Migrate("files", kMigrations));
  return std::unique_ptr<FileStore>(new FileStore(files, std::move(folder), database, clock, limits));
}

Result<bool> FileStore::Claim() {
  Result<FileLock> lock = FileLock::TryLock(JoinPath(folder_, "lock"));
  if (!lock.ok() && lock.error().kind == ErrorKind::kConflict) return false;
  TRY(lock_, std::move(lock));
  TRY_VOID(Sweep());
  return true;
}

int64_t FileStore::Now() const { return clock_.UnixNanos() / 1'000'000'000; }

// What a crash left: files without a row, and halves of files.
Result<void> FileStore::Sweep() {
  const std::string incoming = JoinPath(folder_, "incoming");
  TRY(const auto halves, files_.List(incoming));
  for (const std::string& name : halves) TRY_VOID(files_.Remove(JoinPath(incoming, name)));
  TRY(const auto names, files_.List(folder_));
  for (const std::string& name : names) {
    if (!name.starts_with("file-") || Get(name).ok()) continue;
    TRY_VOID(files_.Remove(JoinPath(folder_, name)));
  }
  return DropExpired();
}

Result<void> FileStore::DropExpired() {
  const int64_t now = Now();
  TRY(const auto expired, database_.Read([&](Db& db) -> Result<std::vector<std::string>> {
    TRY(Statement select, db.Prepare("SELECT id FROM file WHERE expires <= ?"));
    select.BindAll(now);
    std::vector<std::string> ids;
    while (true) {
      TRY(const bool more, select.Step());
      if (!more) return ids;
      ids.emplace_back(select.Text(0));
    }
  }));
  for (const std::string& id : expired) {
    TRY_VOID(database_.Write([&](Db& db) -> Result<void> {
      TRY(Statement remove, db.Prepare("DELETE FROM file WHERE id = ?"));
      return remove.Run(id);
    }));
    (void)files_.Remove(JoinPath(folder_, id));
  }
  return {};
}

Result<std::unique_ptr<IncomingFile>> FileStore::Begin() {
  const std::string path = JoinPath(JoinPath(folder_, "incoming"), NewObjectId(""));
  TRY(std::unique_ptr<File> file, files_.Open(path, FileMode::kReplace));
  return std::unique_ptr<IncomingFile>(new IncomingFile(files_, path, std::move(file), limits_.max_file_bytes));
}

Result<StoredFile> FileStore::Keep(std::unique_ptr<IncomingFile> incoming, StoredFile about) {
  TRY_VOID(DropExpired());
  if (about.id.empty()) about.id = NewObjectId("file-");
  about.created_unix = Now();
  about.num_bytes = incoming->num_bytes();
  const std::string path = JoinPath(folder_, about.id);
  TRY_VOID(incoming->file_->Sync());
  TRY_VOID(files_.Rename(incoming->path_, path));
  incoming->path_ = path;  // removed unless the row is committed
  TRY_VOID(files_.SyncFolder(folder_));
  TRY_VOID(database_.Write([&](Db& db) -> Result<void> {
    TRY(const auto total, db.QueryInt("SELECT sum(num_bytes) FROM file"));
    if (total.value_or(0) + about.num_bytes > limits_.max_total_bytes) {
      return Error::Exhausted("file", "got " + std::to_string(about.num_bytes) + " bytes beside " +
                                          std::to_string(total.value_or(0)) + " stored, want at most " +
                                          std::to_string(limits_.max_total_bytes) + " in all");
    }
    TRY(Statement insert, db.Prepare("INSERT INTO file(id, filename, purpose, num_bytes, created, expires, owner) "
                                     "VALUES (?, ?, ?, ?, ?, ?, ?)"));
    return insert.Run(about.id, about.filename, about.purpose, about.num_bytes, about.created_unix, about.expires_unix,
                      about.owner);
  }));
  incoming->path_.clear();
  return about;
}

Result<std::string> FileStore::Md5(IncomingFile& incoming) { return Md5OfFile(*incoming.file_); }

Result<StoredFile> FileStore::KeepText(std::string_view text, StoredFile about) {
  TRY(std::unique_ptr<IncomingFile> incoming, Begin());
  TRY_VOID(incoming->Write(text));
  return Keep(std::move(incoming), std::move(about));
}

Result<StoredFile> FileStore::Get(const std::string& id) {
  return database_.Read([&](Db& db) -> Result<StoredFile> {
    TRY(Statement select,
        db.Prepare("SELECT " + std::string(kColumns) + " FROM file WHERE id = ? AND (expires IS NULL OR expires > ?)"));
    select.BindAll(id, Now());
    TRY(const bool found, select.Step());
    if (!found) return NoSuchFile(id);
    return ReadFile(select);
  });
}

Result<std::unique_ptr<File>> FileStore::OpenContent(const std::string& id) {
  TRY(const StoredFile file, Get(id));
  return files_.Open(JoinPath(folder_, file.id), FileMode::kRead);
}

Result<Page<StoredFile>> FileStore::List(const std::string& purpose, const PageQuery& query,
                                         const std::function<bool(const StoredFile&)>& shows) {
  return database_.Read([&](Db& db) -> Result<Page<StoredFile>> {
    TRY(Statement select, db.Prepare("SELECT " + std::string(kColumns) +
                                     " FROM file WHERE (expires IS NULL OR expires > ?1) AND (?2 = '' OR purpose = ?2) "
                                     "AND purpose <> 'upload_part' ORDER BY number"));
    select.BindAll(Now(), purpose);
    return ShownPage<StoredFile>(select, query, ReadFile, shows);
  });
}

Result<void> FileStore::Remove(const std::string& id) {
  TRY(const StoredFile file, Get(id));
  TRY_VOID(database_.Write([&](Db& db) -> Result<void> {
    TRY(Statement remove, db.Prepare("DELETE FROM file WHERE id = ?"));
    TRY_VOID(remove.Run(file.id));
    if (db.changes() == 0) return NoSuchFile(id);
    return {};
  }));
  const Result<void> removed = files_.Remove(JoinPath(folder_, file.id));
  if (!removed.ok()) LogWarn("a removed file stays until the next start: " + removed.error().Message());
  return {};
}

}  // namespace atelier

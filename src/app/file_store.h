// Uploaded files, and those that batches make: bytes under FOLDER, one row each in atelier.db (table file).
//
//   FOLDER/incoming/x   being written; whatever lies here at a server's start is removed
//   FOLDER/ID           whole and synced, and there is a row; without one it is removed then
//   FOLDER/lock         held by the server that tends them
//
// A file is added by syncing it, renaming it into FOLDER, syncing the folder and committing the row, in this order; the
// row is what makes it exist. Removal goes the other way. So a crash at any moment leaves a file whole or absent.
// Thread-safe. All but Incoming::Write blocks: on a Pool.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "app/page.h"
#include "base/clock.h"
#include "base/io/file_lock.h"
#include "base/io/files.h"
#include "base/store/database.h"

namespace atelier {

inline constexpr char kUploadPartPurpose[] = "upload_part";

struct StoredFile {
  std::string id;
  std::string filename, purpose;
  std::string owner;  // the user who sent it (access.h); empty: nobody
  int64_t num_bytes = 0;
  int64_t created_unix = 0;
  std::optional<int64_t> expires_unix;
};

Error NoSuchFile(const std::string& id);

// Bounds of what is kept.
struct FileLimits {
  int64_t max_file_bytes = int64_t{512} << 20;
  int64_t max_total_bytes = int64_t{20} << 30;
};

// A file that is coming in; removed with the object unless it was kept.
class IncomingFile {
 public:
  ~IncomingFile();
  IncomingFile(const IncomingFile&) = delete;
  IncomingFile& operator=(const IncomingFile&) = delete;

  // To the system's cache: quick enough for a loop. TooLarge beyond the limit.
  Result<void> Write(std::string_view bytes);
  int64_t num_bytes() const { return num_bytes_; }

 private:
  friend class FileStore;
  IncomingFile(Files& files, std::string path, std::unique_ptr<File> file, int64_t max_bytes)
      : files_(files), path_(std::move(path)), file_(std::move(file)), max_bytes_(max_bytes) {}

  Files& files_;
  std::string path_;  // empty: kept
  std::unique_ptr<File> file_;
  const int64_t max_bytes_;
  int64_t num_bytes_ = 0;
};

class FileStore {
 public:
  // All must outlive the store.
  static Result<std::unique_ptr<FileStore>> Open(Files& files, std::string folder, Database& database,
                                                 const Clock& clock, FileLimits limits);

  // Whether this process is now the one that tends FOLDER: it removes what crashes left, and nobody else does while it
  // lives. A server asks once, before it takes files.
  Result<bool> Claim();

  Result<std::unique_ptr<IncomingFile>> Begin();
  // `about` says name, purpose and expires_unix, and the id where that is not to be a new one; the rest is filled in.
  // Exhausted where the total would be too much.
  Result<StoredFile> Keep(std::unique_ptr<IncomingFile> incoming, StoredFile about);
  // Of all written so far, as 32 hexadecimal digits.
  Result<std::string> Md5(IncomingFile& incoming);
  // Keeps a text.
  Result<StoredFile> KeepText(std::string_view text, StoredFile about);

  // NotFound: never there, removed or expired.
  Result<StoredFile> Get(const std::string& id);
  Result<std::unique_ptr<File>> OpenContent(const std::string& id);
  // Those that `shows` says yes to. `purpose` empty: any. Parts of uploads are in no list.
  Result<Page<StoredFile>> List(const std::string& purpose, const PageQuery& query,
                                const std::function<bool(const StoredFile&)>& shows);
  Result<void> Remove(const std::string& id);

  const FileLimits& limits() const { return limits_; }
  int64_t Now() const;  // Unix seconds

 private:
  FileStore(Files& files, std::string folder, Database& database, const Clock& clock, FileLimits limits)
      : files_(files), folder_(std::move(folder)), database_(database), clock_(clock), limits_(limits) {}
  Result<void> Sweep();
  // Removes what has expired.
  Result<void> DropExpired();

  Files& files_;
  const std::string folder_;
  Database& database_;
  const Clock& clock_;
  const FileLimits limits_;
  FileLock lock_;
};

}  // namespace atelier

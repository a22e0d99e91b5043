// Vector stores, the files in them and batches of such files, as rows of atelier.db (tables vector_store,
// vector_store_file, vector_store_batch). What is searched lies in a corpus of the store's id: vector_store_corpora.h.
//
//   a file    in_progress -> completed, failed or cancelled; attached again, in_progress as a new version;
//             any of these -> removing (nobody sees it) -> no row
//   a store   open -> expired (its corpus is gone, the rows stay); either -> removing -> no row
//
// A state is committed before anyone hears of it and before the corpus is changed for it, so what a crash leaves half
// done is found here and done again. Thread-safe; blocks.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/page.h"
#include "base/clock.h"
#include "base/store/database.h"
#include "base/text/json.h"

namespace atelier {

inline constexpr int64_t kMaxFilesOfStore = 10'000;
inline constexpr int64_t kMaxStores = 10'000;  // each a folder of a few small files

struct VectorFileCounts {
  int64_t in_progress = 0, completed = 0, failed = 0, cancelled = 0;
  void Add(std::string_view status);
  int64_t total() const { return in_progress + completed + failed + cancelled; }
};

struct VectorStore {
  std::string id, name, description;
  std::string owner;               // the user who made it (access.h); empty: nobody
  Json metadata = Json::Object();  // of texts
  int64_t created = 0, last_active = 0;
  std::optional<int64_t> expires_after_days;  // after last_active
  bool expired = false;
  std::string embedder = "none";  // of its corpus, and the size of its vectors
  int32_t dimensions = 0;
  VectorFileCounts files;
  int64_t usage_bytes = 0;

  std::optional<int64_t> expires() const;
};

// How a file is cut, in tokens of the embedding model; without, as the corpus's own default has it.
struct VectorChunking {
  int64_t chunk_tokens = 0, overlap_tokens = 0;
};

struct VectorStoreFile {
  std::string store_id, id, filename;
  std::string principal;  // who attached it, and pays for its vectors
  std::string status = "in_progress";
  std::string error_code, error_message;  // of a failed one
  Json attributes = Json::Object();
  std::optional<VectorChunking> chunking;
  int64_t created = 0, usage_bytes = 0;
  int64_t version = 0;  // how often it was attached: what an older version's work ends with is void
};

struct VectorFileBatch {
  std::string id, store_id;
  int64_t created = 0;
  bool cancelled = false;
  VectorFileCounts files;

  std::string_view status() const;
};

// Absent: stays as it is.
struct VectorStoreChange {
  std::optional<std::string> name;
  std::optional<Json> metadata;
  std::optional<std::optional<int64_t>> expires_after_days;
};

// What List takes of a store's files.
struct VectorFileQuery {
  std::string batch_id;                               // empty: of any or none
  std::string status;                                 // empty: of any
  std::function<bool(const VectorStoreFile&)> shows;  // absent: all
  PageQuery page;
};

class VectorStores {
 public:
  // Both must outlive this.
  static Result<std::unique_ptr<VectorStores>> Open(Database& database, const Clock& clock);

  // `id` may be given. The store is there, and `files` are in progress, as one commit. Error: kTooLarge, over
  // kMaxStores or kMaxFilesOfStore.
  Result<VectorStore> Create(VectorStore store, std::vector<VectorStoreFile> files);
  Result<VectorStore> Get(const std::string& id);  // NotFound
  // Empty: nobody. NotFound.
  Result<std::string> OwnerOf(const std::string& id);
  // Those that `shows` says yes to.
  Result<Page<VectorStore>> List(const PageQuery& query, const std::function<bool(const VectorStore&)>& shows);
  Result<VectorStore> Update(const std::string& id, const VectorStoreChange& change);
  // Somebody uses it: it expires so much later. Without effect where that was said a minute ago.
  Result<void> Touch(const std::string& id);
  Result<void> MarkRemoving(const std::string& id);
  Result<void> MarkExpired(const std::string& id);
  Result<void> Forget(const std::string& id);
  // Ids of stores that are to be removed, and of those whose time is over.
  Result<std::vector<std::string>> Removing();
  Result<std::vector<std::string>> Overdue();

  // Puts files into a store, each in progress (again). Error: kTooLarge, over kMaxFilesOfStore.
  Result<void> Attach(const std::string& store_id, std::vector<VectorStoreFile> files);
  Result<VectorFileBatch> AttachBatch(const std::string& store_id, std::vector<VectorStoreFile> files);
  Result<VectorStoreFile> GetFile(const std::string& store_id, const std::string& id);  // NotFound
  Result<Page<VectorStoreFile>> ListFiles(const std::string& store_id, const VectorFileQuery& query);
  Result<void> SetAttributes(const std::string& store_id, const std::string& id, const Json& attributes);
  Result<void> MarkFileRemoving(const std::string& store_id, const std::string& id);
  Result<void> ForgetFile(const std::string& store_id, const std::string& id);
  Result<VectorFileBatch> GetBatch(const std::string& store_id, const std::string& id);  // NotFound
  // Its files in progress that were attached before.
  Result<std::vector<std::string>> ReplacedFiles(const std::string& store_id, const std::string& batch_id);
  // Its files in progress are cancelled. Conflict where none is.
  Result<VectorFileBatch> CancelBatch(const std::string& store_id, const std::string& id);

  // Files in progress, and those that are to be removed, oldest first; some of them where they are many.
  Result<std::vector<VectorStoreFile>> PendingFiles();
  Result<std::vector<VectorStoreFile>> RemovingFiles();
  Result<bool> IsRemoving(const VectorStoreFile& file);
  // Stores that have a file.
  Result<std::vector<std::string>> StoresWith(const std::string& file_id);
  // Each ends a version of a file; void where that version is no longer in progress.
  Result<void> Complete(const VectorStoreFile& file, int64_t usage_bytes,
                        const std::optional<VectorChunking>& chunking);
  Result<void> Fail(const VectorStoreFile& file, std::string_view code, std::string_view message);

  // Called after whatever makes work, from its thread.
  void OnChange(std::function<void()> changed) { changed_ = std::move(changed); }
  int64_t Now() const { return clock_.UnixNanos() / 1'000'000'000; }

 private:
  VectorStores(Database& database, const Clock& clock) : database_(database), clock_(clock) {}
  Result<std::vector<VectorStoreFile>> FilesThatAre(std::string_view status);
  void Tell() const {
    if (changed_) changed_();
  }

  Database& database_;
  const Clock& clock_;
  std::function<void()> changed_;
};

}  // namespace atelier

// What vector stores are searched in: a corpus of CorpusLibrary each, named by the store's id. A file in a store is a
// source whose id is the file's; its documents are called FILE_ID/FILENAME, so that a passage tells both.
//
// A corpus is made when something is first put into it. Changes to a store's rows and to its corpus go together under
// the store's lock, rows first or last as a crash between them must find it. Thread-safe; blocks.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "app/corpus_library.h"
#include "app/vector_stores.h"
#include "knowledge/preparation.h"

namespace atelier {

class VectorStoreCorpora {
 public:
  // All must outlive this.
  VectorStoreCorpora(VectorStores& stores, CorpusLibrary& library) : stores_(stores), library_(library) {}

  // The store's corpus, made where it is not there. Errors: NotFound, Conflict of a store that has expired.
  Result<std::shared_ptr<OpenedCorpus>> Open(const std::string& store_id);

  // Puts a file's documents and ends its work; false: it was removed, cancelled or attached again meanwhile, and
  // nothing was put. `usage_bytes` and `chunking` are what its row then says.
  struct Ingested {
    Prepared prepared;
    int64_t usage_bytes = 0;
    std::optional<VectorChunking> chunking;
  };
  Result<bool> Put(const VectorStoreFile& file, Ingested ingested);
  // Ends a file's work without documents.
  Result<void> Fail(const VectorStoreFile& file, std::string_view code, std::string_view message);

  // Of all its chunks, without reading or embedding it again.
  Result<void> SetAttributes(const std::string& store_id, const std::string& file_id, const Json& attributes);
  // Its files in progress are cancelled, and nothing that was put of them before is found any more. Conflict where none
  // is.
  Result<VectorFileBatch> CancelBatch(const std::string& store_id, const std::string& batch_id);
  // Each takes it out of the rows and from the disk. What a crash interrupts is done by Finish.
  Result<void> RemoveFile(const std::string& store_id, const std::string& file_id);
  Result<void> RemoveStore(const std::string& store_id);
  // What is to be removed and is not yet, and stores whose time is over. Whatever cannot be done now stays for later.
  Result<void> Finish();

 private:
  Result<std::shared_ptr<OpenedCorpus>> OpenLocked(const std::string& store_id);
  std::mutex& LockOf(const std::string& store_id);
  // Whether `file` is as it was when its work began.
  Result<bool> IsCurrent(const VectorStoreFile& file);
  Result<void> DropChunks(const std::string& store_id, std::vector<std::string> file_ids);
  Result<void> FinishRemovingFile(const VectorStoreFile& file);
  Result<void> RemoveCorpus(const std::string& store_id);
  void Close(const std::string& store_id);

  VectorStores& stores_;
  CorpusLibrary& library_;
  std::array<std::mutex, 16> locks_;  // by hash of the store's id
  std::mutex recent_mutex_;
  std::deque<std::pair<std::string, std::shared_ptr<OpenedCorpus>>> recent_;  // stay open, the latest last
};

// The ids in a passage of a store's corpus: "file-1/a.zip!/b.md" is of file "file-1" called "a.zip".
struct PassageFile {
  std::string id, filename;
};
PassageFile FileOfDocument(const std::string& document_id);
// What the documents of a file are read as.
std::string DocumentIdOf(const VectorStoreFile& file);

}  // namespace atelier

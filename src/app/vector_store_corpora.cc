#include "app/vector_store_corpora.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "observe/log.h"

namespace atelier {
namespace {

constexpr size_t kMostOpen = 16;  // corpora that stay open between requests

CorpusConfig ConfigOf(const VectorStore& store) {
  CorpusConfig config;
  config.name = store.id;
  config.embedder = store.embedder;
  return config;
}

}  // namespace

std::mutex& VectorStoreCorpora::LockOf(const std::string& store_id) {
  return locks_[std::hash<std::string>()(store_id) % locks_.size()];
}

Result<std::shared_ptr<OpenedCorpus>> VectorStoreCorpora::Open(const std::string& store_id) {
  const std::lock_guard lock(LockOf(store_id));
  return OpenLocked(store_id);
}

Result<std::shared_ptr<OpenedCorpus>> VectorStoreCorpora::OpenLocked(const std::string& store_id) {
  TRY(const VectorStore store, stores_.Get(store_id));
  if (store.expired) {
    return Error::Conflict("vector store '" + store_id + "'", "got one that has expired, want a new one")
        .WithCode("vector_store_expired");
  }
  Result<std::shared_ptr<OpenedCorpus>> corpus = library_.Open(store_id);
  if (!corpus.ok() && corpus.error().kind == ErrorKind::kNotFound) {
    corpus = library_.Make(ConfigOf(store), store.dimensions);
  }
  if (!corpus.ok()) return corpus;
  const std::lock_guard lock(recent_mutex_);
  std::erase_if(recent_, [&](const auto& one) { return one.first == store_id; });
  recent_.emplace_back(store_id, *corpus);
  if (recent_.size() > kMostOpen) recent_.pop_front();
  return corpus;
}

void VectorStoreCorpora::Close(const std::string& store_id) {
  const std::lock_guard lock(recent_mutex_);
  std::erase_if(recent_, [&](const auto& one) { return one.first == store_id; });
}

Result<bool> VectorStoreCorpora::IsCurrent(const VectorStoreFile& file) {
  const Result<VectorStoreFile> now = stores_.GetFile(file.store_id, file.id);
  if (!now.ok() && now.error().kind == ErrorKind::kNotFound) return false;
  if (!now.ok()) return now.error();
  return now->version == file.version && now->status == "in_progress";
}

Result<bool> VectorStoreCorpora::Put(const VectorStoreFile& file, Ingested ingested) {
  const std::lock_guard lock(LockOf(file.store_id));
  TRY(const bool is_current, IsCurrent(file));
  if (!is_current) return false;
  TRY(const VectorStoreFile now, stores_.GetFile(file.store_id, file.id));
  for (IndexedDocument& document : ingested.prepared.documents) document.document.attributes = now.attributes;
  TRY(const std::shared_ptr<OpenedCorpus> corpus, OpenLocked(file.store_id));
  std::vector<Prepared> sources;
  sources.push_back(std::move(ingested.prepared));
  TRY_VOID(PutPrepared(std::move(sources), *corpus->corpus));
  TRY_VOID(stores_.Complete(file, ingested.usage_bytes, ingested.chunking));
  return true;
}

Result<void> VectorStoreCorpora::DropChunks(const std::string& store_id, std::vector<std::string> file_ids) {
  TRY(const std::shared_ptr<OpenedCorpus> corpus, OpenLocked(store_id));
  return corpus->corpus->Replace(std::move(file_ids), {});
}

// A version that came before may have left its chunks.
Result<void> VectorStoreCorpora::Fail(const VectorStoreFile& file, std::string_view code, std::string_view message) {
  const std::lock_guard lock(LockOf(file.store_id));
  TRY(const bool is_current, IsCurrent(file));
  if (!is_current) return {};
  if (file.version > 1) TRY_VOID(DropChunks(file.store_id, {file.id}));
  return stores_.Fail(file, code, message);
}

Result<void> VectorStoreCorpora::SetAttributes(const std::string& store_id, const std::string& file_id,
                                               const Json& attributes) {
  const std::lock_guard lock(LockOf(store_id));
  TRY(const VectorStoreFile file, stores_.GetFile(store_id, file_id));
  // What is in progress takes the row's when it is put; of what came before there may be chunks.
  if (file.status == "completed" || file.version > 1) {
    TRY(const std::shared_ptr<OpenedCorpus> corpus, OpenLocked(store_id));
    TRY_VOID(corpus->corpus->SetAttributes(file_id, attributes));
  }
  return stores_.SetAttributes(store_id, file_id, attributes);
}

Result<void> VectorStoreCorpora::RemoveFile(const std::string& store_id, const std::string& file_id) {
  const std::lock_guard lock(LockOf(store_id));
  TRY(const VectorStore store, stores_.Get(store_id));
  TRY_VOID(stores_.GetFile(store_id, file_id));
  TRY_VOID(stores_.MarkFileRemoving(store_id, file_id));
  if (!store.expired) TRY_VOID(DropChunks(store_id, {file_id}));
  return stores_.ForgetFile(store_id, file_id);
}

// Chunks first: a crash between leaves the files in progress, and they are read again.
Result<VectorFileBatch> VectorStoreCorpora::CancelBatch(const std::string& store_id, const std::string& batch_id) {
  const std::lock_guard lock(LockOf(store_id));
  TRY(std::vector<std::string> replaced, stores_.ReplacedFiles(store_id, batch_id));
  if (!replaced.empty()) TRY_VOID(DropChunks(store_id, std::move(replaced)));
  return stores_.CancelBatch(store_id, batch_id);
}

Result<void> VectorStoreCorpora::RemoveCorpus(const std::string& store_id) {
  Close(store_id);
  const Result<void> removed = library_.Remove(store_id);
  if (!removed.ok() && removed.error().kind != ErrorKind::kNotFound) return removed;
  return {};
}

// Where a search still holds the corpus, its folder goes when the next change is looked at.
Result<void> VectorStoreCorpora::RemoveStore(const std::string& store_id) {
  const std::lock_guard lock(LockOf(store_id));
  TRY_VOID(stores_.MarkRemoving(store_id));
  const Result<void> removed = RemoveCorpus(store_id);
  if (!removed.ok() && removed.error().kind == ErrorKind::kConflict) return {};
  TRY_VOID(removed);
  return stores_.Forget(store_id);
}

Result<void> VectorStoreCorpora::Finish() {
  TRY(const std::vector<std::string> overdue, stores_.Overdue());
  for (const std::string& id : overdue) {
    const std::lock_guard lock(LockOf(id));
    const Result<void> removed = RemoveCorpus(id);
    if (removed.ok()) TRY_VOID(stores_.MarkExpired(id));
  }
  TRY(const std::vector<std::string> removing, stores_.Removing());
  for (const std::string& id : removing) {
    const std::lock_guard lock(LockOf(id));
    const Result<void> removed = RemoveCorpus(id);
    if (removed.ok()) TRY_VOID(stores_.Forget(id));
  }
  TRY(const std::vector<VectorStoreFile> files, stores_.RemovingFiles());
  for (const VectorStoreFile& file : files) {
    const Result<void> finished = FinishRemovingFile(file);
    if (!finished.ok())
      LogWarn("a removed file's chunks are still there, and it is tried again: " + finished.error().Message());
  }
  return {};
}

// Until the lock is had it may have gone, or be attached again.
Result<void> VectorStoreCorpora::FinishRemovingFile(const VectorStoreFile& file) {
  const std::lock_guard lock(LockOf(file.store_id));
  TRY(const bool is_removing, stores_.IsRemoving(file));
  if (!is_removing) return {};
  TRY_VOID(DropChunks(file.store_id, {file.id}));
  return stores_.ForgetFile(file.store_id, file.id);
}

PassageFile FileOfDocument(const std::string& document_id) {
  const std::string path = document_id.substr(0, document_id.find("!/"));
  const size_t slash = path.find('/');
  if (slash == std::string::npos || !path.starts_with("file-")) {  // of a corpus that no vector store has
    return {document_id, path.substr(path.rfind('/') + 1)};
  }
  return {path.substr(0, slash), path.substr(slash + 1)};
}

std::string DocumentIdOf(const VectorStoreFile& file) {
  std::string name = file.filename;
  std::ranges::replace(name, '/', '_');
  return file.id + "/" + name;
}

}  // namespace atelier

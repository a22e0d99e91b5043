// A corpus that follows a folder: what is new or has changed is read, what vanished is removed, all else is left alone.
//
// Files are committed in groups as they are embedded, each file whole or not at all; so what is interrupted goes on
// where it was, and searches see what has come so far. One file that cannot be read is told and skipped; what the
// corpus had of it before stays until it can be read again or is gone.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "knowledge/load/folder_scan.h"
#include "knowledge/preparation.h"

namespace atelier {

struct SyncProgress {
  int64_t files_done = 0, files_total = 0;  // of those to read
  int64_t bytes_done = 0, bytes_total = 0;
  int64_t chunks = 0;    // made so far
  int64_t embedded = 0;  // of these, not known from before
};

struct SyncReport {
  int64_t added = 0, changed = 0, removed = 0, unchanged = 0;
  int64_t chunks = 0, embedded = 0;
  int64_t model_tokens = 0;    // that a chat model read and wrote to cut files
  std::vector<Error> skipped;  // where: the file
};

struct FolderSync {
  FolderSpec folder;
  PreparationConfig preparation;
  std::function<void(const SyncProgress&)> on_progress = {};  // may be empty
};

// Errors: the folder's own; the corpus's and the embedder's. kCancelled where call.stop was requested: what was
// committed stays.
Task<Result<SyncReport>> SyncFolder(Call call, Corpus& corpus, FolderSync sync, PreparationTools tools);

}  // namespace atelier

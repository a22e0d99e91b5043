// A corpus that keeps following a folder: it is synchronised once, and again whenever something in the folder has
// changed (folder_watch.h), until it is asked to stop.
#pragma once

#include <functional>

#include "knowledge/folder_sync.h"
#include "knowledge/load/folder_watch.h"

namespace atelier {

// `on_synced` is told of every synchronisation that read, removed or skipped something that the one before did not, and
// of each that failed: what failed (an embedder that does not answer, say) is tried again with the next change, or
// after times.rescan. Returns when call.stop is requested, which is no error. Errors: those of the first one.
Task<Result<void>> FollowFolder(Call call, Corpus& corpus, FolderSync sync, PreparationTools tools, WatchTimes times,
                                std::function<void(const Result<SyncReport>&)> on_synced);

}  // namespace atelier

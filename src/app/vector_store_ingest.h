// A file in a vector store, from its bytes to what is searched: read, cut, embedded at low priority, put.
#pragma once

#include "app/app.h"
#include "app/vector_stores.h"
#include "base/task/call.h"
#include "base/task/task.h"

namespace atelier {

// Ends the file's work: completed, or failed with what was wrong. Error: it is not ended, and can be tried again; of
// a stopped call kCancelled.
Task<Result<void>> IngestVectorStoreFile(App& app, Call call, VectorStoreFile file);

}  // namespace atelier

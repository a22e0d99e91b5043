// Vector stores, and corpora by their names, as a key sees them (access.h). What it may not see is not there: NotFound,
// in the same words. All block.
#pragma once

#include <string>

#include "app/access.h"
#include "app/app.h"
#include "app/vector_stores.h"

namespace atelier {

// NotFound. Whether there is a corpus of that name is not looked at.
Result<Access::View> ViewOfStore(App& app, const std::string& id, const std::string& key);
// Errors: NotFound; Denied of a store that may only be read.
Result<void> CheckMayChange(App& app, const std::string& id, const std::string& key);

// Whether a file of a store is seen; of an archive by its own name.
bool ShowsFile(const Access::View& view, const VectorStoreFile& file);
// The store with counts of what is seen of it.
Result<VectorStore> StoreAsSeen(App& app, VectorStore store, const Access::View& view);
// NotFound also where the file is not seen.
Result<VectorStoreFile> FileAsSeen(App& app, const Access::View& view, const std::string& id,
                                   const std::string& file_id);

}  // namespace atelier

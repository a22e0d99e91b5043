// Files of vector stores: from what a request says of them to the rows that they become, and these in pages.
#pragma once

#include <string>
#include <vector>

#include "app/app.h"
#include "serve/vector_store_body.h"

namespace atelier {

// Errors: a file that is not there, or there twice, attributes and chunking that cannot be. `where` is the parameter of
// the list; empty: the request is about one file. Blocks.
Result<std::vector<VectorStoreFile>> AttachedFiles(App& app, const std::vector<StoreFileBody>& files,
                                                   const std::string& where, const std::string& principal);

// The query's filter: a status.
Result<VectorFileQuery> ReadFileQuery(const HttpRequest& http);
// A page of a store's files. Blocks.
Result<Json> ListedFiles(App& app, const std::string& store_id, VectorFileQuery query, const BothWays& ways);

}  // namespace atelier

// What the queries of VectorStores share. For its own sources alone.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "app/vector_stores.h"

namespace atelier::vector_store_rows {

Json ParsedObject(std::string_view text);
Error NoStore(const std::string& id);

// The row's number of a store that is not being removed; with OpenNumberOf, nor expired.
Result<int64_t> NumberOf(Db& db, const std::string& id);
Result<int64_t> OpenNumberOf(Db& db, const std::string& id);

// Files and their bytes, of rows of vector_store_file where `column` is `number`.
Result<std::pair<VectorFileCounts, int64_t>> Count(Db& db, const char* column, int64_t number);

// Each in progress, of a batch or of none. Error: kTooLarge.
Result<void> PutFiles(Db& db, int64_t store, std::optional<int64_t> batch, const std::vector<VectorStoreFile>& files,
                      int64_t now);

}  // namespace atelier::vector_store_rows

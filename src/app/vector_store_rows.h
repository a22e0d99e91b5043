// What the queries of VectorStores share. For its own sources alone.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/vector_stores.h"

namespace atelier::vector_store_rows {

Json ParsedObject(std::string_view text);
Error NoStore(const std::string& id);
Error NoFile(const std::string& id);

// The row's number of a store that is not being removed; with OpenNumberOf, nor expired.
Result<int64_t> NumberOf(Db& db, const std::string& id);
Result<int64_t> OpenNumberOf(Db& db, const std::string& id);

// What `query` selects, with these parameters.
template <class... Parameters>
Result<std::vector<std::string>> SelectIds(Db& db, const std::string& query, const Parameters&... parameters) {
  TRY(Statement select, db.Prepare(query));
  select.BindAll(parameters...);
  std::vector<std::string> ids;
  while (true) {
    TRY(const bool more, select.Step());
    if (!more) return ids;
    ids.emplace_back(select.Text(0));
  }
}

// Files and their bytes, of rows of vector_store_file where `column` is `number`.
Result<std::pair<VectorFileCounts, int64_t>> Count(Db& db, const char* column, int64_t number);

// Each in progress, of a batch or of none. Error: kTooLarge.
Result<void> PutFiles(Db& db, int64_t store, std::optional<int64_t> batch, const std::vector<VectorStoreFile>& files,
                      int64_t now);

}  // namespace atelier::vector_store_rows

// The schema "atelier" of a database: which corpora there are, and the tables of each.
#pragma once

#include <string>

#include "base/postgres/postgres_connection.h"

namespace atelier {

struct PostgresCorpusOptions {
  std::string address;     // "postgresql://user@host/database", or libpq's keywords
  std::string name;        // of the corpus there
  std::string embedder;    // empty: words alone
  int32_t dimensions = 0;  // of its vectors; at most 16,000
  std::string language = "en";
};

struct PostgresTables {
  std::string documents, chunks;  // names as a statement takes them
};

// pgvector's HNSW index takes no longer ones: those are always compared one by one.
inline constexpr int32_t kMaxHnswDimensions = 2000;

// Opens or makes the tables. Errors: kConflict names the embedder, language or size of vectors that the corpus was made
// with; kUnsupported where the server has no pgvector.
Result<PostgresTables> OpenTables(PostgresSession& session, const PostgresCorpusOptions& options);
// kNotFound if there is no such corpus.
Result<void> DropTables(PostgresSession& session, const std::string& name);

}  // namespace atelier

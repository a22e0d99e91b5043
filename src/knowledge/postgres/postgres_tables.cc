#include "knowledge/postgres/postgres_tables.h"

#include <optional>

namespace atelier {
namespace {

// One opener at a time makes what is missing; a number of our own.
constexpr const char* kLockSchema = "SELECT pg_advisory_xact_lock(4702111234474983745)";

constexpr const char* kMakeSchema = R"(
  CREATE TABLE IF NOT EXISTS atelier.corpora (
    number serial PRIMARY KEY, name text UNIQUE NOT NULL,
    embedder text NOT NULL, dimensions int NOT NULL, language text NOT NULL))";

Result<void> Prepare(PostgresSession& session) {
  TRY_VOID(session.Run(kLockSchema));
  TRY(const PostgresRows schema, session.Run("SELECT to_regclass('atelier.corpora') IS NOT NULL"));
  if (schema.Text(0, 0) == "t") return {};
  TRY_VOID(session.Run("CREATE SCHEMA IF NOT EXISTS atelier"));
  TRY_VOID(session.Run(kMakeSchema));
  return {};
}

Result<void> WantVectors(PostgresSession& session) {
  TRY(const PostgresRows there, session.Run("SELECT 1 FROM pg_extension WHERE extname = 'vector'"));
  if (there.size() > 0) return {};
  TRY(const PostgresRows available, session.Run("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'"));
  if (available.size() == 0) {
    return Error::Unsupported("PostgreSQL",
                              "the server has no pgvector: install it there, or set the corpus's embedder to none");
  }
  TRY_VOID(session.Run("CREATE EXTENSION IF NOT EXISTS vector"));
  return {};
}

PostgresTables TablesOf(int64_t number) {
  const std::string text = std::to_string(number);
  return {"atelier.documents_" + text, "atelier.chunks_" + text};
}

Result<void> Make(PostgresSession& session, const PostgresTables& tables, const PostgresCorpusOptions& options) {
  TRY_VOID(session.Run("CREATE TABLE " + tables.documents + R"( (
    id text COLLATE "C" PRIMARY KEY, source_id text COLLATE "C" NOT NULL,
    title text NOT NULL, media_type text NOT NULL,
    size bigint NOT NULL, modified_ns bigint NOT NULL, hashed_ns bigint NOT NULL, sha256 text NOT NULL,
    body bytea NOT NULL, num_chunks int NOT NULL, attributes jsonb NOT NULL))"));
  TRY_VOID(session.Run("CREATE INDEX ON " + tables.documents + " (source_id)"));
  const std::string embedding =
      options.dimensions > 0 ? ", embedding vector(" + std::to_string(options.dimensions) + ")" : "";
  TRY_VOID(session.Run("CREATE TABLE " + tables.chunks + R"( (
    id text COLLATE "C" PRIMARY KEY, put bigserial,
    document_id text COLLATE "C" NOT NULL REFERENCES )" +
                       tables.documents + R"( ON DELETE CASCADE,
    place int NOT NULL, span_begin bigint NOT NULL, span_end bigint NOT NULL,
    shown_begin bigint NOT NULL, shown_end bigint NOT NULL, first_page int NOT NULL, last_page int NOT NULL,
    headings jsonb NOT NULL, context text NOT NULL, hash text NOT NULL, extras jsonb NOT NULL,
    words tsvector NOT NULL)" +
                       embedding + ")"));
  TRY_VOID(session.Run("CREATE INDEX ON " + tables.chunks + " (document_id)"));
  TRY_VOID(session.Run("CREATE INDEX ON " + tables.chunks + " USING gin (words)"));
  if (options.dimensions > 0 && options.dimensions <= kMaxHnswDimensions) {
    TRY_VOID(session.Run("CREATE INDEX ON " + tables.chunks + " USING hnsw (embedding vector_cosine_ops)"));
  }
  return {};
}

// Tables that an earlier version made have no such column.
Result<void> AddExtras(PostgresSession& session, const PostgresTables& tables) {
  TRY(const PostgresRows there,
      session.Run("SELECT 1 FROM pg_attribute WHERE attrelid = $1::regclass AND attname = 'extras'", {tables.chunks}));
  if (there.size() > 0) return {};
  TRY_VOID(session.Run("ALTER TABLE " + tables.chunks + " ADD COLUMN extras jsonb NOT NULL DEFAULT '{}'"));
  return {};
}

Result<void> CheckSame(const PostgresCorpusOptions& options, const char* what, const std::string& got,
                       std::string_view made) {
  if (got == made) return {};
  return Error::Conflict(what, "got " + got + ", and corpus " + options.name + " was made with " + std::string(made));
}

}  // namespace

Result<PostgresTables> OpenTables(PostgresSession& session, const PostgresCorpusOptions& options) {
  TRY_VOID(session.Begin());
  TRY_VOID(Prepare(session));
  TRY(const PostgresRows made,
      session.Run("SELECT number, embedder, language, dimensions FROM atelier.corpora WHERE name = $1",
                  {options.name}));
  PostgresTables tables;
  if (made.size() > 0) {
    TRY_VOID(CheckSame(options, "embedder", options.embedder, made.Text(0, 1)));
    TRY_VOID(CheckSame(options, "language", options.language, made.Text(0, 2)));
    TRY_VOID(CheckSame(options, "dimensions", std::to_string(options.dimensions), made.Text(0, 3)));
    tables = TablesOf(made.Whole(0, 0));
    TRY_VOID(AddExtras(session, tables));
  } else {
    if (options.dimensions > 0) TRY_VOID(WantVectors(session));
    TRY(const PostgresRows number,
        session.Run("INSERT INTO atelier.corpora (name, embedder, language, dimensions) VALUES ($1, $2, $3, $4::int) "
                    "RETURNING number",
                    {options.name, options.embedder, options.language, std::to_string(options.dimensions)}));
    tables = TablesOf(number.Whole(0, 0));
    TRY_VOID(Make(session, tables, options));
  }
  TRY_VOID(session.Commit());
  return tables;
}

Result<void> DropTables(PostgresSession& session, const std::string& name) {
  TRY_VOID(session.Begin());
  TRY_VOID(Prepare(session));
  TRY(const PostgresRows number, session.Run("DELETE FROM atelier.corpora WHERE name = $1 RETURNING number", {name}));
  if (number.size() == 0) return Error::NotFound("corpus", "got '" + name + "', and there is no such one");
  const PostgresTables tables = TablesOf(number.Whole(0, 0));
  TRY_VOID(session.Run("DROP TABLE " + tables.chunks + ", " + tables.documents));
  return session.Commit();
}

}  // namespace atelier

// A corpus in PostgreSQL with pgvector: for collections that several machines share, or that have outgrown one.
//
// In the schema "atelier": a row of `corpora` for each corpus, and two tables of its number, documents_N and chunks_N.
// Texts are stored as bytes, so that spans mean what they mean elsewhere. Words are found by PostgreSQL's full-text
// search, over our analysis of them (word_query.h); likeness is the cosine, through an HNSW index of pgvector where
// nothing is filtered (and the vectors have at most 2,000 numbers), by comparing every allowed vector where something
// is. What is visible is a condition of every statement; ts_rank looks at one record alone, so what is hidden cannot
// show in a score.
//
// What it lacks (PostgresCapabilities), each an error by name: near spellings and loose phrases in queries, facets,
// suggestions, what looks after an index on this machine (verify, snapshot, export: a database has its own). Attributes
// and paths with U+0000 are refused. Its scores are no BM25.
#pragma once

#include <memory>
#include <string>

#include "base/postgres/postgres_connection.h"
#include "knowledge/corpus/corpus.h"
#include "knowledge/postgres/filter_sql.h"
#include "knowledge/postgres/postgres_capabilities.h"
#include "knowledge/postgres/postgres_tables.h"

namespace atelier {

class PostgresCorpus final : public Corpus {
 public:
  // Opens or makes it. Errors: the connection's; kConflict names the embedder or language that it was made with;
  // kUnsupported where there is no pgvector.
  static Result<std::unique_ptr<PostgresCorpus>> Open(PostgresCorpusOptions options);
  // Drops its tables. kNotFound if there is none.
  static Result<void> Remove(const std::string& address, const std::string& name);

  std::string embedder() const override { return options_.embedder; }
  int32_t dimensions() const override { return options_.dimensions; }
  std::string language() const override { return options_.language; }
  CorpusCapabilities capabilities() const override {
    return dimensions() > 0 ? PostgresCapabilities() : PostgresCapabilities().Without(CorpusCapability::kVectors);
  }
  Result<void> Replace(std::vector<std::string> sources, std::vector<IndexedDocument> documents) override;
  Result<void> Touch(std::vector<std::pair<std::string, SourceState>> sources) override;
  Result<void> SetAttributes(std::string_view source_id, const Json& attributes) override;
  Result<std::vector<Found>> Search(const CorpusQuery& query) const override;
  Result<std::vector<Passage>> Passages(const std::vector<std::string>& chunk_ids,
                                        const Filter& visible) const override;
  Result<std::string> Read(std::string_view document_id, TextSpan span, const Filter& visible) const override;
  Result<std::vector<DocumentListing>> List(const Filter& filter, const Filter& visible, std::string_view after,
                                            int32_t limit) const override;
  Result<std::vector<std::pair<std::string, std::vector<float>>>> Vectors(std::string_view source_id) const override;
  Result<std::vector<std::vector<float>>> ChunkVectors(const std::vector<std::string>& chunk_ids) const override;
  Result<CorpusStats> Stats() const override;

 private:
  struct Hit {
    std::string chunk_id;
    double score = 0;
  };

  PostgresCorpus(PostgresCorpusOptions options, std::unique_ptr<PostgresPool> pool, PostgresTables tables)
      : options_(std::move(options)), pool_(std::move(pool)), tables_(std::move(tables)) {}
  // A session in which writers of this corpus take turns.
  Result<PostgresSession> Write() const;
  Result<void> PutDocument(PostgresSession& session, const IndexedDocument& document) const;
  Result<void> PutChunks(PostgresSession& session, const IndexedDocument& document, size_t begin, size_t end) const;
  Result<std::vector<Hit>> SearchWords(PostgresSession& session, const CorpusQuery& query) const;
  Result<std::vector<Hit>> SearchVectors(PostgresSession& session, const CorpusQuery& query) const;

  const PostgresCorpusOptions options_;
  const std::unique_ptr<PostgresPool> pool_;
  const PostgresTables tables_;
};

}  // namespace atelier

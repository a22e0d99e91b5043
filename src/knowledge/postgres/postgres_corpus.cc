#include "knowledge/postgres/postgres_corpus.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <map>
#include <utility>

#include "knowledge/corpus/chunk_extras.h"
#include "knowledge/corpus/corpus_record.h"
#include "knowledge/index/analyzer_pool.h"
#include "knowledge/postgres/word_query.h"

namespace atelier {
namespace {

constexpr size_t kChunksAtOnce = 200;                       // put by one statement
constexpr int32_t kMinSearched = 100, kMaxSearched = 1000;  // hnsw.ef_search: of the graph, and the most it takes

// The attributes that chunks and documents share, by the names that filters use (corpus_record.h); `id` is the
// expression of a record's own.
std::string Attribute(std::string_view key, const char* kind, const char* id, SqlParameters& parameters) {
  if (key == "$id") return id;
  if (key == kDocumentAttribute) return "to_jsonb(d.id)";
  if (key == kSourceAttribute) return "to_jsonb(d.source_id)";
  if (key == kKindAttribute) return std::string("'\"") + kind + "\"'::jsonb";
  return "(d.attributes -> " + parameters.Add(std::string(key)) + "::text)";
}

std::string ChunkAttribute(std::string_view key, SqlParameters& parameters) {
  if (key == kHashAttribute) return "to_jsonb(c.hash)";
  return Attribute(key, "chunk", "to_jsonb(c.id)", parameters);
}

std::string DocumentAttribute(std::string_view key, SqlParameters& parameters) {
  return Attribute(key, "document", "to_jsonb('d/' || d.id)", parameters);
}

std::string Hex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex = "\\x";
  hex.reserve(2 + 2 * bytes.size());
  for (const char c : bytes) {
    hex += kDigits[static_cast<unsigned char>(c) >> 4];
    hex += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return hex;
}

// What PostgreSQL's texts cannot hold becomes a blank.
std::string WithoutNul(std::string_view text) {
  std::string clean(text);
  std::replace(clean.begin(), clean.end(), '\0', ' ');
  return clean;
}

std::string VectorText(const std::vector<float>& vector) {
  std::string text = "[";
  for (const float number : vector) {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%s%.9g", text.size() > 1 ? "," : "", static_cast<double>(number));
    text += digits;
  }
  return text + "]";
}

std::vector<float> ReadVector(std::string_view text) {
  std::vector<float> vector;
  const char* at = text.data() + (text.empty() ? 0 : 1);
  const char* const end = text.data() + text.size();
  while (at < end) {
    float number = 0;
    const auto read = std::from_chars(at, end, number);
    if (read.ec != std::errc()) break;
    vector.push_back(number);
    at = read.ptr + 1;
  }
  return vector;
}

std::string Joined(const std::vector<std::string>& parts) {
  std::string joined;
  for (const std::string& part : parts) joined += (joined.empty() ? "" : "\n") + part;
  return joined;
}

// `title` as a word vector: the same for all chunks.
Json ChunkRow(const IndexedDocument& document, size_t index, const std::string& title, const Analyzer& analyzer) {
  const IndexedDocument::Part& part = document.parts[index];
  const Chunk& chunk = part.chunk;
  Json row = Json::Object(
      {{"id", ChunkRecordId(document.document.id, index)},
       {"document_id", document.document.id},
       {"place", index},
       {"span_begin", chunk.span.begin},
       {"span_end", chunk.span.end},
       {"shown_begin", chunk.shown.begin},
       {"shown_end", chunk.shown.end},
       {"first_page", chunk.first_page},
       {"last_page", chunk.last_page},
       {"headings", Json(chunk.heading_path)},
       {"context", WithoutNul(chunk.context)},
       {"hash", part.hash},
       {"extras", ExtrasOf(chunk)},
       {"title_words", title},
       {"heading_words", WordVector(Joined(chunk.heading_path), analyzer)},
       {"context_words", WordVector(chunk.context, analyzer)},
       {"body_words", WordVector(chunk.sums_up ? "" : TextOf(document.document.text, chunk.span), analyzer)}});
  if (!part.vector.empty()) row.Set("embedding", VectorText(part.vector));
  return row;
}

Result<Json> ReadJsonb(std::string_view text) {
  Result<Json> json = Json::Parse(text);
  if (!json.ok()) return Error::Corrupt("PostgreSQL", json.error().Message());
  return json;
}

// Rows of: id, document_id, place, spans (4), pages (2), headings, context, title, attributes, shown, extras.
Result<Passage> ReadPassage(const PostgresRows& rows, int row) {
  Passage passage;
  passage.chunk_id = rows.Text(row, 0);
  passage.document_id = rows.Text(row, 1);
  passage.chunk_index = static_cast<int32_t>(rows.Whole(row, 2));
  passage.chunk.span = {rows.Whole(row, 3), rows.Whole(row, 4)};
  passage.chunk.shown = {rows.Whole(row, 5), rows.Whole(row, 6)};
  passage.chunk.first_page = static_cast<int32_t>(rows.Whole(row, 7));
  passage.chunk.last_page = static_cast<int32_t>(rows.Whole(row, 8));
  TRY(const Json headings, ReadJsonb(rows.Text(row, 9)));
  for (const Json& heading : headings.items()) passage.chunk.heading_path.push_back(heading.AsString());
  passage.chunk.context = rows.Text(row, 10);
  passage.title = rows.Text(row, 11);
  TRY(passage.attributes, ReadJsonb(rows.Text(row, 12)));
  passage.shown = rows.Bytes(row, 13);
  const TextSpan span = passage.chunk.span, around = passage.chunk.shown;
  if (span.begin < around.begin || span.end > around.begin + static_cast<int64_t>(passage.shown.size())) {
    return Error::Corrupt(passage.chunk_id, "its span is not within what is shown of it");
  }
  passage.text = TextOf(passage.shown, {span.begin - around.begin, span.end - around.begin});
  TRY(const Json extras, ReadJsonb(rows.Text(row, 14)));
  TRY_VOID(ReadExtras(passage.chunk_id, extras, passage.chunk));
  if (passage.chunk.sums_up) passage.shown = passage.chunk.context;
  return passage;
}

}  // namespace

Result<std::unique_ptr<PostgresCorpus>> PostgresCorpus::Open(PostgresCorpusOptions options) {
  TRY_VOID(Analyzer::Create(options.language));
  auto pool = std::make_unique<PostgresPool>(options.address);
  TRY(PostgresSession session, pool->Take());
  TRY(PostgresTables tables, OpenTables(session, options));
  return std::unique_ptr<PostgresCorpus>(new PostgresCorpus(std::move(options), std::move(pool), std::move(tables)));
}

Result<void> PostgresCorpus::Remove(const std::string& address, const std::string& name) {
  PostgresPool pool(address);
  TRY(PostgresSession session, pool.Take());
  return DropTables(session, name);
}

Result<PostgresSession> PostgresCorpus::Write() const {
  TRY(PostgresSession session, pool_->Take());
  TRY_VOID(session.Begin());
  TRY_VOID(session.Run("SELECT pg_advisory_xact_lock($1::regclass::oid::bigint)", {tables_.documents}));
  return session;
}

Result<void> PostgresCorpus::PutDocument(PostgresSession& session, const IndexedDocument& indexed) const {
  const Document& document = indexed.document;
  const Json attributes = document.attributes.is_object() ? document.attributes : Json::Object();
  TRY_VOID(session.Run("DELETE FROM " + tables_.documents + " WHERE id = $1", {document.id}));
  TRY_VOID(session.Run("INSERT INTO " + tables_.documents +
                           " (id, source_id, title, media_type, size, modified_ns, hashed_ns, sha256, body, "
                           "num_chunks, attributes) VALUES "
                           "($1, $2, $3, $4, $5::bigint, $6::bigint, $7::bigint, $8, $9::bytea, $10::int, $11::jsonb)",
                       {document.id, indexed.source_id, WithoutNul(document.title), document.media_type,
                        std::to_string(indexed.source.size), std::to_string(indexed.source.modified_ns),
                        std::to_string(indexed.source.hashed_ns), indexed.source.sha256, Hex(document.text),
                        std::to_string(indexed.parts.size()), attributes.Dump()}));
  for (size_t begin = 0; begin < indexed.parts.size(); begin += kChunksAtOnce) {
    TRY_VOID(PutChunks(session, indexed, begin, std::min(indexed.parts.size(), begin + kChunksAtOnce)));
  }
  return {};
}

Result<void> PostgresCorpus::PutChunks(PostgresSession& session, const IndexedDocument& document, size_t begin,
                                       size_t end) const {
  TRY(const BorrowedAnalyzer analyzer, BorrowAnalyzer(options_.language));
  const std::string title = WordVector(document.document.title, *analyzer);
  Json rows = Json::Array();
  for (size_t i = begin; i < end; ++i) rows.Push(ChunkRow(document, i, title, *analyzer));
  const bool vectors = options_.dimensions > 0;
  const auto words = [](const char* column, const char* weight) {
    return "setweight(" + std::string(column) + "::tsvector, '" + weight + "')";
  };
  TRY_VOID(session.Run(
      "INSERT INTO " + tables_.chunks +
          " (id, document_id, place, span_begin, span_end, shown_begin, shown_end, first_page, last_page, headings, "
          "context, hash, extras, words" +
          (vectors ? ", embedding" : "") +
          ") SELECT id, document_id, place, span_begin, span_end, shown_begin, shown_end, first_page, last_page, "
          "headings, context, hash, extras, " +
          words("title_words", "A") + " || " + words("heading_words", "B") + " || " + words("context_words", "C") +
          " || " + words("body_words", "D") + (vectors ? ", embedding::vector" : "") +
          " FROM jsonb_to_recordset($1::jsonb) AS row(id text, document_id text, place int, span_begin bigint, "
          "span_end bigint, shown_begin bigint, shown_end bigint, first_page int, last_page int, headings jsonb, "
          "context text, hash text, extras jsonb, title_words text, heading_words text, context_words text, body_words "
          "text, "
          "embedding text) ORDER BY place",
      {rows.Dump()}));
  return {};
}

Result<void> PostgresCorpus::Replace(std::vector<std::string> sources, std::vector<IndexedDocument> documents) {
  TRY(PostgresSession session, Write());
  TRY_VOID(session.Run(
      "DELETE FROM " + tables_.documents + " WHERE source_id IN (SELECT jsonb_array_elements_text($1::jsonb))",
      {Json(sources).Dump()}));
  for (const IndexedDocument& document : documents) TRY_VOID(PutDocument(session, document));
  return session.Commit();
}

Result<void> PostgresCorpus::Touch(std::vector<std::pair<std::string, SourceState>> sources) {
  TRY(PostgresSession session, Write());
  for (const auto& [source_id, state] : sources) {
    TRY_VOID(session.Run("UPDATE " + tables_.documents +
                             " SET size = $2::bigint, modified_ns = $3::bigint, hashed_ns = $4::bigint, sha256 = $5 "
                             "WHERE source_id = $1",
                         {source_id, std::to_string(state.size), std::to_string(state.modified_ns),
                          std::to_string(state.hashed_ns), state.sha256}));
  }
  return session.Commit();
}

Result<void> PostgresCorpus::SetAttributes(std::string_view source_id, const Json& attributes) {
  TRY(PostgresSession session, Write());
  const Json own = attributes.is_object() ? attributes : Json::Object();
  TRY_VOID(session.Run("UPDATE " + tables_.documents + " SET attributes = $2::jsonb WHERE source_id = $1",
                       {std::string(source_id), own.Dump()}));
  return session.Commit();
}

Result<std::vector<PostgresCorpus::Hit>> PostgresCorpus::SearchWords(PostgresSession& session,
                                                                     const CorpusQuery& query) const {
  TRY(const BorrowedAnalyzer analyzer, BorrowAnalyzer(options_.language));
  TRY(const WordQuery words, ReadWordQuery(query.text, *analyzer));
  std::vector<Hit> hits;
  if (words.match.empty()) return hits;
  SqlParameters parameters;
  const std::string match = parameters.Add(words.match) + "::tsquery";
  const std::string rank = parameters.Add(words.rank) + "::tsquery";
  const std::string allowed = FilterSql(query.filter, ChunkAttribute, parameters) + " AND " +
                              FilterSql(query.visible, ChunkAttribute, parameters);
  TRY(const PostgresRows rows,
      session.Run("SELECT c.id, ts_rank('{1,1,1,1}', c.words, " + rank + ", 1) AS score FROM " + tables_.chunks +
                      " c JOIN " + tables_.documents + " d ON d.id = c.document_id WHERE c.words @@ " + match +
                      " AND " + allowed + " ORDER BY score DESC, c.put LIMIT " + std::to_string(query.top_k),
                  parameters.values()));
  for (int i = 0; i < rows.size(); ++i) hits.push_back({std::string(rows.Text(i, 0)), rows.Number(i, 1)});
  return hits;
}

Result<std::vector<PostgresCorpus::Hit>> PostgresCorpus::SearchVectors(PostgresSession& session,
                                                                       const CorpusQuery& query) const {
  SqlParameters parameters;
  const std::string distance = "c.embedding <=> " + parameters.Add(VectorText(query.vector)) + "::vector";
  const std::string limit = " LIMIT " + std::to_string(query.top_k);
  std::string statement;
  const bool all = query.filter.op == Filter::Op::kAll && query.visible.op == Filter::Op::kAll;
  if (all && options_.dimensions <= kMaxHnswDimensions && query.top_k <= kMaxSearched) {
    TRY_VOID(session.Run("SELECT set_config('hnsw.ef_search', $1, true)",
                         {std::to_string(std::max(kMinSearched, query.top_k))}));
    statement = "SELECT c.id, 1 - (" + distance + ") FROM " + tables_.chunks + " c ORDER BY " + distance + limit;
  } else {
    // Materialised, so that the graph is not asked first and its neighbours filtered after.
    const std::string allowed = FilterSql(query.filter, ChunkAttribute, parameters) + " AND " +
                                FilterSql(query.visible, ChunkAttribute, parameters);
    statement = "WITH allowed AS MATERIALIZED (SELECT c.id, c.put, " + distance + " AS distance FROM " +
                tables_.chunks + " c JOIN " + tables_.documents +
                " d ON d.id = c.document_id WHERE c.embedding IS NOT NULL AND " + allowed +
                ") SELECT id, 1 - distance FROM allowed ORDER BY distance, put" + limit;
  }
  TRY(const PostgresRows rows, session.Run(statement, parameters.values()));
  std::vector<Hit> hits;
  for (int i = 0; i < rows.size(); ++i) hits.push_back({std::string(rows.Text(i, 0)), rows.Number(i, 1)});
  return hits;
}

Result<std::vector<Found>> PostgresCorpus::Search(const CorpusQuery& query) const {
  if (!query.vector.empty() && query.vector.size() != static_cast<size_t>(options_.dimensions)) {
    return Error::Invalid("vector", "got " + std::to_string(query.vector.size()) + " numbers, want " +
                                        std::to_string(options_.dimensions));
  }
  TRY(PostgresSession session, pool_->Take());
  TRY_VOID(session.BeginReading());
  std::vector<Found> found;
  std::map<std::string, size_t> places;
  if (!query.text.empty()) {
    TRY(const std::vector<Hit> hits, SearchWords(session, query));
    for (const Hit& hit : hits) {
      places.emplace(hit.chunk_id, found.size());
      found.push_back({hit.chunk_id, hit.score, {}});
    }
  }
  if (!query.vector.empty()) {
    TRY(const std::vector<Hit> hits, SearchVectors(session, query));
    for (const Hit& hit : hits) {
      const auto place = places.find(hit.chunk_id);
      if (place != places.end()) {
        found[place->second].vector_score = hit.score;
      } else {
        found.push_back({hit.chunk_id, {}, hit.score});
      }
    }
  }
  TRY_VOID(session.Commit());
  return found;
}

Result<std::vector<Passage>> PostgresCorpus::Passages(const std::vector<std::string>& chunk_ids,
                                                      const Filter& visible) const {
  TRY(PostgresSession session, pool_->Take());
  SqlParameters parameters;
  const std::string ids = parameters.Add(Json(chunk_ids).Dump());
  TRY(const PostgresRows rows,
      session.Run("SELECT c.id, d.id, c.place, c.span_begin, c.span_end, c.shown_begin, c.shown_end, c.first_page, "
                  "c.last_page, c.headings, c.context, d.title, d.attributes, "
                  "substring(d.body FROM c.shown_begin::int + 1 FOR (c.shown_end - c.shown_begin)::int), c.extras FROM "
                  "jsonb_array_elements_text(" +
                      ids + "::jsonb) WITH ORDINALITY AS asked(id, at) JOIN " + tables_.chunks +
                      " c ON c.id = asked.id JOIN " + tables_.documents + " d ON d.id = c.document_id WHERE " +
                      FilterSql(visible, ChunkAttribute, parameters) + " ORDER BY asked.at",
                  parameters.values()));
  std::vector<Passage> passages;
  for (int i = 0; i < rows.size(); ++i) {
    TRY(Passage passage, ReadPassage(rows, i));
    passages.push_back(std::move(passage));
  }
  return passages;
}

Result<std::string> PostgresCorpus::Read(std::string_view document_id, TextSpan span, const Filter& visible) const {
  TRY(PostgresSession session, pool_->Take());
  SqlParameters parameters;
  const std::string id = parameters.Add(std::string(document_id));
  const std::string begin = parameters.Add(std::to_string(std::max<int64_t>(0, span.begin)));
  const std::string size = parameters.Add(std::to_string(std::max<int64_t>(0, span.size())));
  TRY(const PostgresRows rows,
      session.Run("SELECT substring(d.body FROM least(" + begin + "::bigint, length(d.body))::int + 1 FOR least(" +
                      size + "::bigint, length(d.body))::int) FROM " + tables_.documents + " d WHERE d.id = " + id +
                      " AND " + FilterSql(visible, DocumentAttribute, parameters),
                  parameters.values()));
  if (rows.size() == 0) return Error::NotFound(std::string(document_id), "there is no such document");
  return rows.Bytes(0, 0);
}

Result<std::vector<DocumentListing>> PostgresCorpus::List(const Filter& filter, const Filter& visible,
                                                          std::string_view after, int32_t limit) const {
  TRY(PostgresSession session, pool_->Take());
  SqlParameters parameters;
  const std::string from = parameters.Add(std::string(after));
  const std::string allowed =
      FilterSql(filter, DocumentAttribute, parameters) + " AND " + FilterSql(visible, DocumentAttribute, parameters);
  TRY(const PostgresRows rows,
      session.Run("SELECT id, source_id, title, media_type, size, modified_ns, hashed_ns, sha256, length(body), "
                  "num_chunks, attributes FROM " +
                      tables_.documents + " d WHERE id > " + from + " AND " + allowed + " ORDER BY id LIMIT " +
                      std::to_string(std::max(0, limit)),
                  parameters.values()));
  std::vector<DocumentListing> listings;
  for (int i = 0; i < rows.size(); ++i) {
    DocumentListing& listing = listings.emplace_back();
    listing.id = rows.Text(i, 0);
    listing.source_id = rows.Text(i, 1);
    listing.title = rows.Text(i, 2);
    listing.media_type = rows.Text(i, 3);
    listing.source = {rows.Whole(i, 4), rows.Whole(i, 5), rows.Whole(i, 6), std::string(rows.Text(i, 7))};
    listing.num_bytes = rows.Whole(i, 8);
    listing.num_chunks = rows.Whole(i, 9);
    TRY(listing.attributes, ReadJsonb(rows.Text(i, 10)));
  }
  return listings;
}

Result<std::vector<std::pair<std::string, std::vector<float>>>> PostgresCorpus::Vectors(
    std::string_view source_id) const {
  std::vector<std::pair<std::string, std::vector<float>>> vectors;
  if (options_.dimensions == 0) return vectors;
  TRY(PostgresSession session, pool_->Take());
  TRY(const PostgresRows rows,
      session.Run("SELECT c.hash, c.embedding FROM " + tables_.chunks + " c JOIN " + tables_.documents +
                      " d ON d.id = c.document_id WHERE d.source_id = $1 AND c.embedding IS NOT NULL ORDER BY c.id",
                  {std::string(source_id)}));
  for (int i = 0; i < rows.size(); ++i) {
    vectors.emplace_back(std::string(rows.Text(i, 0)), ReadVector(rows.Text(i, 1)));
  }
  return vectors;
}

Result<std::vector<std::vector<float>>> PostgresCorpus::ChunkVectors(const std::vector<std::string>& chunk_ids) const {
  std::vector<std::vector<float>> vectors(chunk_ids.size());
  if (options_.dimensions == 0) return vectors;
  TRY(PostgresSession session, pool_->Take());
  TRY(const PostgresRows rows,
      session.Run("SELECT asked.at, c.embedding FROM jsonb_array_elements_text($1::jsonb) WITH ORDINALITY AS "
                  "asked(id, at) JOIN " +
                      tables_.chunks + " c ON c.id = asked.id WHERE c.embedding IS NOT NULL",
                  {Json(chunk_ids).Dump()}));
  for (int i = 0; i < rows.size(); ++i) {
    vectors[static_cast<size_t>(rows.Whole(i, 0) - 1)] = ReadVector(rows.Text(i, 1));
  }
  return vectors;
}

Result<CorpusStats> PostgresCorpus::Stats() const {
  TRY(PostgresSession session, pool_->Take());
  TRY(const PostgresRows rows,
      session.Run("SELECT (SELECT count(*) FROM " + tables_.documents + "), (SELECT count(*) FROM " + tables_.chunks +
                      "), pg_total_relation_size($1) + pg_total_relation_size($2)",
                  {tables_.documents, tables_.chunks}));
  return CorpusStats{
      .num_documents = rows.Whole(0, 0), .num_chunks = rows.Whole(0, 1), .bytes_on_disk = rows.Whole(0, 2)};
}

}  // namespace atelier

// A collection of documents that can be searched and quoted, wherever it is kept.
//
// A Corpus stores and finds; it loads, embeds and ranks nothing. What goes in was made by preparation.h; what a
// question needs beside it is a `Retriever`'s (retriever.h). So the same pipeline runs over the index on this machine
// and over a database elsewhere. Thread-safe. Every call may block for a while: on a Loop, call it through OnPool.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "knowledge/corpus/corpus_capabilities.h"
#include "knowledge/index/filter.h"
#include "record/chunk.h"
#include "record/document.h"

namespace atelier {

// What tells whether a document must be read again. Of documents that come from no file, size and time are 0.
struct SourceState {
  int64_t size = 0;         // bytes of the file
  int64_t modified_ns = 0;  // since 1970-01-01 UTC
  int64_t hashed_ns = 0;    // when `sha256` was taken
  std::string sha256;       // hex, of the file
  bool operator==(const SourceState&) const = default;
};

// A document as it is put: read, cut and embedded.
struct IndexedDocument {
  struct Part {
    Chunk chunk;
    std::vector<float> vector;  // [E]; empty where the corpus has no embedder
    std::string hash;           // of what was embedded: a part that has the same needs no embedding again
  };
  std::string source_id;  // what it was read from: a file, of which an archive gives several documents
  SourceState source;
  Document document;
  std::vector<Part> parts;  // in order of their spans
};

struct DocumentListing {
  std::string id, source_id, title, media_type;
  SourceState source;
  int64_t num_bytes = 0;  // of its text
  int64_t num_chunks = 0;
  Json attributes;
};

struct CorpusQuery {
  std::string text;           // searched by words; empty: not
  std::vector<float> vector;  // searched by likeness; empty: not
  Filter filter;              // what the asker wants
  Filter visible;             // what the asker may know of
  int32_t top_k = 10;         // of each way of searching
  std::stop_token stop = {};  // what waits for another machine ends early
};

// One chunk that was found, by either way.
struct Found {
  std::string chunk_id;                            // unique in the corpus
  std::optional<double> text_score, vector_score;  // absent: this way did not find it
  // Of a backend that makes one ranking by itself, instead of both: then all have it, and come best first.
  std::optional<double> own_score = {};
};

// What matches, counted by the values of an attribute: most frequent first.
struct Facet {
  std::string key;
  std::vector<std::pair<Json, int64_t>> values;  // with the number of chunks
};

struct Suggestion {
  std::string text;
  int64_t num_records = 0;
};

struct CorpusStats {
  int64_t num_documents = 0;
  std::optional<int64_t> num_chunks;  // none: nobody tells
  int64_t bytes_on_disk = 0;
};

// A chunk with what its document says of it.
struct Passage {
  std::string chunk_id, document_id, title;
  int32_t chunk_index = 0;  // among the document's
  Chunk chunk;
  std::string text;   // of chunk.span
  std::string shown;  // of chunk.shown; of a chunk that sums up, its summary: what is read
  Json attributes;
  double score = 0;                                // of the last stage of retrieval that scored it
  std::optional<double> text_score, vector_score;  // BM25 and similarity, where that way found it
};

class Corpus {
 public:
  virtual ~Corpus() = default;

  // The model whose vectors it holds, and their size; empty and 0: it is searched by words alone.
  virtual std::string embedder() const = 0;
  virtual int32_t dimensions() const = 0;
  // Of its texts: "en", or "none".
  virtual std::string language() const = 0;
  // What it lacks of these is kUnsupported when it is asked for.
  virtual CorpusCapabilities capabilities() const = 0;

  // Replaces each of `sources` by its documents here (none: it is gone), as one commit.
  virtual Result<void> Replace(std::vector<std::string> sources, std::vector<IndexedDocument> documents) = 0;

  // Says of sources that are there that their files are now in another state, with the same content.
  virtual Result<void> Touch(std::vector<std::pair<std::string, SourceState>> sources) = 0;

  // Gives all documents of a source these attributes in place of their own; texts and vectors stay.
  virtual Result<void> SetAttributes(std::string_view source_id, const Json& attributes) = 0;

  virtual Result<std::vector<Found>> Search(const CorpusQuery& query) const = 0;
  // Of the chunks that have a word of `text` (empty: of all), pass the filter and are visible.
  virtual Result<std::vector<Facet>> Facets(std::string_view text, const Filter& filter, const Filter& visible,
                                            const std::vector<std::string>& keys, int32_t max_values) const;
  // Words that go on from the last word of `typed`, or are spelt nearly so, most frequent first.
  virtual Result<std::vector<Suggestion>> Suggest(std::string_view typed, const Filter& visible, int32_t limit) const;
  // Those that exist and are visible, in the order asked for; others are left out.
  virtual Result<std::vector<Passage>> Passages(const std::vector<std::string>& chunk_ids,
                                                const Filter& visible) const = 0;
  // The bytes of a document's text that `span` covers, as far as there are any. NotFound also where it is hidden.
  virtual Result<std::string> Read(std::string_view document_id, TextSpan span, const Filter& visible) const = 0;
  // In order of id, those after `after`.
  virtual Result<std::vector<DocumentListing>> List(const Filter& filter, const Filter& visible, std::string_view after,
                                                    int32_t limit) const = 0;
  // The vectors of a document's parts by hash: what need not be embedded again.
  virtual Result<std::vector<std::pair<std::string, std::vector<float>>>> Vectors(std::string_view source_id) const = 0;
  // The vectors of chunks, in the order asked for; empty where a chunk is not there, has none, or the backend keeps
  // them to itself.
  virtual Result<std::vector<std::vector<float>>> ChunkVectors(const std::vector<std::string>& chunk_ids) const;
  virtual Result<CorpusStats> Stats() const = 0;
};

}  // namespace atelier

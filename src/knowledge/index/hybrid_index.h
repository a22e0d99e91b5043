// One index, one commit: BM25 postings, vectors, attributes and stored payloads of the same records.
//
// A record is put or removed as a whole; a batch of both is one commit, all or nothing, durable before Apply returns.
// A search sees one commit: both of its legs, counts and payloads are of the same moment.
// Thread-safe: any number of readers beside writers; neither waits for the other.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/io/files.h"
#include "base/result.h"
#include "base/text/json.h"
#include "knowledge/index/filter.h"
#include "knowledge/index/vector/vector_space.h"

namespace atelier {

// One text of a record: "body", "title", "headings", ... Which fields there are, and their boosts, is the index's.
struct FieldText {
  std::string field;
  std::string text;
};

struct IndexRecord {
  std::string id;                // unique in the index; putting it again replaces the record
  std::vector<FieldText> texts;  // empty: never found by words, and no part of their statistics
  std::vector<float> vector;     // [E], or empty: never found by vector
  Json attributes;               // an object of strings, numbers, booleans and arrays of strings
  std::string payload;           // given back as it is
};

struct IndexBatch {
  std::vector<std::string> removed;  // applied first; ids that are not there are fine
  std::vector<IndexRecord> put;
};

struct FieldOptions {
  std::string name;
  double boost = 1;
};

// Fixed when the index is made; opening it with others is an error that names the difference.
struct IndexSchema {
  std::vector<FieldOptions> fields = {{"body", 1}};
  std::string language = "en";  // of stemming and stop words; "none": neither
  std::string embedder;         // the name of what made the vectors; empty: no vectors
  int32_t dimensions = 0;
  Similarity similarity = Similarity::kCosine;
  VectorStorage storage = VectorStorage::kF32;
};

struct IndexQuery {
  std::string text;           // words, "phrases", prefix*, fuzzy~; empty: no search by words
  std::vector<float> vector;  // empty: no search by vector
  Filter filter;              // what the asker wants; default: everything
  Filter visible;             // what the asker may know of; statistics are over this set
  int32_t top_k = 10;         // of each leg
  double recall = 0.99;       // wanted of the search by vector where it is approximate
};

struct IndexHit {
  std::string id;
  double score = 0;  // BM25 in one leg, similarity in the other (of L2 the negated squared distance)
};
struct IndexHits {
  std::vector<IndexHit> by_text, by_vector;  // best first; ties by id
  int64_t num_matching_text = 0;             // visible records that pass the filter and have a word of the query
};

class HybridIndex {
 public:
  // Opens or makes the index in `folder`. What a crash left half done is finished or undone; a damaged segment is set
  // aside and told by Problems(). Errors: kConflict where the schema differs or another process has it open.
  static Result<std::unique_ptr<HybridIndex>> Open(Files& files, const std::string& folder, IndexSchema schema);
  virtual ~HybridIndex() = default;

  virtual Result<void> Apply(IndexBatch batch) = 0;
  virtual Result<IndexHits> Search(const IndexQuery& query) const = 0;
  // The whole record but its vector; none if there is none, or `visible` hides it.
  virtual Result<std::optional<IndexRecord>> Get(std::string_view id, const Filter& visible) const = 0;
  virtual Result<std::optional<Json>> GetAttributes(std::string_view id, const Filter& visible) const = 0;
  // Bytes [begin, end) of a record's payload, as far as there are any.
  virtual Result<std::optional<std::string>> GetPayload(std::string_view id, int64_t begin, int64_t end,
                                                        const Filter& visible) const = 0;
  // As it was put, to the storage's precision; none where the record is not there or has none.
  virtual Result<std::optional<std::vector<float>>> GetVector(std::string_view id) const = 0;
  // Ids of visible records that pass the filter, in order of id, those after `after`.
  virtual Result<std::vector<std::string>> List(const Filter& filter, const Filter& visible, std::string_view after,
                                                int32_t limit) const = 0;
};

}  // namespace atelier

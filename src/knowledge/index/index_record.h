// What an index holds and how it is made: records, batches of them, and the schema.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/text/json.h"
#include "knowledge/index/text/text_segment.h"
#include "knowledge/index/vector/vector_space.h"

namespace atelier {

// One text of a record: "body", "title", "headings", ... Which fields there are, and their boosts, is the index's.
struct FieldText {
  std::string field;
  std::string text;
  bool operator==(const FieldText&) const = default;
};

struct IndexRecord {
  std::string id = {};                // unique in the index; putting it again replaces the record
  std::vector<FieldText> texts = {};  // empty: never found by words, and no part of their statistics
  std::vector<float> vector = {};     // [E], or empty: never found by vector
  Json attributes = {};               // an object of strings, numbers, booleans and arrays of these; null: none
  std::string payload = {};           // given back as it is
};

struct IndexBatch {
  std::vector<std::string> removed = {};  // applied first; ids that are not there are fine
  std::vector<IndexRecord> put = {};      // of two with one id the later stays
};

struct FieldOptions {
  std::string name;
  double boost = 1;
  bool operator==(const FieldOptions&) const = default;
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

// Errors: kInvalid: no or too many fields, two of one name, a boost that is not above 0, dimensions out of range.
Result<void> CheckSchema(const IndexSchema& schema);
// The same index could not have both. Errors: kConflict, which names what differs, and both.
Result<void> CheckSameSchema(const IndexSchema& stored, const IndexSchema& asked);
Json WriteSchema(const IndexSchema& schema);
Result<IndexSchema> ReadSchema(const Json& json);

VectorSpace SpaceOf(const IndexSchema& schema);
TextSchema TextSchemaOf(const IndexSchema& schema);
// The field's place in the schema; -1 if it has none of that name.
int32_t FieldIndex(const IndexSchema& schema, std::string_view name);

}  // namespace atelier

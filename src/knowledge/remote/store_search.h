// A search of a vector store elsewhere, as OpenAI's API words it.   [OpenAI API reference, "Search vector store"]
//
//   POST /vector_stores/{id}/search {"query", "max_num_results", "rewrite_query", "filters"}
//   -> {"data": [{"file_id", "filename", "score", "attributes", "content": [{"type": "text", "text"}]}]}
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/text/json.h"
#include "knowledge/index/filter.h"

namespace atelier {

inline constexpr int32_t kMaxStoreResults = 50;  // that the API lets one ask for

// What passes a filter, in the API's terms: comparisons, `and`, `or`.
struct AskedFilter {
  enum class Kind { kAll, kNothing, kSome };
  Kind kind = Kind::kAll;
  Json json;  // of kSome
};
// Errors: kUnsupported, under "filter", for globs, `not`, and attributes that only this machine knows ('@', '$').
// REQUIRES: CheckFilter passes.
Result<AskedFilter> AskedFilterOf(const Filter& filter);

// One piece of a file, byte for byte as the store has returned it.
struct StoreHit {
  std::string file_id, filename;
  std::string text;
  Json attributes;  // an object of strings, numbers and booleans
  double score = 0;
};

// Best first. What is no text, or is empty, is left out. Errors: kUnavailable names the part that is not what the API
// says: "data[3].score: got nothing, want a number".
Result<std::vector<StoreHit>> ReadSearchPage(const Json& page, size_t max_hits);

}  // namespace atelier

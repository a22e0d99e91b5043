// What requests say of vector stores, and how stores, files and batches are worded.
//                                                                     [OpenAI API reference, "Vector stores"]
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/vector_store_search.h"
#include "app/vector_stores.h"
#include "base/net/http.h"
#include "base/text/describe.h"
#include "serve/listing.h"

namespace atelier {

struct StoreExpiryBody {
  std::string anchor;
  int64_t days = 0;
  static Fields Describe();
};

struct StaticChunkingBody {
  int64_t max_chunk_size_tokens = 0, chunk_overlap_tokens = 0;
  static Fields Describe();
};

struct ChunkingBody {
  std::string type;
  std::optional<StaticChunkingBody> fixed;
  static Fields Describe();
};

struct HybridWeightsBody {
  double embedding_weight = 0, text_weight = 0;
  static Fields Describe();
};

struct RankingBody {
  std::optional<std::string> ranker;
  std::optional<double> score_threshold;
  std::optional<HybridWeightsBody> hybrid_search;
  static Fields Describe();
};

struct StoreFileBody {
  std::string file_id;
  Json attributes;
  std::optional<ChunkingBody> chunking_strategy;
  static Fields Describe();
};

// Sets the parts of a search that ranking options say. Errors are under "ranking_options".
Result<void> SetRanking(const std::optional<RankingBody>& ranking, VectorStoreSearch& search);
// Errors are under "chunking_strategy".
Result<std::optional<VectorChunking>> ReadChunking(const std::optional<ChunkingBody>& body);

Json StoreBody(const VectorStore& store);
Json StoreFileJson(const VectorStoreFile& file);
Json FileBatchJson(const VectorFileBatch& batch);
Json CountsBody(const VectorFileCounts& counts);

// The attributes that a hit shows: a file's own.
Json HitAttributes(const VectorStoreHit& hit);

// A page of what `list(query)` gives, by the request's after or before, limit and order.
inline constexpr ListingRules kStoreListing{.default_limit = 20, .max_limit = 100, .ascending = false};
struct BothWays {
  PageQuery query;
  bool backwards = false;  // the page before an object: asked for in the other order and turned round
};
Result<BothWays> ReadBothWays(const HttpRequest& http);

template <class T, class List, class Body>
Result<Json> ListedPage(const BothWays& ways, List list, Body body) {
  TRY(Page<T> page, list(ways.query));
  if (ways.backwards) std::reverse(page.items.begin(), page.items.end());
  Json data = Json::Array();
  for (const T& item : page.items) data.Push(body(item));
  return ListBody(std::move(data), page.has_more);
}

}  // namespace atelier

#include "serve/vector_store_body.h"

#include <utility>

namespace atelier {

Fields StoreExpiryBody::Describe() {
  using B = StoreExpiryBody;
  static constexpr Field fields[] = {
      Key<&B::anchor>("anchor", "from when the days count").OneOf("last_active_at").Required(),
      Key<&B::days>("days", "until the store expires").Between(1, 365).Required(),
  };
  return fields;
}

Fields StaticChunkingBody::Describe() {
  using B = StaticChunkingBody;
  static constexpr Field fields[] = {
      Key<&B::max_chunk_size_tokens>("max_chunk_size_tokens",
                                     "tokens of a chunk; no more than the embedding model reads are used")
          .Between(100, 4096)
          .Required(),
      Key<&B::chunk_overlap_tokens>("chunk_overlap_tokens", "tokens that are said again; at most half of a chunk")
          .Between(0, 2048)
          .Required(),
  };
  return fields;
}

Fields ChunkingBody::Describe() {
  using B = ChunkingBody;
  static constexpr Field fields[] = {
      Key<&B::type>("type", "auto: by the document's own structure").OneOf("auto|static").Required(),
      Key<&B::fixed>("static", "with type static: the size of chunks"),
  };
  return fields;
}

Fields HybridWeightsBody::Describe() {
  using B = HybridWeightsBody;
  static constexpr Field fields[] = {
      Key<&B::embedding_weight>("embedding_weight", "of likeness").AtLeast(0).Required(),
      Key<&B::text_weight>("text_weight", "of words").AtLeast(0).Required(),
  };
  return fields;
}

Fields RankingBody::Describe() {
  using B = RankingBody;
  static constexpr Field fields[] = {
      Key<&B::ranker>("ranker", "how the best are judged again: auto, none, default-2024-11-15, or a way of our own"),
      Key<&B::score_threshold>("score_threshold", "leave out what scores less").Between(0, 1),
      Key<&B::hybrid_search>("hybrid_search", "weights of likeness and words in a fusion by reciprocal ranks"),
  };
  return fields;
}

Fields StoreFileBody::Describe() {
  using B = StoreFileBody;
  static constexpr Field fields[] = {
      Key<&B::file_id>("file_id", "a file of /v1/files").Required(),
      Key<&B::attributes>("attributes", "up to 16 texts, numbers and booleans, to filter by"),
      Key<&B::chunking_strategy>("chunking_strategy", "how the file is cut"),
  };
  return fields;
}

Result<void> SetRanking(const std::optional<RankingBody>& ranking, VectorStoreSearch& search) {
  if (!ranking) return {};
  if (ranking->ranker) {
    TRY_VOID(CheckRankerName(*ranking->ranker));
    search.ranker = *ranking->ranker;
  }
  search.score_threshold = ranking->score_threshold.value_or(0);
  if (!ranking->hybrid_search) return {};
  const double likeness = ranking->hybrid_search->embedding_weight, words = ranking->hybrid_search->text_weight;
  if (likeness + words <= 0) {
    return Error::Invalid("ranking_options.hybrid_search", "got two weights of 0, want one above 0")
        .WithCode("invalid_value");
  }
  // Scaled by the larger, so that the sum of two huge ones is no infinity.
  const double most = std::max(likeness, words);
  search.vector_weight = likeness / most / (likeness / most + words / most);
  return {};
}

Result<std::optional<VectorChunking>> ReadChunking(const std::optional<ChunkingBody>& body) {
  if (!body || body->type == "auto") return std::optional<VectorChunking>();
  if (!body->fixed) {
    return Error::Invalid("chunking_strategy.static", "got nothing, want the size of chunks")
        .WithCode("missing_required_parameter");
  }
  const VectorChunking chunking{body->fixed->max_chunk_size_tokens, body->fixed->chunk_overlap_tokens};
  if (chunking.overlap_tokens * 2 > chunking.chunk_tokens) {
    return Error::Invalid("chunking_strategy.static.chunk_overlap_tokens",
                          "got " + std::to_string(chunking.overlap_tokens) + ", want at most half of " +
                              std::to_string(chunking.chunk_tokens))
        .WithCode("invalid_value");
  }
  return std::optional(chunking);
}

Json CountsBody(const VectorFileCounts& counts) {
  return Json::Object({{"in_progress", counts.in_progress},
                       {"completed", counts.completed},
                       {"failed", counts.failed},
                       {"cancelled", counts.cancelled},
                       {"total", counts.total()}});
}

Json StoreBody(const VectorStore& store) {
  std::string_view status = store.files.in_progress > 0 ? "in_progress" : "completed";
  if (store.expired) status = "expired";
  Json body = Json::Object({{"id", store.id},
                            {"object", "vector_store"},
                            {"created_at", store.created},
                            {"name", store.name},
                            {"description", store.description},
                            {"usage_bytes", store.usage_bytes},
                            {"file_counts", CountsBody(store.files)},
                            {"status", status}});
  if (store.expires_after_days) {
    body.Set("expires_after", Json::Object({{"anchor", "last_active_at"}, {"days", *store.expires_after_days}}));
    body.Set("expires_at", *store.expires());
  }
  body.Set("last_active_at", store.last_active);
  body.Set("metadata", store.metadata);
  return body;
}

Json StoreFileJson(const VectorStoreFile& file) {
  Json body = Json::Object({{"id", file.id},
                            {"object", "vector_store.file"},
                            {"usage_bytes", file.usage_bytes},
                            {"created_at", file.created},
                            {"vector_store_id", file.store_id},
                            {"status", file.status}});
  Json error;
  if (file.status == "failed") error = Json::Object({{"code", file.error_code}, {"message", file.error_message}});
  body.Set("last_error", std::move(error));
  Json chunking = Json::Object({{"type", "other"}});  // as OpenAI calls what has no fixed size
  if (file.chunking) {
    chunking = Json::Object({{"type", "static"}});
    chunking.Set("static", Json::Object({{"max_chunk_size_tokens", file.chunking->chunk_tokens},
                                         {"chunk_overlap_tokens", file.chunking->overlap_tokens}}));
  }
  body.Set("chunking_strategy", std::move(chunking));
  body.Set("attributes", file.attributes);
  return body;
}

Json FileBatchJson(const VectorFileBatch& batch) {
  return Json::Object({{"id", batch.id},
                       {"object", "vector_store.files_batch"},
                       {"created_at", batch.created},
                       {"vector_store_id", batch.store_id},
                       {"status", batch.status()},
                       {"file_counts", CountsBody(batch.files)}});
}

Json HitAttributes(const VectorStoreHit& hit) {
  Json shown = Json::Object();
  for (const JsonMember& member : hit.passage.attributes.members()) {
    if (!member.value.is_array()) shown.Set(member.key, member.value);  // lists are a corpus's, not a store's
  }
  return shown;
}

Result<BothWays> ReadBothWays(const HttpRequest& http) {
  BothWays ways;
  TRY(ways.query, ReadPageQuery(http, kStoreListing));
  const std::string before(http.Query("before"));
  if (before.empty()) return ways;
  if (!ways.query.after.empty()) {
    return Error::Invalid("before", "got it beside after, want one of the two").WithCode("invalid_value");
  }
  ways.query.after = before;
  ways.query.ascending = !ways.query.ascending;
  ways.backwards = true;
  return ways;
}

}  // namespace atelier

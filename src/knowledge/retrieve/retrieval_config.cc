#include "knowledge/retrieve/retrieval_config.h"

namespace atelier {

Fields FusionConfig::Describe() {
  using C = FusionConfig;
  static constexpr Field fields[] = {
      Key<&C::method>("method", "how two rankings become one").OneOf("convex|relative_score|reciprocal_rank"),
      Key<&C::vector_weight>("vector_weight", "share of the vectors' scores; words have the rest").Between(0, 1),
      Key<&C::quoted>("quoted", "convex: of the vectors' weight, what words take where one says all of the question's")
          .Between(0, 1),
      Key<&C::rank_constant>("rank_constant", "k of reciprocal_rank: how little the first ranks stand out").AtLeast(0),
  };
  return fields;
}

Fields RerankConfig::Describe() {
  using C = RerankConfig;
  static constexpr Field fields[] = {
      Key<&C::method>("method",
                      "cross_encoder, decisions, decisions_listwise, late_interaction, learned, mmr; without: the "
                      "search's order stays"),
      Key<&C::model>("model",
                     "that judges: a reranking model, for decisions a chat model, for learned a file of weights"),
      Key<&C::candidates>("candidates", "of the search, that are judged").Between(1, 1000),
      Key<&C::budget_ms>("budget_ms", "when it is over, the search's order stays").Between(1, 600'000),
      Key<&C::lambda>("lambda", "mmr: relevance against being new").Between(0, 1),
  };
  return fields;
}

Fields RetrievalConfig::Describe() {
  using C = RetrievalConfig;
  static constexpr Field fields[] = {
      Key<&C::words>("words", "search by words (BM25)"),
      Key<&C::vectors>("vectors", "search by likeness, where the corpus has vectors"),
      Key<&C::candidates>("candidates", "of each way of searching, that fusion sees").Between(1, 10000),
      Key<&C::fusion>("fusion", "how two rankings become one"),
      Key<&C::rerank>("rerank", "how the best are judged again"),
      Key<&C::stages>("stages", "what is done to questions before, and to passages after"),
  };
  return fields;
}

}  // namespace atelier

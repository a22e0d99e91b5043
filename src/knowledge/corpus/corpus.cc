#include "knowledge/corpus/corpus.h"

namespace atelier {

Result<std::vector<Facet>> Corpus::Facets(std::string_view, const Filter&, const Filter&,
                                          const std::vector<std::string>&, int32_t) const {
  return capabilities().Lacks(CorpusCapability::kFacets, "facets");
}

Result<std::vector<Suggestion>> Corpus::Suggest(std::string_view, const Filter&, int32_t) const {
  return capabilities().Lacks(CorpusCapability::kSuggestions, "suggestions");
}

Result<std::vector<std::vector<float>>> Corpus::ChunkVectors(const std::vector<std::string>& chunk_ids) const {
  return std::vector<std::vector<float>>(chunk_ids.size());
}

}  // namespace atelier

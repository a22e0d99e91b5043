#include "knowledge/corpus/corpus.h"

namespace atelier {

Result<std::vector<Facet>> Corpus::Facets(std::string_view, const Filter&, const Filter&,
                                          const std::vector<std::string>&, int32_t) const {
  return capabilities().Lacks(CorpusCapability::kFacets, "facets");
}

Result<std::vector<Suggestion>> Corpus::Suggest(std::string_view, const Filter&, int32_t) const {
  return capabilities().Lacks(CorpusCapability::kSuggestions, "suggestions");
}

}  // namespace atelier

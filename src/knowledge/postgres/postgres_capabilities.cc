#include "knowledge/postgres/postgres_capabilities.h"

namespace atelier {

CorpusCapabilities PostgresCapabilities() {
  using C = CorpusCapability;
  return CorpusCapabilities("PostgreSQL", {C::kWords, C::kPhrases, C::kPrefixes, C::kFields, C::kVectors, C::kFilters,
                                           C::kGlobs, C::kVisibleStatistics, C::kListing, C::kTexts, C::kWriting});
}

}  // namespace atelier

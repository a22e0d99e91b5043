// What a corpus can do, which depends on what keeps it. What it lacks is an error when it is asked for, by name; what
// is passed on, another program decides: the text of a question goes to it as it is, and it may or may not know
// phrases.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace atelier {

enum class CorpusCapability : uint8_t {
  kWords,
  kPhrases,
  kLoosePhrases,
  kPrefixes,
  kNearSpellings,
  kFields,
  kVectors,
  kFilters,
  kGlobs,
  kVisibleStatistics,
  kOwnRanking,
  kFacets,
  kSuggestions,
  kListing,
  kTexts,
  kWriting,
  kVerifying,
  kExport,
  kSnapshots,
  kReembedding,
};

struct CorpusCapabilityEntry {
  CorpusCapability capability;
  std::string_view name;  // in JSON: "near_spellings"
  std::string_view what;  // to people: "near spellings (word~)"
};
// All of them, in the order of the enumeration.
std::span<const CorpusCapabilityEntry> AllCorpusCapabilities();

class CorpusCapabilities {
 public:
  enum class Support : uint8_t { kNo, kYes, kPassedOn };

  // `backend` is what keeps it, as errors name it: "PostgreSQL". What is in neither list it lacks.
  CorpusCapabilities(std::string backend, std::initializer_list<CorpusCapability> has,
                     std::initializer_list<CorpusCapability> passed_on = {});

  // A corpus that was made without embedder has no vectors.
  CorpusCapabilities Without(CorpusCapability capability) &&;

  const std::string& backend() const { return backend_; }
  Support Of(CorpusCapability capability) const { return support_[static_cast<size_t>(capability)]; }
  bool Has(CorpusCapability capability) const { return Of(capability) != Support::kNo; }
  // kUnsupported names the capability and the backend that lacks it.
  Result<void> Check(CorpusCapability capability, std::string where) const;
  Error Lacks(CorpusCapability capability, std::string where) const;

 private:
  std::string backend_;
  std::vector<Support> support_;
};

// "no", "yes", "passed_on"
std::string_view SupportName(CorpusCapabilities::Support support);

}  // namespace atelier

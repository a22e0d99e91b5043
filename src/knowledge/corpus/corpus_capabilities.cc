#include "knowledge/corpus/corpus_capabilities.h"

#include <iterator>
#include <utility>

#include "base/check.h"

namespace atelier {
namespace {

using C = CorpusCapability;

constexpr CorpusCapabilityEntry kEntries[] = {
    {C::kWords, "words", "search by words"},
    {C::kPhrases, "phrases", "phrases (\"a b\")"},
    {C::kLoosePhrases, "loose_phrases", "loose phrases (\"a b\"~3)"},
    {C::kPrefixes, "prefixes", "prefixes (word*)"},
    {C::kNearSpellings, "near_spellings", "near spellings (word~)"},
    {C::kFields, "fields", "words of one field (title:word)"},
    {C::kVectors, "vectors", "search by vectors that are made here"},
    {C::kFilters, "filters", "filters that compare attributes"},
    {C::kGlobs, "globs", "filters by globs and by \"not\""},
    {C::kVisibleStatistics, "visible_statistics", "scores that what is hidden has no part in"},
    {C::kOwnRanking, "own_ranking", "one ranking of its own, in place of words and vectors fused here"},
    {C::kFacets, "facets", "facets"},
    {C::kSuggestions, "suggestions", "suggestions of words"},
    {C::kListing, "listing", "lists of its documents"},
    {C::kTexts, "texts", "whole texts of documents"},
    {C::kWriting, "writing", "being written"},
    {C::kVerifying, "verifying", "checksums to verify"},
    {C::kExport, "export", "export"},
    {C::kSnapshots, "snapshots", "snapshots and restoring them"},
    {C::kReembedding, "reembedding", "another embedder's vectors"},
};

constexpr bool IsInOrder() {
  for (size_t i = 0; i < std::size(kEntries); ++i) {
    if (static_cast<size_t>(kEntries[i].capability) != i) return false;
  }
  return static_cast<size_t>(C::kReembedding) + 1 == std::size(kEntries);
}
static_assert(IsInOrder());

}  // namespace

std::span<const CorpusCapabilityEntry> AllCorpusCapabilities() { return kEntries; }

CorpusCapabilities::CorpusCapabilities(std::string backend, std::initializer_list<CorpusCapability> has,
                                       std::initializer_list<CorpusCapability> passed_on)
    : backend_(std::move(backend)), support_(std::size(kEntries), Support::kNo) {
  for (const CorpusCapability one : has) support_[static_cast<size_t>(one)] = Support::kYes;
  for (const CorpusCapability one : passed_on) support_[static_cast<size_t>(one)] = Support::kPassedOn;
}

CorpusCapabilities CorpusCapabilities::Without(CorpusCapability capability) && {
  support_[static_cast<size_t>(capability)] = Support::kNo;
  return std::move(*this);
}

Error CorpusCapabilities::Lacks(CorpusCapability capability, std::string where) const {
  const std::string what(kEntries[static_cast<size_t>(capability)].what);
  return Error::Unsupported(std::move(where), "got " + what + ", which " + backend_ + " lacks");
}

Result<void> CorpusCapabilities::Check(CorpusCapability capability, std::string where) const {
  if (Has(capability)) return {};
  return Lacks(capability, std::move(where));
}

std::string_view SupportName(CorpusCapabilities::Support support) {
  switch (support) {
    case CorpusCapabilities::Support::kNo: return "no";
    case CorpusCapabilities::Support::kYes: return "yes";
    case CorpusCapabilities::Support::kPassedOn: return "passed_on";
  }
  CHECK(false);
}

}  // namespace atelier

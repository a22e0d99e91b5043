// What a passage is judged by beside its neighbours in a search: figures that need no model but the embedder's.
//
// Each is made so that it means the same in another collection, for what is learned of one is used on others: scores
// become 0 (the least of the list, and where that way did not find it) to 1 (its greatest), ranks 1/log2(rank + 2) with
// ranks from 0, and the question's terms weigh by their rarity among the listed texts:
//   weight = log(1 + (N - n + 0.5) / (n + 0.5))   of a term that n of N texts have
// Terms are the analyzer's; those of stop words are left out where the question has others. "Share" is by weight.
// Places are the analyzer's positions, words by and large.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "knowledge/corpus/corpus.h"
#include "knowledge/index/text/analyzer.h"

namespace atelier {

enum class RankFeature : uint8_t {
  kSearch,         // the search's score
  kSearchRank,     //
  kBm25,           //
  kBm25Rank,       // 0 where words did not find it
  kCosine,         //
  kCosineRank,     // 0 where likeness did not find it
  kShare,          // of the question's terms in text, title and headings
  kTitleShare,     // in title and headings
  kWindow,         // share * terms found / places of the smallest stretch of text that holds them all; 0 of one alone
  kOrdered,        // of the pairs of neighbours in the question, those in the text in order, no farther apart
  kTogether,       // of the same, those within kTogetherPlaces, in any order
  kExact,          // of its identifiers and numbers, as written but for case, those in text, title or headings
  kLength,         // log2(places / the list's median), from -2 to 2, halved
  kDocumentShare,  // share of terms in all of the document's passages in the list
  kMaxSim,         // late interaction, where it was asked for (max_sim_scores.h)
};
inline constexpr size_t kNumRankFeatures = 15;
inline constexpr uint32_t kTogetherPlaces = 8;

// [feature]
using RankFeatures = std::array<double, kNumRankFeatures>;

// "search", "search_rank", ...: what files call them, in the order of RankFeature.
std::span<const std::string_view> RankFeatureNames();
std::optional<RankFeature> RankFeatureOf(std::string_view name);

// For each passage, in the list's order (best first, `score` the search's).   REQUIRES: max_sim is empty or has one for
// each passage.   COST: about 2 ms for 30 passages of 150 words: each different word is analyzed once.
std::vector<RankFeatures> RankFeaturesOf(const Analyzer& analyzer, std::string_view question,
                                         std::span<const Passage> passages, std::span<const double> max_sim);

}  // namespace atelier

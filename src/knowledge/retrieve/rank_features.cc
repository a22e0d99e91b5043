#include "knowledge/retrieve/rank_features.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string>

#include "base/check.h"
#include "knowledge/retrieve/question_match.h"

namespace atelier {
namespace {

constexpr std::array<std::string_view, kNumRankFeatures> kNames = {
    "search", "search_rank", "bm25",     "bm25_rank", "cosine", "cosine_rank",    "share",  "title_share",
    "window", "ordered",     "together", "exact",     "length", "document_share", "max_sim"};

using Scores = std::vector<std::optional<double>>;
using Terms = std::vector<bool>;  // by term: whether it is there

struct Matched {
  TextMatch text, heading;
  Terms in_text, in_heading, in_either;
};

Terms TermsOf(const TextMatch& match, size_t num_terms) {
  Terms terms(num_terms);
  for (const TermHit& hit : match.hits) terms[hit.term] = true;
  return terms;
}

Terms Either(Terms a, const Terms& b) {
  for (size_t i = 0; i < a.size(); ++i) a[i] = a[i] || b[i];
  return a;
}

std::vector<Matched> MatchAll(QuestionMatch& question, std::span<const Passage> passages) {
  std::vector<Matched> all;
  for (const Passage& passage : passages) {
    std::string heading = passage.title;
    for (const std::string& part : passage.chunk.heading_path) heading += "\n" + part;
    Matched& matched = all.emplace_back();
    matched.text = question.In(passage.text);
    matched.heading = question.In(heading);
    matched.in_text = TermsOf(matched.text, question.num_terms());
    matched.in_heading = TermsOf(matched.heading, question.num_terms());
    matched.in_either = Either(matched.in_text, matched.in_heading);
  }
  return all;
}

// By term, summing to 1 where there is any.
std::vector<double> WeightsOf(const std::vector<Matched>& all, size_t num_terms) {
  const auto num_texts = static_cast<double>(all.size());
  std::vector<double> weights(num_terms);
  double total = 0;
  for (size_t term = 0; term < num_terms; ++term) {
    const auto num_with = static_cast<double>(
        std::ranges::count_if(all, [term](const Matched& matched) { return matched.in_either[term]; }));
    weights[term] = std::log(1 + (num_texts - num_with + 0.5) / (num_with + 0.5));
    total += weights[term];
  }
  for (double& weight : weights) weight /= total;
  return weights;
}

double ShareOf(const Terms& terms, const std::vector<double>& weights) {
  double share = 0;
  for (size_t i = 0; i < terms.size(); ++i) share += terms[i] ? weights[i] : 0;
  return share;
}

std::vector<double> Scaled(const Scores& scores) {
  std::optional<double> least, greatest;
  for (const auto& score : scores) {
    if (!score) continue;
    least = std::min(least.value_or(*score), *score), greatest = std::max(greatest.value_or(*score), *score);
  }
  std::vector<double> scaled;
  for (const auto& score : scores) {
    const double of_found = score && *greatest > *least ? (*score - *least) / (*greatest - *least) : 1;
    scaled.push_back(score ? of_found : 0);
  }
  return scaled;
}

std::vector<double> RankGains(const Scores& scores) {
  std::vector<double> sorted;
  for (const auto& score : scores) {
    if (score) sorted.push_back(*score);
  }
  std::ranges::sort(sorted, std::greater<>());
  std::vector<double> gains;
  for (const auto& score : scores) {
    // Equal scores share the best of their ranks.
    const auto rank =
        score ? std::ranges::lower_bound(sorted, *score, std::greater<>()) - sorted.begin() : std::ptrdiff_t{0};
    gains.push_back(score ? 1 / std::log2(static_cast<double>(rank) + 2) : 0);
  }
  return gains;
}

double WindowOf(const TextMatch& text, const Terms& in_text, double share) {
  const auto num_wanted = static_cast<size_t>(std::ranges::count(in_text, true));
  if (num_wanted < 2) return 0;
  std::vector<uint32_t> counts(in_text.size());
  size_t num_there = 0;
  uint32_t smallest = text.num_places;
  for (size_t first = 0, next = 0; next < text.hits.size(); ++next) {
    num_there += counts[text.hits[next].term]++ == 0;
    for (; num_there == num_wanted; ++first) {
      smallest = std::min(smallest, text.hits[next].place - text.hits[first].place + 1);
      num_there -= --counts[text.hits[first].term] == 0;
    }
  }
  // Terms at one place, an identifier and its first part, may be more than there are places.
  return share * std::min(1.0, static_cast<double>(num_wanted) / std::max(smallest, 1U));
}

// The shares of the question's pairs that a text has in order and together.
std::pair<double, double> PairsOf(const QuestionMatch& question, const TextMatch& text,
                                  const std::vector<double>& weights) {
  std::vector<std::vector<uint32_t>> places(weights.size());
  for (const TermHit& hit : text.hits) places[hit.term].push_back(hit.place);
  double ordered = 0, together = 0, total = 0;
  for (const QuestionMatch::Pair& pair : question.pairs()) {
    const double weight = weights[pair.first] + weights[pair.second];
    total += weight;
    bool in_order = false, near = false;
    const std::vector<uint32_t>& seconds = places[pair.second];
    for (const uint32_t first : places[pair.first]) {
      auto second = std::ranges::upper_bound(seconds, first);
      if (second != seconds.end()) {
        in_order = in_order || *second - first <= pair.distance;
        near = near || *second - first < kTogetherPlaces;
      }
      if (second != seconds.begin()) near = near || first - *std::prev(second) < kTogetherPlaces;
    }
    ordered += in_order ? weight : 0, together += near ? weight : 0;
  }
  return total > 0 ? std::pair(ordered / total, together / total) : std::pair(0.0, 0.0);
}

double ExactOf(const Matched& matched, size_t num_exact) {
  if (num_exact == 0) return 0;
  return static_cast<double>(std::popcount(matched.text.exact | matched.heading.exact)) /
         static_cast<double>(num_exact);
}

class Table {
 public:
  explicit Table(size_t num_passages) : rows_(num_passages, RankFeatures{}) {}
  double& At(size_t passage, RankFeature feature) { return rows_[passage][static_cast<size_t>(feature)]; }
  void Fill(RankFeature feature, const std::vector<double>& values) {
    for (size_t i = 0; i < rows_.size(); ++i) At(i, feature) = values[i];
  }
  std::vector<RankFeatures> Take() { return std::move(rows_); }

 private:
  std::vector<RankFeatures> rows_;
};

// What the ways of searching said.
void FillScores(std::span<const Passage> passages, std::span<const double> max_sim, Table& table) {
  Scores search, bm25, cosine;
  for (const Passage& passage : passages) {
    search.emplace_back(passage.score);
    bm25.push_back(passage.text_score), cosine.push_back(passage.vector_score);
  }
  table.Fill(RankFeature::kSearch, Scaled(search));
  table.Fill(RankFeature::kSearchRank, RankGains(search));
  table.Fill(RankFeature::kBm25, Scaled(bm25));
  table.Fill(RankFeature::kBm25Rank, RankGains(bm25));
  table.Fill(RankFeature::kCosine, Scaled(cosine));
  table.Fill(RankFeature::kCosineRank, RankGains(cosine));
  if (!max_sim.empty()) table.Fill(RankFeature::kMaxSim, Scaled(Scores(max_sim.begin(), max_sim.end())));
}

double MedianPlaces(const std::vector<Matched>& all) {
  std::vector<double> places;
  for (const Matched& matched : all) places.push_back(matched.text.num_places);
  const auto middle = places.begin() + static_cast<std::ptrdiff_t>(places.size() / 2);
  std::ranges::nth_element(places, middle);
  return std::max(*middle, 1.0);
}

// What the words of each passage say.
void FillWords(const QuestionMatch& question, const std::vector<Matched>& all, const std::vector<double>& weights,
               Table& table) {
  const double median_places = MedianPlaces(all);
  for (size_t i = 0; i < all.size(); ++i) {
    const Matched& matched = all[i];
    table.At(i, RankFeature::kShare) = ShareOf(matched.in_either, weights);
    table.At(i, RankFeature::kTitleShare) = ShareOf(matched.in_heading, weights);
    table.At(i, RankFeature::kWindow) = WindowOf(matched.text, matched.in_text, ShareOf(matched.in_text, weights));
    const auto [ordered, together] = PairsOf(question, matched.text, weights);
    table.At(i, RankFeature::kOrdered) = ordered;
    table.At(i, RankFeature::kTogether) = together;
    table.At(i, RankFeature::kExact) = ExactOf(matched, question.num_exact());
    const double length = std::log2(std::max<double>(matched.text.num_places, 1) / median_places);
    table.At(i, RankFeature::kLength) = std::clamp(length, -2.0, 2.0) / 2;
  }
}

// What the other passages of its document say of a passage.
void FillDocuments(std::span<const Passage> passages, const std::vector<Matched>& all,
                   const std::vector<double>& weights, Table& table) {
  std::map<std::string_view, std::vector<size_t>> documents;
  for (size_t i = 0; i < passages.size(); ++i) documents[passages[i].document_id].push_back(i);
  for (const auto& [id, parts] : documents) {
    Terms terms(weights.size());
    for (const size_t i : parts) terms = Either(std::move(terms), all[i].in_either);
    for (const size_t i : parts) table.At(i, RankFeature::kDocumentShare) = ShareOf(terms, weights);
  }
}

}  // namespace

std::span<const std::string_view> RankFeatureNames() { return kNames; }

std::optional<RankFeature> RankFeatureOf(std::string_view name) {
  const auto found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<RankFeature>(found - kNames.begin());
}

std::vector<RankFeatures> RankFeaturesOf(const Analyzer& analyzer, std::string_view question,
                                         std::span<const Passage> passages, std::span<const double> max_sim) {
  CHECK(max_sim.empty() || max_sim.size() == passages.size());
  if (passages.empty()) return {};
  QuestionMatch match(analyzer, question);
  const std::vector<Matched> all = MatchAll(match, passages);
  const std::vector<double> weights = WeightsOf(all, match.num_terms());
  Table table(passages.size());
  FillScores(passages, max_sim, table);
  FillWords(match, all, weights, table);
  FillDocuments(passages, all, weights, table);
  return table.Take();
}

}  // namespace atelier

// Passages that say what one before them says already go behind. The likeness of two is the cosine of their vectors,
// which the corpus keeps; where one has none, that of their words.
#include "knowledge/retrieve/mmr.h"

#include <algorithm>

#include "knowledge/retrieve/ranker.h"

namespace atelier {
namespace {

// The search's scores, from 0 to 1, which is the scale of the likeness.
std::vector<double> Relevance(std::span<const Passage> passages) {
  double least = passages[0].score, most = passages[0].score;
  for (const Passage& passage : passages) {
    least = std::min(least, passage.score), most = std::max(most, passage.score);
  }
  std::vector<double> relevance;
  for (const Passage& passage : passages) {
    relevance.push_back(most > least ? (passage.score - least) / (most - least) : 1);
  }
  return relevance;
}

using Vectors = std::vector<std::vector<float>>;

// As the corpus keeps them; nothing where it has none of one of the passages.
Task<Result<Vectors>> VectorsOf(const RankRequest& request) {
  if (request.tools.corpus == nullptr || request.tools.pool == nullptr) co_return Vectors();
  std::vector<std::string> ids;
  for (const Passage& passage : request.passages) ids.push_back(passage.chunk_id);
  auto read = [&]() -> Result<Vectors> { return request.tools.corpus->ChunkVectors(ids); };
  auto reading = OnPool(*request.tools.pool, read);
  CO_TRY(Vectors vectors, co_await reading);
  if (std::ranges::any_of(vectors, &std::vector<float>::empty)) vectors.clear();
  co_return vectors;
}

Task<Result<std::vector<double>>> ScoreMargins(Call /*call*/, RankRequest request) {
  auto reading = VectorsOf(request);
  CO_TRY(const Vectors vectors, co_await reading);
  std::vector<std::vector<size_t>> words;
  for (const Passage& passage : request.passages) words.push_back(WordHashes(passage.text));
  const auto likeness = [&](size_t a, size_t b) {
    return vectors.empty() ? WordOverlap(words[a], words[b]) : Cosine(vectors[a], vectors[b]);
  };
  const std::vector<size_t> order = MarginalOrder(Relevance(request.passages), likeness, request.config.lambda);
  std::vector<double> scores(words.size());
  for (size_t place = 0; place < order.size(); ++place) {
    scores[order[place]] = 1 - static_cast<double>(place) / static_cast<double>(order.size());
  }
  co_return scores;
}

}  // namespace

extern const RankerEntry ranker_mmr{"mmr", "what repeats a passage before it goes behind", ScoreMargins};

}  // namespace atelier

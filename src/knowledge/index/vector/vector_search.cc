#include <algorithm>
#include <vector>

#include "base/check.h"
#include "knowledge/index/vector/vector_segment.h"

namespace atelier {

namespace {

bool Before(const VectorHit& a, const VectorHit& b) { return a.score != b.score ? a.score > b.score : a.id < b.id; }

}  // namespace

std::vector<VectorHit> VectorSegment::Search(const VectorQuery& query) const {
  CHECK(query.vector.size() == static_cast<size_t>(space_.dimensions) && query.top_k >= 0);
  CHECK(query.allowed == nullptr || query.allowed->size() == num_records());
  std::vector<uint32_t> positions;
  for (uint32_t i = 0; i < num_vectors(); ++i) {
    if (query.allowed == nullptr || query.allowed->Has(ids_[i])) positions.push_back(i);
  }
  const std::vector<float> prepared = space_.PreparedQuery(query.vector);
  std::vector<float> scores(positions.size());
  const auto& score = space_.similarity == Similarity::kL2 ? kernels_->squared_distance : kernels_->inner_product;
  score[static_cast<size_t>(space_.storage)](prepared.data(), rows_.data(), space_.RowBytes(), positions.data(),
                                             static_cast<int64_t>(positions.size()), space_.dimensions, scores.data());
  std::vector<VectorHit> hits;
  for (size_t i = 0; i < positions.size(); ++i) {
    if (scores[i] >= query.at_least) hits.push_back({ids_[positions[i]], scores[i]});
  }
  const size_t kept = std::min(hits.size(), static_cast<size_t>(query.top_k));
  std::partial_sort(hits.begin(), hits.begin() + static_cast<std::ptrdiff_t>(kept), hits.end(), Before);
  hits.resize(kept);
  return hits;
}

std::vector<std::vector<VectorHit>> VectorSegment::SearchBatch(std::span<const VectorQuery> queries) const {
  std::vector<std::vector<VectorHit>> hits;
  hits.reserve(queries.size());
  for (const VectorQuery& query : queries) hits.push_back(Search(query));
  return hits;
}

}  // namespace atelier

#include "knowledge/index/vector/vector_testing.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"

namespace atelier {

std::vector<VectorSpace> AllSpaces(int32_t dimensions) {
  std::vector<VectorSpace> spaces;
  for (const auto similarity : {Similarity::kInnerProduct, Similarity::kCosine, Similarity::kL2}) {
    for (const auto storage : {VectorStorage::kF32, VectorStorage::kF16, VectorStorage::kInt8}) {
      spaces.push_back({.dimensions = dimensions, .similarity = similarity, .storage = storage});
    }
  }
  return spaces;
}

std::vector<Isa> RunnableIsas() {
  std::vector<Isa> isas = {Isa::kPlain};
  for (const Isa isa : kFastIsas) {
    if (Supports(isa)) isas.push_back(isa);
  }
  return isas;
}

Vectors RandomVectors(Random& random, int num, int dimensions) {
  Vectors vectors(static_cast<size_t>(num), std::vector<float>(static_cast<size_t>(dimensions)));
  for (auto& vector : vectors) {
    for (float& x : vector) x = static_cast<float>(random.Normal());
  }
  return vectors;
}

Vectors SurfaceVectors(Random& random, int num, int dimensions, int surface_dimensions) {
  Random fixed(99);
  const Vectors centres = RandomVectors(fixed, 40, surface_dimensions);
  const Vectors lift = RandomVectors(fixed, dimensions, surface_dimensions);
  Vectors vectors(static_cast<size_t>(num), std::vector<float>(static_cast<size_t>(dimensions)));
  for (auto& vector : vectors) {
    std::vector<float> at = centres[random.Below(centres.size())];
    for (float& x : at) x = 0.7F * (x + static_cast<float>(random.Normal()));
    for (size_t i = 0; i < vector.size(); ++i) {
      float sum = 0;
      for (size_t j = 0; j < at.size(); ++j) sum += lift[i][j] * at[j] / static_cast<float>(surface_dimensions);
      vector[i] = sum / (1 + std::fabs(sum)) + 0.02F * static_cast<float>(random.Normal());
    }
  }
  return vectors;
}

TestSegment::TestSegment(const VectorSpace& space, const Vectors& vectors, const VectorBuildOptions& options) {
  VectorSegmentBuilder builder(space);
  for (size_t i = 0; i < vectors.size(); ++i) CHECK(builder.Add(static_cast<uint32_t>(i), vectors[i]).ok());
  bytes_ = builder.Build(static_cast<uint32_t>(vectors.size()), options);
}

VectorSegment TestSegment::Open(Isa isa) const {
  auto segment = VectorSegment::Open(bytes_, isa);
  CHECK_MSG(segment.ok(), segment.ok() ? "" : segment.error().Message());
  return std::move(segment).value();
}

std::vector<VectorHit> BruteForce(const VectorSegment& segment, std::span<const float> query, const Bitmap* allowed,
                                  int k) {
  std::vector<std::pair<double, uint32_t>> all;
  const std::vector<float> prepared = segment.space().PreparedQuery(query);
  for (uint32_t id = 0; id < segment.num_records(); ++id) {
    if (allowed != nullptr && !allowed->Has(id)) continue;
    const auto vector = segment.VectorOf(id);
    if (!vector) continue;
    double score = 0;
    for (size_t i = 0; i < prepared.size(); ++i) {
      const double x = prepared[i];
      const double y = (*vector)[i];
      score += segment.space().similarity == Similarity::kL2 ? -(x - y) * (x - y) : x * y;
    }
    all.emplace_back(-score, id);
  }
  std::sort(all.begin(), all.end());
  all.resize(std::min(all.size(), static_cast<size_t>(k)));
  std::vector<VectorHit> hits;
  for (const auto& [negated, id] : all) hits.push_back({id, static_cast<float>(-negated)});
  return hits;
}

}  // namespace atelier

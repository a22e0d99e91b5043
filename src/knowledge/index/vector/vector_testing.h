// What tests of vectors share: seeded vectors, segments of them, and the slow and simple search.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/bitmap.h"
#include "base/random.h"
#include "compute/kernel/isa.h"
#include "knowledge/index/vector/vector_segment.h"
#include "knowledge/index/vector/vector_segment_builder.h"

namespace atelier {

using Vectors = std::vector<std::vector<float>>;

// The three similarities in the three storages.
std::vector<VectorSpace> AllSpaces(int32_t dimensions);
// Those that this processor has.
std::vector<Isa> RunnableIsas();
// Normal in each dimension.
Vectors RandomVectors(Random& random, int num, int dimensions);
// Near a curved surface of fewer dimensions, in 40 loose clusters, as embeddings are. The surface is the same for all.
Vectors SurfaceVectors(Random& random, int num, int dimensions, int surface_dimensions);

// A segment of vectors, record i the i-th.
class TestSegment {
 public:
  TestSegment(const VectorSpace& space, const Vectors& vectors, const VectorBuildOptions& options = {});
  VectorSegment Open(Isa isa = BestIsa()) const;
  const std::vector<std::byte>& bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

// The best k of the allowed stored vectors by definition, in double.
std::vector<VectorHit> BruteForce(const VectorSegment& segment, std::span<const float> query, const Bitmap* allowed,
                                  int k);

}  // namespace atelier

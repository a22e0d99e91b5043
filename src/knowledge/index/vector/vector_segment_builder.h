// Makes the bytes of a vector segment: of new vectors, of those of older segments, or of both.
//
// The same vectors, ids, options and order of calls give the same bytes, whatever the number of threads.
// COST of Build: a small segment is a copy of its vectors. A large one is trained (axes, partitions, calibration)
// unless most of its vectors come from one older segment, whose training then serves on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "knowledge/index/vector/vector_segment.h"
#include "knowledge/index/vector/vector_space.h"

namespace atelier {

struct VectorBuildOptions {
  int num_threads = 1;
  uint64_t seed = 1;
};

class VectorSegmentBuilder {
 public:
  static constexpr uint32_t kNotKept = 0xffffffffU;

  explicit VectorSegmentBuilder(VectorSpace space);

  // The vector of local record `id`. Errors: those of VectorSpace::Check. REQUIRES: `id` has none yet.
  Result<void> Add(uint32_t id, std::span<const float> vector);
  // The vectors of an older segment: that of its record i becomes that of new_ids[i], unless that is kNotKept.
  // Their rows are copied as they are: VectorSegment::Verify first, or damage travels on under a good checksum.
  // REQUIRES: the same space, new_ids.size() == segment.num_records(), and that the segment outlives the builder.
  void AddSegment(const VectorSegment& segment, std::span<const uint32_t> new_ids);

  uint32_t num_vectors() const { return static_cast<uint32_t>(sources_.size()); }

  // REQUIRES: every id is below num_records, none given twice.
  std::vector<std::byte> Build(uint32_t num_records, const VectorBuildOptions& options = {}) const;

 private:
  friend class SegmentMaker;
  struct Source {
    uint32_t id = 0;
    const std::byte* row = nullptr;  // in own_rows_ or in an older segment
    uint32_t segment = 0;            // 0: added; else number of the older segment, from 1
    uint32_t partition = 0;          // in that segment; kNoPartition where it is not coded
  };

  VectorSpace space_;
  std::vector<Source> sources_;
  std::vector<const VectorSegment*> segments_;
  std::vector<std::unique_ptr<std::byte[]>> own_rows_;  // kRowsAPiece rows each
  size_t num_own_rows_ = 0;
};

}  // namespace atelier

// The coded vectors of a segment as a search sees them, and the search for candidates among them: those whose codes say
// that they may be among the best.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "base/bitmap.h"
#include "knowledge/index/vector/calibration.h"
#include "knowledge/index/vector/code_frame.h"
#include "knowledge/index/vector/vector_kernels.h"

namespace atelier {

// Arrays as in vector_format.h. Positions here are coded positions.
struct CodedVectors {
  CodeFrame frame;
  uint32_t num = 0;
  uint32_t num_plain = 0;  // position = num_plain + coded position
  std::span<const std::byte> codes;
  std::span<const float> factors, addends;
  std::span<const uint32_t> ids;        // [num]
  std::span<const uint32_t> positions;  // [num_records]
  std::span<const uint32_t> firsts;
  size_t num_partition_axes = 0;
  std::span<const float> centroids, tops, radii;
  Calibration calibration;

  size_t num_partitions() const { return firsts.empty() ? 0 : firsts.size() - 1; }
};

// One search. Every scan adds to the same candidates.
//
// A vector's true product lies within its margin of the estimate, but for a share of misses that calibration knows. So
// the top_k-th best of (estimate - margin) is a score that top_k vectors reach, and what cannot reach it is dropped on
// the way. It is a loose one: among many vectors of nearly the same score, as a filter may leave them, the best
// estimates are those that err most to the good. Where the scan has ended, the caller scores the best exactly, and only
// what may reach the worst of those is scored after them.
class CandidateFinder {
 public:
  // `vector` is prepared. Scores below at_least are not wanted.   REQUIRES: top_k >= 1.
  CandidateFinder(const CodedVectors& coded, const ScanKernels& kernels, std::span<const float> vector, size_t top_k,
                  double recall, float at_least);

  void ScanAll();
  // Of the ids in `allowed`, which are few: their blocks alone.
  void ScanFew(const Bitmap& allowed);
  // The same over all blocks.
  void ScanAll(const Bitmap& allowed);
  // Partitions that may hold a hit: first some of the most promising, then the others in their order, so that many
  // searches can go through them together. `allowed` may be null.
  void ScanBestPartitions(const Bitmap* allowed);
  void ScanOtherPartitions(const Bitmap* allowed);
  // One of the others by itself: whether it may hold a hit, and its scan.
  bool Promises(size_t partition) const { return bounds_[partition] >= worst_ && bounds_[partition] > kScanned; }
  void ScanPartition(size_t partition, const Bitmap* allowed);

  // Positions (not coded ones), rising, of the top_k best estimates, and of those others that may score `least` or
  // more. REQUIRES: TakeBest is called once and before TakeOthers.
  std::vector<uint32_t> TakeBest();
  std::vector<uint32_t> TakeOthers(float least);
  size_t num_scanned() const { return num_scanned_; }

  // What a calibration asks. The estimates of all, by coded position:
  std::vector<float> AllEstimates();
  const CodeQuery& query() const { return query_; }
  // What each partition may hold at most: top + p * centroid + reach * |p| * radius.   [num_partitions rounded up to
  // 16]
  std::vector<float> PartitionBounds(float reach) const;
  // |p| on the axes of the partitions.
  float PartitionLength() const;

 private:
  void ScanInRuns(const Bitmap* allowed);
  void ScanRange(uint32_t first, uint32_t last, const uint16_t* masks);
  void MasksOf(const Bitmap& allowed, uint32_t first, uint32_t last);
  void Prefetch(size_t partition) const;
  Candidate* Room(size_t num_positions);
  void Keep(size_t num_found);
  void DropHopeless(float least);
  float EstimateOf(float score) const;
  std::vector<uint32_t> PositionsOf(size_t begin, size_t end) const;

  const CodedVectors& coded_;
  const ScanKernels& kernels_;
  CodeQuery query_;
  CodeScan scan_;
  size_t top_k_;
  double recall_;
  float floor_ = 0;                   // what the caller wants at least, as an estimate
  float worst_ = 0;                   // of the best top_k estimates, or floor_: what partitions are held against
  float sure_ = 0;                    // what top_k vectors reach, or floor_: what single vectors are held against
  std::vector<float> best_, lowest_;  // heaps of the best estimates and of the best (estimate - margin), worst on top
  static constexpr float kScanned = -std::numeric_limits<float>::infinity();
  std::vector<float> bounds_;     // what each partition may hold at most; kScanned where that is done
  std::vector<Candidate> found_;  // the first num_found_ count
  size_t num_found_ = 0;
  size_t num_best_ = 0;
  std::vector<uint16_t> masks_;
  size_t num_scanned_ = 0;
};

}  // namespace atelier

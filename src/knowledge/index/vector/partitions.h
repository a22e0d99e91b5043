// Partitions of points by k-means: trained from nothing, or taken over from an older segment and mended.
//
// Points are the leading coordinates of vectors (code_frame.h). Training goes through groups: about
// sqrt(k) of them, each divided on its own, then every point to the nearest partition of its nearest groups, so that it
// costs n * sqrt(k) and not n * k. Partitions that grow over a multiple of the wanted size are split in two and those
// that shrink under a fraction of it are dissolved, their points going to the nearest others
// [SPFresh's LIRE, arXiv:2410.14452]; equal points cannot be split and stay together.
//
// The same points and seed give the same partitions, whatever the number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "knowledge/index/vector/vector_kernels.h"

namespace atelier {

struct Points {
  std::span<const float> all;  // [num][stride], of which num_axes count
  size_t num_axes = 0;
  size_t stride = 0;
  size_t num() const { return all.size() / stride; }
  std::span<const float> operator[](size_t i) const { return all.subspan(i * stride, num_axes); }
};

struct Partitions {
  std::vector<float> centroids;  // [k][num_axes]
  std::vector<uint32_t> of;      // [num]: the partition of each point
};

struct PartitionOptions {
  size_t wanted_size = 48;
  int num_threads = 1;
  uint64_t seed = 1;
};

// The nearest of a set of centroids, many points at a time.
class Nearest {
 public:
  Nearest(std::span<const float> centroids, size_t num_axes, const ScanKernels& kernels);
  // Half the squared distance, negated, but for a term that is the same for all; best first in `scores`' own order.
  // scores has room for num() rounded up to 16.
  void Scores(std::span<const float> point, float* scores) const;
  uint32_t Of(std::span<const float> point, std::vector<float>& scratch) const;
  size_t num() const { return num_; }
  size_t num_padded() const { return starts_.size(); }

 private:
  size_t num_, num_axes_;
  std::vector<float> blocks_;  // 16 centroids side by side
  std::vector<float> starts_;  // -|c|^2 / 2; beyond the last, -infinity
  const ScanKernels& kernels_;
};

Partitions TrainPartitions(const Points& points, const PartitionOptions& options, const ScanKernels& kernels);

inline constexpr uint32_t kNoPartition = 0xffffffffU;
// Partitions with the given centroids, whose points of before keep theirs (`of`) and whose new points (kNoPartition) go
// to the nearest; then mended.
Partitions AdoptPartitions(std::vector<float> centroids, std::vector<uint32_t> of, const Points& points,
                           const PartitionOptions& options, const ScanKernels& kernels);

}  // namespace atelier

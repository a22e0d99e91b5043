#include "knowledge/index/vector/partitions.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/check.h"
#include "base/random.h"
#include "knowledge/index/vector/parallel.h"

namespace atelier {

namespace {

constexpr size_t kLanesAcross = 16;
constexpr int kRounds = 8;            // of Lloyd's: later ones move few points
constexpr size_t kSamplesEach = 64;   // points that a centroid is trained from
constexpr size_t kGroupsTried = 8;    // whose partitions a point is compared with
constexpr size_t kSplitAbove = 3;     // times the wanted size
constexpr size_t kDissolveBelow = 6;  // as a fraction of it
constexpr size_t kPiece = 256;        // points that a thread takes at once

using Indices = std::vector<uint32_t>;

// `num` different indices out of those given, in a random order.
Indices Sampled(Indices from, size_t num, Random& random) {
  num = std::min(num, from.size());
  for (size_t i = 0; i < num; ++i) std::swap(from[i], from[i + random.Below(from.size() - i)]);
  from.resize(num);
  return from;
}

// Sums and counts of the points of each centroid; those without points keep their place.
void MoveToMeans(const Points& points, const Indices& members, const Indices& of, std::vector<float>& centroids) {
  const size_t n = points.num_axes;
  std::vector<double> sums(centroids.size(), 0);
  std::vector<size_t> counts(centroids.size() / n, 0);
  for (size_t i = 0; i < members.size(); ++i) {
    const std::span<const float> point = points[members[i]];
    for (size_t d = 0; d < n; ++d) sums[of[i] * n + d] += point[d];
    ++counts[of[i]];
  }
  for (size_t c = 0; c < counts.size(); ++c) {
    if (counts[c] == 0) continue;
    for (size_t d = 0; d < n; ++d) {
      centroids[c * n + d] = static_cast<float>(sums[c * n + d] / static_cast<double>(counts[c]));
    }
  }
}

Indices NearestOf(const Points& points, const Indices& members, const Nearest& nearest, int num_threads) {
  Indices of(members.size());
  InPieces(num_threads, members.size(), kPiece, [&](size_t begin, size_t end) {
    std::vector<float> scratch;
    for (size_t i = begin; i < end; ++i) of[i] = nearest.Of(points[members[i]], scratch);
  });
  return of;
}

// Lloyd's k-means of some of the points.
std::vector<float> KMeans(const Points& points, const Indices& members, size_t k, Random& random, int num_threads,
                          const ScanKernels& kernels) {
  const size_t n = points.num_axes;
  const Indices sample = Sampled(members, k * kSamplesEach, random);
  k = std::min(k, sample.size());
  std::vector<float> centroids;
  for (size_t c = 0; c < k; ++c) centroids.insert(centroids.end(), points[sample[c]].begin(), points[sample[c]].end());
  for (int round = 0; round < kRounds && k > 1; ++round) {
    const Nearest nearest(centroids, n, kernels);
    MoveToMeans(points, sample, NearestOf(points, sample, nearest, num_threads), centroids);
  }
  return centroids;
}

std::vector<Indices> MembersOf(const Indices& of, size_t k) {
  std::vector<Indices> members(k);
  for (size_t i = 0; i < of.size(); ++i) members[of[i]].push_back(static_cast<uint32_t>(i));
  return members;
}

// The centroids of groups divided each on its own, and where those of each group begin.
struct Divided {
  std::vector<float> centroids;
  std::vector<size_t> first;  // [groups + 1]
};

Divided Divide(const Points& points, const std::vector<Indices>& groups, const PartitionOptions& options,
               const ScanKernels& kernels) {
  std::vector<std::vector<float>> parts(groups.size());
  InPieces(options.num_threads, groups.size(), 1, [&](size_t g, size_t) {
    Random random(options.seed, g + 1);
    const size_t k = std::max<size_t>(1, (groups[g].size() + options.wanted_size / 2) / options.wanted_size);
    if (!groups[g].empty()) parts[g] = KMeans(points, groups[g], k, random, 1, kernels);
  });
  Divided divided;
  for (const auto& part : parts) {
    divided.first.push_back(divided.centroids.size() / points.num_axes);
    divided.centroids.insert(divided.centroids.end(), part.begin(), part.end());
  }
  divided.first.push_back(divided.centroids.size() / points.num_axes);
  return divided;
}

// Every point to the nearest partition of its nearest groups.
Indices AssignThroughGroups(const Points& points, const Nearest& groups, const Divided& divided, int num_threads,
                            const ScanKernels& kernels) {
  const size_t n = points.num_axes;
  std::vector<Nearest> parts;
  for (size_t g = 0; g + 1 < divided.first.size(); ++g) {
    const size_t num = divided.first[g + 1] - divided.first[g];
    parts.emplace_back(std::span(divided.centroids).subspan(divided.first[g] * n, num * n), n, kernels);
  }
  Indices of(points.num());
  InPieces(num_threads, points.num(), kPiece, [&](size_t begin, size_t end) {
    std::vector<float> scores(groups.num_padded());
    std::vector<float> part_scores;
    Indices order(groups.num());
    const size_t tried = std::min(kGroupsTried, order.size());
    for (size_t i = begin; i < end; ++i) {
      groups.Scores(points[i], scores.data());
      std::iota(order.begin(), order.end(), 0U);
      std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(tried), order.end(),
                        [&](uint32_t a, uint32_t b) { return scores[a] != scores[b] ? scores[a] > scores[b] : a < b; });
      float best = -std::numeric_limits<float>::infinity();
      of[i] = kNoPartition;
      for (size_t t = 0; t < tried; ++t) {
        const Nearest& part = parts[order[t]];
        part_scores.resize(part.num_padded());
        part.Scores(points[i], part_scores.data());
        for (size_t c = 0; c < part.num(); ++c) {
          if (part_scores[c] > best || of[i] == kNoPartition) {
            best = part_scores[c];
            of[i] = static_cast<uint32_t>(divided.first[order[t]] + c);
          }
        }
      }
    }
  });
  return of;
}

Indices AllOf(size_t num) {
  Indices all(num);
  std::iota(all.begin(), all.end(), 0U);
  return all;
}

// Splits what is too large and dissolves what is too small, until nothing is or nothing helps.
class Mender {
 public:
  Mender(Partitions& partitions, const Points& points, const PartitionOptions& options, const ScanKernels& kernels)
      : partitions_(partitions), points_(points), options_(options), kernels_(kernels) {}

  void Mend() {
    constexpr int kMaxRounds = 12;  // a split halves: enough for what has grown 4,096-fold
    for (int round = 0; round < kMaxRounds && SplitLarge(round); ++round) {
    }
    DissolveSmall();
  }

 private:
  size_t num() const { return partitions_.centroids.size() / points_.num_axes; }
  std::span<float> Centroid(size_t c) {
    return std::span(partitions_.centroids).subspan(c * points_.num_axes, points_.num_axes);
  }

  bool SplitLarge(int round) {
    const std::vector<Indices> members = MembersOf(partitions_.of, num());
    bool any = false;
    for (size_t c = 0; c < members.size(); ++c) {
      if (members[c].size() <= kSplitAbove * options_.wanted_size) continue;
      Random random(options_.seed, (static_cast<uint64_t>(round) + 1) << 32 | c);
      const std::vector<float> two = KMeans(points_, members[c], 2, random, options_.num_threads, kernels_);
      const Nearest nearest(two, points_.num_axes, kernels_);
      const Indices side = NearestOf(points_, members[c], nearest, options_.num_threads);
      const auto num_right = static_cast<size_t>(std::count(side.begin(), side.end(), 1U));
      if (num_right == 0 || num_right == side.size()) continue;  // equal points
      const auto right = static_cast<uint32_t>(num());
      const std::span<const float> both(two);
      std::copy_n(both.begin(), points_.num_axes, Centroid(c).begin());
      partitions_.centroids.insert(partitions_.centroids.end(),
                                   both.begin() + static_cast<std::ptrdiff_t>(points_.num_axes), both.end());
      for (size_t i = 0; i < side.size(); ++i) {
        if (side[i] == 1) partitions_.of[members[c][i]] = right;
      }
      any = true;
    }
    return any;
  }

  void DissolveSmall() {
    const std::vector<Indices> members = MembersOf(partitions_.of, num());
    std::vector<float> kept;
    Indices homeless;
    Indices new_number(num(), kNoPartition);
    for (size_t c = 0; c < members.size(); ++c) {
      if (members[c].empty() || (members[c].size() < options_.wanted_size / kDissolveBelow && num() > 1)) {
        homeless.insert(homeless.end(), members[c].begin(), members[c].end());
        continue;
      }
      new_number[c] = static_cast<uint32_t>(kept.size() / points_.num_axes);
      kept.insert(kept.end(), Centroid(c).begin(), Centroid(c).end());
    }
    if (kept.empty()) return;  // all are small: there is nowhere to go
    partitions_.centroids = std::move(kept);
    for (uint32_t& of : partitions_.of) of = new_number[of];
    const Nearest nearest(partitions_.centroids, points_.num_axes, kernels_);
    const Indices homes = NearestOf(points_, homeless, nearest, options_.num_threads);
    for (size_t i = 0; i < homeless.size(); ++i) partitions_.of[homeless[i]] = homes[i];
    MoveToMeans(points_, AllOf(points_.num()), partitions_.of, partitions_.centroids);
  }

  Partitions& partitions_;
  const Points& points_;
  const PartitionOptions& options_;
  const ScanKernels& kernels_;
};

}  // namespace

Nearest::Nearest(std::span<const float> centroids, size_t num_axes, const ScanKernels& kernels)
    : num_(centroids.size() / num_axes), num_axes_(num_axes), kernels_(kernels) {
  const size_t padded = (num_ + kLanesAcross - 1) / kLanesAcross * kLanesAcross;
  blocks_.assign(padded * num_axes, 0.0F);
  starts_.assign(padded, -std::numeric_limits<float>::infinity());
  for (size_t c = 0; c < num_; ++c) {
    double square = 0;
    for (size_t d = 0; d < num_axes; ++d) {
      const float x = centroids[c * num_axes + d];
      square += static_cast<double>(x) * x;
      blocks_[(c / kLanesAcross * num_axes + d) * kLanesAcross + c % kLanesAcross] = x;
    }
    starts_[c] = static_cast<float>(-square / 2);
  }
}

void Nearest::Scores(std::span<const float> point, float* scores) const {
  kernels_.project(blocks_.data(), starts_.data(), point.data(), static_cast<int64_t>(starts_.size() / kLanesAcross),
                   static_cast<int64_t>(num_axes_), scores);
}

uint32_t Nearest::Of(std::span<const float> point, std::vector<float>& scratch) const {
  scratch.resize(num_padded());
  Scores(point, scratch.data());
  const auto best = std::max_element(scratch.begin(), scratch.begin() + static_cast<std::ptrdiff_t>(num_));
  return static_cast<uint32_t>(best - scratch.begin());
}

Partitions TrainPartitions(const Points& points, const PartitionOptions& options, const ScanKernels& kernels) {
  CHECK(points.num() > 0);
  const Indices all = AllOf(points.num());
  const double k = static_cast<double>(points.num()) / static_cast<double>(options.wanted_size);
  const size_t num_groups = std::max<size_t>(1, static_cast<size_t>(std::lround(std::sqrt(k))));
  Random random(options.seed);
  const std::vector<float> group_centroids = KMeans(points, all, num_groups, random, options.num_threads, kernels);
  const Nearest groups(group_centroids, points.num_axes, kernels);
  const Indices group_of = NearestOf(points, all, groups, options.num_threads);
  Divided divided = Divide(points, MembersOf(group_of, groups.num()), options, kernels);
  Partitions partitions;
  for (int round = 0; round < 2; ++round) {
    partitions.of = AssignThroughGroups(points, groups, divided, options.num_threads, kernels);
    MoveToMeans(points, all, partitions.of, divided.centroids);
  }
  partitions.centroids = std::move(divided.centroids);
  Mender(partitions, points, options, kernels).Mend();
  return partitions;
}

Partitions AdoptPartitions(std::vector<float> centroids, std::vector<uint32_t> of, const Points& points,
                           const PartitionOptions& options, const ScanKernels& kernels) {
  CHECK(of.size() == points.num() && !centroids.empty());
  Partitions partitions{std::move(centroids), std::move(of)};
  Indices homeless;
  for (size_t i = 0; i < partitions.of.size(); ++i) {
    if (partitions.of[i] == kNoPartition) homeless.push_back(static_cast<uint32_t>(i));
  }
  const Nearest nearest(partitions.centroids, points.num_axes, kernels);
  const Indices homes = NearestOf(points, homeless, nearest, options.num_threads);
  for (size_t i = 0; i < homeless.size(); ++i) partitions.of[homeless[i]] = homes[i];
  Mender(partitions, points, options, kernels).Mend();
  return partitions;
}

}  // namespace atelier

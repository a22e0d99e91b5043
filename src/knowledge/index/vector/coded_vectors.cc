#include "knowledge/index/vector/coded_vectors.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

#include "base/check.h"

namespace atelier {

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr uint32_t kRunPositions = 4096;  // scanned between two looks at the threshold
constexpr size_t kMaxFound = 16384;       // candidates kept before hopeless ones are dropped
constexpr size_t kBestPartitions = 24;    // scanned best first, until the threshold is near its final value
constexpr size_t kPartitionsAhead = 2;    // asked from memory while one is scanned
// Estimates are sums of floats: what rounding may take from the best one.
constexpr float kRounding = 1e-5F;

alignas(64) constexpr float kNoAddends[kBlockVectors] = {};

// Keeps the k largest, the least of them on top. NaN is never kept.
void PushBest(std::vector<float>& heap, size_t k, float value) {
  if (heap.size() == k) {
    if (!(value > heap.front())) return;
    std::pop_heap(heap.begin(), heap.end(), std::greater<>());
    heap.back() = value;
  } else if (std::isnan(value)) {
    return;
  } else {
    heap.push_back(value);
  }
  std::push_heap(heap.begin(), heap.end(), std::greater<>());
}

// The indices of the k largest values, largest first, equal ones by index. By insertion: of thousands of values few are
// among the best when they come, so that the test for it is foreseen, as those of a selection by parts are not.
std::vector<uint32_t> BestOf(std::span<const float> values, size_t k) {
  std::vector<uint32_t> best;
  best.reserve(k + 1);
  for (uint32_t i = 0; i < values.size(); ++i) {
    if (best.size() == k && !(values[i] > values[best.back()])) continue;
    best.push_back(i);
    for (size_t at = best.size() - 1; at > 0 && values[best[at]] > values[best[at - 1]]; --at) {
      std::swap(best[at], best[at - 1]);
    }
    if (best.size() > k) best.pop_back();
  }
  return best;
}

size_t BlocksOf(uint32_t first, uint32_t last) { return (last - 1) / kBlockVectors - first / kBlockVectors + 1; }

}  // namespace

CandidateFinder::CandidateFinder(const CodedVectors& coded, const ScanKernels& kernels, std::span<const float> vector,
                                 size_t top_k, double recall, float at_least)
    : coded_(coded), kernels_(kernels), query_(coded.frame, kernels, vector), top_k_(top_k), recall_(recall) {
  CHECK(top_k >= 1);
  const bool distances = !coded.addends.empty();
  scan_ = {.layout = coded.frame.layout,
           .block_bytes = coded.frame.layout.BlockBytes(),
           .codes = coded.codes.data(),
           .factors = coded.factors.data(),
           .addends = distances ? coded.addends.data() : kNoAddends,
           .addend_stride = distances ? kBlockVectors : 0,
           .weights = query_.weights.data(),
           .scale = query_.scale,
           .offset = query_.offset,
           .margin = query_.length * (coded.calibration.MarginFor(recall) + kRounding)};
  floor_ = EstimateOf(at_least);
  worst_ = sure_ = floor_;
}

// What the estimate of a vector with that score is at least, but for its own error.
float CandidateFinder::EstimateOf(float score) const {
  const auto estimate = static_cast<float>(static_cast<double>(score) - query_.constant);
  const auto rounding = static_cast<float>((std::fabs(score) + std::fabs(query_.constant)) * kRounding);
  return std::isfinite(estimate) ? estimate - rounding : -kInfinity;
}

Candidate* CandidateFinder::Room(size_t num_positions) {
  const size_t wanted = num_found_ + num_positions + 2 * kBlockVectors;
  if (found_.size() < wanted) found_.resize(std::max(wanted, found_.size() * 2));
  return found_.data() + num_found_;
}

void CandidateFinder::Keep(size_t num_new) {
  for (size_t i = num_found_; i < num_found_ + num_new; ++i) {
    Candidate& candidate = found_[i];
    if (std::isnan(candidate.estimate)) candidate.estimate = -kInfinity;  // of a damaged segment
    PushBest(best_, top_k_, candidate.estimate);
    PushBest(lowest_, top_k_, 2 * candidate.estimate - candidate.bound);
  }
  num_found_ += num_new;
  if (best_.size() == top_k_ && lowest_.size() == top_k_) {
    worst_ = std::max(floor_, best_.front());
    sure_ = std::max(floor_, lowest_.front());
  }
  if (num_found_ > kMaxFound) DropHopeless(sure_);
}

void CandidateFinder::DropHopeless(float least) {
  const auto end = std::remove_if(found_.begin(), found_.begin() + static_cast<std::ptrdiff_t>(num_found_),
                                  [&](const Candidate& candidate) { return !(candidate.bound >= least); });
  num_found_ = static_cast<size_t>(end - found_.begin());
}

void CandidateFinder::ScanRange(uint32_t first, uint32_t last, const uint16_t* masks) {
  if (first >= last) return;
  num_scanned_ += last - first;
  Keep(kernels_.scan_range(scan_, first, last, masks, sure_, Room(BlocksOf(first, last) * kBlockVectors)));
}

// masks_ of the blocks from first's on.
void CandidateFinder::MasksOf(const Bitmap& allowed, uint32_t first, uint32_t last) {
  const uint32_t first_block = first / kBlockVectors;
  masks_.resize(std::max(masks_.size(), BlocksOf(first, last)));
  for (size_t b = 0; b < BlocksOf(first, last); ++b) {
    const uint32_t begin = (first_block + static_cast<uint32_t>(b)) * kBlockVectors;
    const uint32_t num = std::min(kBlockVectors, coded_.num - begin);
    masks_[b] = kernels_.members(allowed.words().data(), &coded_.ids[begin], static_cast<int>(num));
  }
}

// Short runs first: until top_k are found, everything is a candidate.
void CandidateFinder::ScanAll() { ScanInRuns(nullptr); }
void CandidateFinder::ScanAll(const Bitmap& allowed) { ScanInRuns(&allowed); }

void CandidateFinder::ScanInRuns(const Bitmap* allowed) {
  uint32_t run = 4 * kBlockVectors;
  for (uint32_t first = 0; first < coded_.num; first += run, run = std::min(2 * run, kRunPositions)) {
    const uint32_t last = std::min(coded_.num, first + run);
    if (allowed != nullptr) MasksOf(*allowed, first, last);
    ScanRange(first, last, allowed != nullptr ? masks_.data() : nullptr);
  }
}

// Few among many: which words and blocks hold any is written down without asking, as no such branch could be foreseen.
void CandidateFinder::ScanFew(const Bitmap& allowed) {
  const std::vector<uint64_t>& words = allowed.words();
  std::vector<uint32_t> full(words.size());
  size_t num_full = 0;
  for (size_t i = 0; i < words.size(); ++i) {
    full[num_full] = static_cast<uint32_t>(i);
    num_full += words[i] != 0;
  }
  const size_t num_blocks = (coded_.num + kBlockVectors - 1) / kBlockVectors;
  std::vector<uint16_t> by_block(num_blocks, 0);
  for (size_t i = 0; i < num_full; ++i) {
    uint64_t word = words[full[i]];
    do {
      const uint32_t id = full[i] * 64 + static_cast<uint32_t>(std::countr_zero(word));
      const uint32_t position = coded_.positions[id] - coded_.num_plain;  // wraps round where it is none of ours
      if (position < coded_.num) {
        by_block[position / kBlockVectors] |= static_cast<uint16_t>(1U << position % kBlockVectors);
      }
      word &= word - 1;
    } while (word != 0);
  }
  std::vector<uint32_t> blocks(num_blocks);
  masks_.resize(std::max(masks_.size(), num_blocks));
  size_t num_chosen = 0;
  for (size_t b = 0; b < num_blocks; ++b) {
    blocks[num_chosen] = static_cast<uint32_t>(b), masks_[num_chosen] = by_block[b];
    num_chosen += by_block[b] != 0;
  }
  constexpr size_t kBlocksAtOnce = 64;
  for (size_t i = 0; i < num_chosen; i += kBlocksAtOnce) {
    const size_t num = std::min(kBlocksAtOnce, num_chosen - i);
    num_scanned_ += num * kBlockVectors;
    Keep(kernels_.scan_blocks(scan_, &blocks[i], &masks_[i], num, sure_, Room(num * kBlockVectors)));
  }
}

std::vector<float> CandidateFinder::AllEstimates() {
  std::vector<float> estimates(coded_.num, -kInfinity);
  for (uint32_t first = 0; first < coded_.num; first += kRunPositions) {
    const uint32_t last = std::min(coded_.num, first + kRunPositions);
    const size_t num = kernels_.scan_range(scan_, first, last, nullptr, -kInfinity, Room(last - first));
    for (size_t i = 0; i < num; ++i) {
      const float estimate = found_[i].estimate;
      estimates[found_[i].position] = std::isnan(estimate) ? -kInfinity : estimate;
    }
  }
  return estimates;
}

float CandidateFinder::PartitionLength() const {
  double square = 0;
  for (size_t i = 0; i < coded_.num_partition_axes; ++i) {
    square += static_cast<double>(query_.coordinates[i]) * query_.coordinates[i];
  }
  return static_cast<float>(std::sqrt(square));
}

std::vector<float> CandidateFinder::PartitionBounds(float reach) const {
  std::vector<float> bounds(coded_.tops.begin(), coded_.tops.end());
  kernels_.project(coded_.centroids.data(), bounds.data(), query_.coordinates.data(),
                   static_cast<int64_t>(bounds.size() / kBlockVectors), static_cast<int64_t>(coded_.num_partition_axes),
                   bounds.data());
  const float spread = reach * PartitionLength();
  for (size_t c = 0; c < bounds.size(); ++c) bounds[c] += spread * coded_.radii[c];
  return bounds;
}

void CandidateFinder::Prefetch(size_t partition) const {
  const size_t first = coded_.firsts[partition] / kBlockVectors;
  const size_t last = (coded_.firsts[partition + 1] + kBlockVectors - 1) / kBlockVectors;
  for (size_t at = first * scan_.block_bytes; at < last * scan_.block_bytes; at += 64) {
    __builtin_prefetch(scan_.codes + at);
  }
  for (size_t b = first; b < last; ++b) {
    __builtin_prefetch(scan_.factors + b * kBlockVectors);
    __builtin_prefetch(scan_.addends + b * scan_.addend_stride);
  }
}

void CandidateFinder::ScanPartition(size_t c, const Bitmap* allowed) {
  const uint32_t first = coded_.firsts[c];
  const uint32_t last = coded_.firsts[c + 1];
  if (first == last) return;
  if (allowed != nullptr) MasksOf(*allowed, first, last);
  ScanRange(first, last, allowed != nullptr ? masks_.data() : nullptr);
}

void CandidateFinder::ScanBestPartitions(const Bitmap* allowed) {
  bounds_ = PartitionBounds(coded_.calibration.ReachFor(recall_));
  for (float& bound : bounds_) bound = std::isnan(bound) ? kScanned : bound;
  const std::vector<uint32_t> order = BestOf(std::span(bounds_).first(coded_.num_partitions()), kBestPartitions);
  for (size_t i = 0; i < order.size(); ++i) {
    if (i + kPartitionsAhead < order.size()) Prefetch(order[i + kPartitionsAhead]);
    const uint32_t c = order[i];
    if (bounds_[c] < worst_) break;
    ScanPartition(c, allowed);
    bounds_[c] = kScanned;
  }
}

void CandidateFinder::ScanOtherPartitions(const Bitmap* allowed) {
  const size_t num = coded_.num_partitions();
  size_t ahead = 0;  // the first that has not been asked for
  size_t num_ahead = 0;
  for (size_t c = 0; c < num; ++c) {
    if (!Promises(c)) continue;
    for (ahead = std::max(ahead, c + 1); num_ahead < kPartitionsAhead && ahead < num; ++ahead) {
      if (!Promises(ahead)) continue;
      Prefetch(ahead);
      ++num_ahead;
    }
    num_ahead -= num_ahead > 0;
    ScanPartition(c, allowed);
  }
}

std::vector<uint32_t> CandidateFinder::PositionsOf(size_t begin, size_t end) const {
  std::vector<uint32_t> positions(end - begin);
  for (size_t i = begin; i < end; ++i) positions[i - begin] = coded_.num_plain + found_[i].position;
  std::sort(positions.begin(), positions.end());
  return positions;
}

std::vector<uint32_t> CandidateFinder::TakeBest() {
  DropHopeless(sure_);
  num_best_ = std::min(top_k_, num_found_);
  const auto begin = found_.begin();
  std::nth_element(begin, begin + static_cast<std::ptrdiff_t>(num_best_),
                   begin + static_cast<std::ptrdiff_t>(num_found_), [](const Candidate& a, const Candidate& b) {
                     return a.estimate != b.estimate ? a.estimate > b.estimate : a.position < b.position;
                   });
  return PositionsOf(0, num_best_);
}

std::vector<uint32_t> CandidateFinder::TakeOthers(float least) {
  const float estimate = EstimateOf(least);
  size_t end = num_best_;
  for (size_t i = num_best_; i < num_found_; ++i) {
    if (found_[i].bound >= estimate) found_[end++] = found_[i];
  }
  return PositionsOf(num_best_, end);
}

}  // namespace atelier

// Measures what recall takes in a segment that has just been built (calibration.h).
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/random.h"
#include "knowledge/index/vector/parallel.h"
#include "knowledge/index/vector/vector_segment.h"

namespace atelier {

namespace {

constexpr size_t kNumQueries = 256;
constexpr size_t kNearest = 10;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// What one stored vector, as a query, says.
struct Observation {
  std::vector<float> reaches, margins;  // one for each of its true nearest
  float worst[Calibration::kDepths];    // the estimate of rank 10, 100, ...; -infinity where there are fewer
  std::vector<float> bounds;            // of partitions, without their radius
  float length = 0;                     // on the axes of the partitions
};

// The value that a share 1 - 2^-column of the sorted values does not exceed.
float Quantile(const std::vector<float>& sorted, int column) {
  if (sorted.empty()) return 0;
  if (column == Calibration::kColumns - 1) return sorted.back();
  const double share = 1 - std::exp2(-column);
  const double at = std::ceil(share * static_cast<double>(sorted.size())) - 1;
  return sorted[static_cast<size_t>(std::clamp(at, 0.0, static_cast<double>(sorted.size() - 1)))];
}

}  // namespace

class Calibrator {
 public:
  Calibrator(const CodedVectors& coded, const ScanKernels& kernels) : coded_(coded), kernels_(kernels) {
    partition_of_.resize(coded.num);
    for (uint32_t c = 0; c < coded.num_partitions(); ++c) {
      for (uint32_t i = coded.firsts[c]; i < coded.firsts[c + 1]; ++i) partition_of_[i] = c;
    }
  }

  // `self` is the coded position of the query, left out. `score` gives the exact scores of positions.
  template <class Score>
  Observation Observe(std::span<const float> query, uint32_t self, const Score& score) const {
    CandidateFinder finder(coded_, kernels_, query, coded_.num, 1, -kInfinity);
    std::vector<float> estimates = finder.AllEstimates();
    estimates[self] = -kInfinity;
    Observation seen;
    seen.bounds = finder.PartitionBounds(0);
    seen.length = finder.PartitionLength();
    std::vector<uint32_t> order(coded_.num);
    for (uint32_t i = 0; i < coded_.num; ++i) order[i] = i;
    const auto better = [&](uint32_t a, uint32_t b) {
      return estimates[a] != estimates[b] ? estimates[a] > estimates[b] : a < b;
    };
    size_t depth = kNearest;
    auto end = order.end();
    std::fill(std::begin(seen.worst), std::end(seen.worst), -kInfinity);
    size_t depths[Calibration::kDepths];
    for (int d = 0; d < Calibration::kDepths; ++d, depth *= 10) depths[d] = depth;
    for (int d = Calibration::kDepths - 1; d >= 0; --d) {  // each within what the deeper one left in front
      if (depths[d] >= coded_.num) continue;
      const auto nth = order.begin() + static_cast<std::ptrdiff_t>(depths[d] - 1);
      std::nth_element(order.begin(), nth, end, better);
      seen.worst[d] = estimates[*nth];
      end = nth;
    }
    NoteNearest(finder, estimates, self, score, seen);
    return seen;
  }

 private:
  template <class Score>
  void NoteNearest(const CandidateFinder& finder, const std::vector<float>& estimates, uint32_t self,
                   const Score& score, Observation& seen) const {
    // The true nearest are looked for among many more candidates than a search would take.
    const size_t num_looked = std::min<size_t>(coded_.num, std::max<size_t>(300, coded_.num / 200));
    std::vector<uint32_t> order(coded_.num);
    for (uint32_t i = 0; i < coded_.num; ++i) order[i] = i;
    std::nth_element(
        order.begin(), order.begin() + static_cast<std::ptrdiff_t>(num_looked - 1), order.end(),
        [&](uint32_t a, uint32_t b) { return estimates[a] != estimates[b] ? estimates[a] > estimates[b] : a < b; });
    order.resize(num_looked);
    std::sort(order.begin(), order.end());
    std::vector<uint32_t> positions;
    for (const uint32_t i : order) positions.push_back(coded_.num_plain + i);
    std::vector<float> scores = score(positions);
    for (float& x : scores) x = std::isnan(x) ? -kInfinity : x;  // of a damaged segment's rows
    std::vector<size_t> ranked(order.size());
    for (size_t i = 0; i < ranked.size(); ++i) ranked[i] = i;
    std::sort(ranked.begin(), ranked.end(),
              [&](size_t a, size_t b) { return scores[a] != scores[b] ? scores[a] > scores[b] : a < b; });
    size_t num_noted = 0;
    for (const size_t r : ranked) {
      const uint32_t i = order[r];
      if (i == self) continue;
      if (++num_noted > kNearest) break;
      const uint32_t c = partition_of_[i];
      const float reach = (seen.worst[0] - seen.bounds[c]) / (seen.length * coded_.radii[c]);
      const auto product = static_cast<float>(scores[r] - finder.query().constant);
      const float margin = (product - estimates[i]) / (finder.query().length * coded_.factors[i]);
      if (std::isfinite(reach)) seen.reaches.push_back(reach);
      if (std::isfinite(margin)) seen.margins.push_back(margin);
    }
  }

  const CodedVectors& coded_;
  const ScanKernels& kernels_;
  std::vector<uint32_t> partition_of_;
};

Calibration VectorSegment::Calibrate(int num_threads, uint64_t seed) const {
  const size_t num_queries = std::min<size_t>(kNumQueries, coded_.num);
  std::vector<uint32_t> queries;
  Random random(seed);
  for (size_t i = 0; i < num_queries; ++i) queries.push_back(static_cast<uint32_t>(random.Below(coded_.num)));
  std::vector<Observation> seen(num_queries);
  const Calibrator calibrator(coded_, *kernels_);
  InPieces(num_threads, num_queries, 1, [&](size_t i, size_t) {
    std::vector<float> vector(static_cast<size_t>(space_.dimensions));
    space_.Decode(Row(header_.num_plain + queries[i]), vector);
    const std::vector<float> prepared = space_.PreparedQuery(vector);
    seen[i] = calibrator.Observe(prepared, queries[i],
                                 [&](const std::vector<uint32_t>& positions) { return Scores(prepared, positions); });
  });
  std::vector<float> reaches, margins;
  for (const Observation& one : seen) {
    reaches.insert(reaches.end(), one.reaches.begin(), one.reaches.end());
    margins.insert(margins.end(), one.margins.begin(), one.margins.end());
  }
  std::sort(reaches.begin(), reaches.end());
  std::sort(margins.begin(), margins.end());
  Calibration calibration;
  for (int column = 0; column < Calibration::kColumns; ++column) {
    calibration.reach[column] = Quantile(reaches, column);
    calibration.margin[column] = Quantile(margins, column);
    for (const Observation& one : seen) {
      for (int d = 0; d < Calibration::kDepths; ++d) {
        size_t scanned = 0;
        for (size_t c = 0; c < coded_.num_partitions(); ++c) {
          const float bound = one.bounds[c] + calibration.reach[column] * one.length * coded_.radii[c];
          if (bound >= one.worst[d]) scanned += coded_.firsts[c + 1] - coded_.firsts[c];
        }
        calibration.scanned[d][column] +=
            static_cast<float>(static_cast<double>(scanned) / coded_.num / static_cast<double>(num_queries));
      }
    }
  }
  return calibration;
}

}  // namespace atelier

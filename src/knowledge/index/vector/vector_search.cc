// A search of one segment: which plan, candidates by their codes, then the stored vectors themselves.
#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.h"
#include "knowledge/index/vector/vector_segment.h"

namespace atelier {

namespace {

bool Before(const VectorHit& a, const VectorHit& b) { return a.score != b.score ? a.score > b.score : a.id < b.id; }

// Hits of rows scored, the best top_k at least of `least`.
class HitList {
 public:
  HitList(size_t top_k, float least) : top_k_(top_k), least_(least) {}

  void Add(std::span<const uint32_t> positions, std::span<const float> scores, std::span<const uint32_t> ids) {
    for (size_t i = 0; i < positions.size(); ++i) {
      if (scores[i] >= least_) hits_.push_back({ids[positions[i]], scores[i]});
    }
    num_rows_ += positions.size();
  }
  // What a further hit must score: that of the worst of the best top_k, once there are so many.
  float Least() {
    if (hits_.size() < top_k_) return least_;
    const auto nth = hits_.begin() + static_cast<std::ptrdiff_t>(top_k_ - 1);
    std::nth_element(hits_.begin(), nth, hits_.end(), Before);
    return nth->score;
  }
  std::vector<VectorHit> Take() && {
    const size_t kept = std::min(hits_.size(), top_k_);
    std::partial_sort(hits_.begin(), hits_.begin() + static_cast<std::ptrdiff_t>(kept), hits_.end(), Before);
    hits_.resize(kept);
    return std::move(hits_);
  }
  size_t num_rows() const { return num_rows_; }

 private:
  size_t top_k_;
  float least_;
  std::vector<VectorHit> hits_;
  size_t num_rows_ = 0;
};

// Nanoseconds on one core of 2.6 GHz with AVX-512; only their ratios matter. Whether they choose well is measured by
// vector_bench with each plan named (docs/performance.md).
constexpr double kRowNs = 25, kRowByteNs = 0.12;     // a stored vector somewhere in memory
constexpr double kBlockNs = 5, kBlockByteNs = 0.05;  // sixteen codes in a row
constexpr double kFarBlockNs = 8;                    // more where blocks lie apart
constexpr double kAllowedNs = 3;                     // finding the position of an id
constexpr double kMaskNs = 6;                        // asking a bitmap for sixteen ids
constexpr double kPartitionNs = 25;                  // going to a partition
constexpr double kCentroidAxisNs = 0.012;            // an axis of a centroid
constexpr double kQueryAxisNs = 0.03;                // an axis and dimension of the query's own coordinates

}  // namespace

VectorPlan VectorSegment::PlanOf(const VectorQuery& query, size_t num_allowed) const {
  if (coded_.num == 0 || num_allowed <= static_cast<size_t>(query.top_k)) return VectorPlan::kExact;
  if (query.plan != VectorPlan::kAuto) return query.plan;
  const double allowed = static_cast<double>(num_allowed);
  const double share = allowed / static_cast<double>(num_vectors());
  const double blocks = static_cast<double>(header_.num_blocks());
  const double row = kRowNs + kRowByteNs * static_cast<double>(space_.RowBytes());
  const double block = kBlockNs + kBlockByteNs * static_cast<double>(coded_.frame.layout.BlockBytes());
  const double mask = query.allowed != nullptr ? kMaskNs : 0;
  const double own = kQueryAxisNs * coded_.frame.NumAxes() * space_.dimensions;
  const double exact = allowed * row;
  const double few = allowed * kAllowedNs + std::min(allowed, blocks) * (block + kFarBlockNs);
  const double codes = own + (query.allowed != nullptr ? std::min(few, blocks * (block + mask)) : blocks * block);
  if (query.recall >= 1) return exact < codes ? VectorPlan::kExact : VectorPlan::kCodes;
  const double scanned = coded_.calibration.ScannedFor(query.recall, query.top_k, share);
  const double num_partitions = static_cast<double>(coded_.num_partitions());
  const double partitions = own + num_partitions * kCentroidAxisNs * static_cast<double>(coded_.num_partition_axes) +
                            scanned * (num_partitions * (kPartitionNs + block + mask) + blocks * (block + mask));
  if (exact < codes && exact < partitions) return VectorPlan::kExact;
  return partitions < codes ? VectorPlan::kPartitions : VectorPlan::kCodes;
}

std::vector<uint32_t> VectorSegment::AllPositions(const Bitmap* allowed) const {
  std::vector<uint32_t> positions;
  if (allowed == nullptr) {
    positions.resize(num_vectors());
    for (uint32_t i = 0; i < num_vectors(); ++i) positions[i] = i;
    return positions;
  }
  allowed->ForEach([&](uint32_t id) {
    if (positions_[id] != kNoPosition) positions.push_back(positions_[id]);
  });
  return positions;
}

std::vector<uint32_t> VectorSegment::PlainPositions(const Bitmap* allowed) const {
  std::vector<uint32_t> positions;
  for (uint32_t i = 0; i < header_.num_plain; ++i) {
    if (allowed == nullptr || allowed->Has(ids_[i])) positions.push_back(i);
  }
  return positions;
}

std::vector<float> VectorSegment::Scores(std::span<const float> prepared, std::span<const uint32_t> positions) const {
  std::vector<float> scores(positions.size());
  const auto& score = space_.similarity == Similarity::kL2 ? kernels_->squared_distance : kernels_->inner_product;
  score[static_cast<size_t>(space_.storage)](prepared.data(), rows_.data(), space_.RowBytes(), positions.data(),
                                             static_cast<int64_t>(positions.size()), space_.dimensions, scores.data());
  return scores;
}

// One query on its way through a segment.
class VectorSegment::Running {
 public:
  Running(const VectorSegment& segment, const VectorQuery& query)
      : segment_(segment), query_(query), hits_(static_cast<size_t>(query.top_k), query.at_least) {
    CHECK(query.vector.size() == static_cast<size_t>(segment.space_.dimensions) && query.top_k >= 0);
    CHECK(query.allowed == nullptr || query.allowed->size() == segment.num_records());
    prepared_ = segment.space_.PreparedQuery(query.vector);
    num_allowed_ = query.allowed != nullptr ? query.allowed->Count() : segment.num_vectors();
    plan_ = segment.PlanOf(query, num_allowed_);
    if (query.top_k == 0 || plan_ == VectorPlan::kExact) return;
    finder_.emplace(segment.coded_, *segment.kernels_, prepared_, static_cast<size_t>(query.top_k), query.recall,
                    query.at_least);
  }

  // All but the partitions after the best ones.
  void Begin() {
    if (query_.top_k == 0) return;
    if (!finder_) return Add(segment_.AllPositions(query_.allowed));
    if (plan_ == VectorPlan::kPartitions) return finder_->ScanBestPartitions(query_.allowed);
    if (query_.allowed == nullptr) return finder_->ScanAll();
    if (num_allowed_ < segment_.coded_.num / 4) return finder_->ScanFew(*query_.allowed);
    finder_->ScanAll(*query_.allowed);
  }
  bool HasPartitions() const { return finder_ && plan_ == VectorPlan::kPartitions; }
  bool Promises(size_t partition) const { return finder_->Promises(partition); }
  void ScanPartition(size_t partition) { finder_->ScanPartition(partition, query_.allowed); }
  void ScanOtherPartitions() { finder_->ScanOtherPartitions(query_.allowed); }

  std::vector<VectorHit> Finish() {
    if (finder_) {
      Add(segment_.PlainPositions(query_.allowed));
      Add(finder_->TakeBest());
      Add(finder_->TakeOthers(hits_.Least()));
    }
    if (query_.stats != nullptr) {
      *query_.stats = {.plan = plan_, .num_codes = finder_ ? finder_->num_scanned() : 0, .num_rows = hits_.num_rows()};
    }
    return std::move(hits_).Take();
  }

 private:
  void Add(const std::vector<uint32_t>& positions) {
    hits_.Add(positions, segment_.Scores(prepared_, positions), segment_.ids_);
  }

  const VectorSegment& segment_;
  const VectorQuery& query_;
  std::vector<float> prepared_;
  size_t num_allowed_ = 0;
  VectorPlan plan_ = VectorPlan::kExact;
  HitList hits_;
  std::optional<CandidateFinder> finder_;
};

std::vector<VectorHit> VectorSegment::Search(const VectorQuery& query) const {
  Running running(*this, query);
  running.Begin();
  if (running.HasPartitions()) running.ScanOtherPartitions();
  return running.Finish();
}

// Queries go through the partitions together, so that the codes of each come from memory once.
std::vector<std::vector<VectorHit>> VectorSegment::SearchBatch(std::span<const VectorQuery> queries) const {
  constexpr size_t kTogether = 64;  // whose state fits the second level of the cache beside the codes
  std::vector<std::vector<VectorHit>> hits;
  hits.reserve(queries.size());
  for (size_t begin = 0; begin < queries.size(); begin += kTogether) {
    std::vector<Running> together;
    together.reserve(kTogether);
    std::vector<Running*> through;
    for (const VectorQuery& query : queries.subspan(begin, std::min(kTogether, queries.size() - begin))) {
      together.emplace_back(*this, query);
      together.back().Begin();
      if (together.back().HasPartitions()) through.push_back(&together.back());
    }
    for (size_t c = 0; c < coded_.num_partitions() && !through.empty(); ++c) {
      for (Running* running : through) {
        if (running->Promises(c)) running->ScanPartition(c);
      }
    }
    for (Running& running : together) hits.push_back(running.Finish());
  }
  return hits;
}

}  // namespace atelier

// The vectors of one immutable segment, searched by similarity.
//
//   VectorSegmentBuilder builder(space);
//   for (...) TRY_VOID(builder.Add(id, vector));
//   const std::vector<std::byte> bytes = builder.Build(num_records, {});
//   TRY(const auto segment, VectorSegment::Open(bytes));      // bytes of a file, or of a part of one
//   const std::vector<VectorHit> hits = segment.Search({.vector = query, .top_k = 10, .recall = 0.99});
//
// A record is named by its local id, from 0 to num_records() - 1; not every record has a vector. What the bytes hold
// and how a search goes through them is told in docs/vector_index.md; their format in vector_format.h.
//
// Any bytes may be opened: what is not whole or not consistent is an error, and what Open does not read (the rows and
// codes, whose reading would cost more than a search) cannot crash a search, only make its hits wrong; Verify finds it.
//
// Thread-safe: a VectorSegment never changes. It refers to the bytes, which must live as long.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "base/bitmap.h"
#include "base/result.h"
#include "compute/kernel/isa.h"
#include "knowledge/index/vector/coded_vectors.h"
#include "knowledge/index/vector/vector_format.h"
#include "knowledge/index/vector/vector_kernels.h"
#include "knowledge/index/vector/vector_space.h"

namespace atelier {

struct VectorHit {
  uint32_t id = 0;
  float score = 0;  // exact, of the stored vector
  bool operator==(const VectorHit&) const = default;
};

enum class VectorPlan : uint8_t {
  kAuto,        // by cost
  kExact,       // every allowed vector itself: recall is 1
  kCodes,       // every allowed vector's code, the best rescored
  kPartitions,  // the codes of the most promising partitions, the best rescored
};

// What a search did.
struct VectorSearchStats {
  VectorPlan plan = VectorPlan::kAuto;
  size_t num_codes = 0;  // looked at
  size_t num_rows = 0;   // compared exactly
};

struct VectorQuery {
  std::span<const float> vector{};  // REQUIRES: space().Check(vector).ok()
  int32_t top_k = 10;               // REQUIRES: >= 0
  // The share of the true top k that is wanted, of many queries on average. 1: nothing is left out on an estimate that
  // is not 1.5 times as far off as the worst of some thousands was; only kExact has no chance of a miss at all.
  double recall = 0.99;
  const Bitmap* allowed = nullptr;  // local ids that may be hits; null: all. REQUIRES: size() == num_records()
  float at_least = -std::numeric_limits<float>::infinity();  // only hits of this score or above
  VectorPlan plan = VectorPlan::kAuto;
  VectorSearchStats* stats = nullptr;  // filled in where given
};

class VectorSegment {
 public:
  // `isa` forces the kernels; all give the same hits.
  // Errors: kCorrupt. REQUIRES: bytes.data() is a multiple of 8; of 64 is fastest.
  static Result<VectorSegment> Open(std::span<const std::byte> bytes, Isa isa = BestIsa());

  const VectorSpace& space() const { return space_; }
  uint32_t num_records() const { return header_.num_records; }
  uint32_t num_vectors() const { return header_.num_vectors; }
  uint32_t num_partitions() const { return header_.num_partitions; }
  // What the segment holds beside the stored vectors themselves.
  size_t BytesBesideVectors() const { return bytes_.size() - rows_.size(); }
  double CodeBytesOfVector() const { return static_cast<double>(header_.layout().BytesOfVector()); }

  // Best first, ties by id: at most top_k. The same query has the same hits, whatever the processor.
  std::vector<VectorHit> Search(const VectorQuery& query) const;
  // The same hits for each query as alone, sooner for many.
  std::vector<std::vector<VectorHit>> SearchBatch(std::span<const VectorQuery> queries) const;

  // The stored vector of a record; none if it has none. REQUIRES: id < num_records().
  std::optional<std::vector<float>> VectorOf(uint32_t id) const;

  // Reads every byte and compares with the checksums: kCorrupt names the section.
  Result<void> Verify() const;

 private:
  friend class SegmentMaker;
  friend class VectorSegmentBuilder;
  VectorSegment() = default;

  Result<void> ReadHeader();
  Result<void> CheckNumbering() const;
  Result<void> CheckPartitions() const;
  void MakeViews();
  std::span<const std::byte> Section(VectorSection section) const;
  std::span<const std::byte> Row(uint32_t position) const {
    return rows_.subspan(position * space_.RowBytes(), space_.RowBytes());
  }

  class Running;
  VectorPlan PlanOf(const VectorQuery& query, size_t num_allowed) const;
  std::vector<uint32_t> PlainPositions(const Bitmap* allowed) const;
  std::vector<uint32_t> AllPositions(const Bitmap* allowed) const;
  std::vector<float> Scores(std::span<const float> prepared, std::span<const uint32_t> positions) const;
  Calibration Calibrate(int num_threads, uint64_t seed) const;

  VectorSpace space_;
  VectorHeader header_;
  const ScanKernels* kernels_ = nullptr;
  std::span<const std::byte> bytes_;
  std::span<const std::byte> rows_;
  std::span<const uint32_t> ids_;        // [num_vectors]
  std::span<const uint32_t> positions_;  // [num_records]
  CodedVectors coded_;
};

}  // namespace atelier

#include "knowledge/index/vector/vector_segment_builder.h"

#include "base/check.h"
#include "knowledge/index/vector/partitions.h"

namespace atelier {

namespace {

constexpr size_t kRowsAPiece = 64;

}  // namespace

VectorSegmentBuilder::VectorSegmentBuilder(VectorSpace space) : space_(space) {
  CHECK(space.dimensions > 0 && space.dimensions <= kMaxVectorDimensions);
}

Result<void> VectorSegmentBuilder::Add(uint32_t id, std::span<const float> vector) {
  TRY_VOID(space_.Check(vector));
  const size_t row_bytes = space_.RowBytes();
  if (num_own_rows_ % kRowsAPiece == 0) own_rows_.push_back(std::make_unique<std::byte[]>(kRowsAPiece * row_bytes));
  std::byte* row = own_rows_.back().get() + num_own_rows_++ % kRowsAPiece * row_bytes;
  space_.Encode(vector, {row, row_bytes});
  sources_.push_back({.id = id, .row = row, .segment = 0, .partition = kNoPartition});
  return {};
}

void VectorSegmentBuilder::AddSegment(const VectorSegment& segment, std::span<const uint32_t> new_ids) {
  CHECK(segment.space() == space_ && new_ids.size() == segment.num_records());
  segments_.push_back(&segment);
  const std::span<const uint32_t> firsts = segment.coded_.firsts;
  uint32_t partition = 0;
  for (uint32_t i = 0; i < segment.num_vectors(); ++i) {
    const bool coded = i >= segment.header_.num_plain;
    while (coded && firsts[partition + 1] <= i - segment.header_.num_plain) ++partition;
    const uint32_t new_id = new_ids[segment.ids_[i]];
    if (new_id == kNotKept) continue;
    sources_.push_back({.id = new_id,
                        .row = segment.Row(i).data(),
                        .segment = static_cast<uint32_t>(segments_.size()),
                        .partition = coded ? partition : kNoPartition});
  }
}

}  // namespace atelier

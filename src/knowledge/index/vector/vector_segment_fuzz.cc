// Whatever the bytes, a segment opens or does not; one that opens can be searched by every plan, read, verified and
// merged. The header's own checksum is set right first, so that what stands behind it is reached.
#include <cstring>
#include <limits>
#include <vector>

#include "base/check.h"
#include "base/io/crc32c.h"
#include "knowledge/index/vector/vector_segment.h"
#include "knowledge/index/vector/vector_segment_builder.h"

namespace atelier {
namespace {

void SearchByEveryPlan(const VectorSegment& segment) {
  const std::vector<float> query(static_cast<size_t>(segment.space().dimensions), 0.5F);
  Bitmap allowed(segment.num_records());
  for (uint32_t i = 0; i < segment.num_records(); i += 3) allowed.Add(i);
  for (const Bitmap* filter : {static_cast<const Bitmap*>(nullptr), static_cast<const Bitmap*>(&allowed)}) {
    for (const auto plan : {VectorPlan::kAuto, VectorPlan::kExact, VectorPlan::kCodes, VectorPlan::kPartitions}) {
      const VectorQuery one{.vector = query, .top_k = 5, .recall = 0.9, .allowed = filter, .plan = plan};
      const auto hits = segment.Search(one);
      CHECK(hits.size() <= 5);
      for (const VectorHit& hit : hits) CHECK(filter == nullptr || filter->Has(hit.id));
      CHECK(segment.SearchBatch({&one, 1})[0] == hits);
    }
  }
}

}  // namespace
}  // namespace atelier

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace atelier;
  std::vector<uint64_t> aligned((size + 7) / 8);
  if (size != 0) std::memcpy(aligned.data(), data, size);
  const std::span<std::byte> bytes = std::as_writable_bytes(std::span(aligned)).first(size);
  if (size >= sizeof(VectorHeader)) {
    VectorHeader header;
    std::memcpy(&header, bytes.data(), sizeof(header));
    header.crc = 0;
    header.crc = Crc32c(std::as_bytes(std::span(&header, 1)));
    std::memcpy(bytes.data(), &header, sizeof(header));
  }
  const auto segment = VectorSegment::Open(bytes);
  if (!segment.ok()) return 0;
  SearchByEveryPlan(*segment);
  (void)segment->Verify();
  for (uint32_t i = 0; i < segment->num_records(); i += 50) (void)segment->VectorOf(i);
  if (segment->num_records() > 4000 || segment->space().dimensions > 64) return 0;  // building those takes too long
  std::vector<uint32_t> new_ids(segment->num_records());
  for (uint32_t i = 0; i < new_ids.size(); ++i) new_ids[i] = i;
  VectorSegmentBuilder builder(segment->space());
  builder.AddSegment(*segment, new_ids);
  const auto merged = builder.Build(segment->num_records());
  CHECK(VectorSegment::Open(merged).ok());
  return 0;
}

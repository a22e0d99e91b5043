#include "knowledge/index/vector/vector_segment_builder.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/io/crc32c.h"

namespace atelier {

namespace {

constexpr size_t kRowsAPiece = 64;

// Sections one after the other, then the header before them.
class SectionWriter {
 public:
  explicit SectionWriter(VectorHeader header) : header_(header), bytes_(VectorAligned(sizeof(VectorHeader))) {}

  // The section's bytes, zero, to be filled before the next is made.
  std::span<std::byte> Make(VectorSection section, size_t size) {
    const size_t offset = bytes_.size();
    bytes_.resize(VectorAligned(offset + size));
    header_.sections[static_cast<size_t>(section)] = {.offset = offset, .size = size};
    return std::span(bytes_).subspan(offset, size);
  }
  void Put(VectorSection section, std::span<const std::byte> content) {
    const std::span<std::byte> to = Make(section, content.size());
    std::copy(content.begin(), content.end(), to.begin());
  }

  std::vector<std::byte> Finish() && {
    for (VectorSectionEntry& entry : header_.sections) {
      entry.crc = Crc32c(std::span(bytes_).subspan(entry.offset, VectorAligned(entry.size)));
    }
    header_.crc = Crc32c(std::as_bytes(std::span(&header_, 1)));
    std::memcpy(bytes_.data(), &header_, sizeof(header_));
    return std::move(bytes_);
  }

 private:
  VectorHeader header_;
  std::vector<std::byte> bytes_;
};

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
  sources_.push_back({id, row});
  return {};
}

void VectorSegmentBuilder::AddSegment(const VectorSegment& segment, std::span<const uint32_t> new_ids) {
  CHECK(segment.space() == space_ && new_ids.size() == segment.num_records());
  for (uint32_t i = 0; i < segment.num_vectors(); ++i) {
    const uint32_t new_id = new_ids[segment.ids_[i]];
    if (new_id != kNotKept) sources_.push_back({new_id, segment.Row(i).data()});
  }
}

std::vector<std::byte> VectorSegmentBuilder::Build(uint32_t num_records, const VectorBuildOptions&) const {
  std::vector<Source> sorted = sources_;
  std::sort(sorted.begin(), sorted.end(), [](const Source& a, const Source& b) { return a.id < b.id; });
  VectorHeader header;
  header.version = kVectorVersion;
  header.dimensions = static_cast<uint32_t>(space_.dimensions);
  header.similarity = static_cast<uint8_t>(space_.similarity);
  header.storage = static_cast<uint8_t>(space_.storage);
  header.num_records = num_records;
  header.num_vectors = num_vectors();
  header.num_plain = num_vectors();
  std::memcpy(header.magic, kVectorMagic, sizeof(kVectorMagic));
  SectionWriter writer(header);
  const size_t row_bytes = space_.RowBytes();
  const std::span<std::byte> rows = writer.Make(VectorSection::kRows, sorted.size() * row_bytes);
  std::vector<uint32_t> ids(sorted.size());
  std::vector<uint32_t> positions(num_records, kNoPosition);
  for (size_t i = 0; i < sorted.size(); ++i) {
    std::memcpy(rows.data() + i * row_bytes, sorted[i].row, row_bytes);
    ids[i] = sorted[i].id;
    CHECK(ids[i] < num_records && positions[ids[i]] == kNoPosition);
    positions[ids[i]] = static_cast<uint32_t>(i);
  }
  writer.Put(VectorSection::kIds, std::as_bytes(std::span(ids)));
  writer.Put(VectorSection::kPositions, std::as_bytes(std::span(positions)));
  return std::move(writer).Finish();
}

}  // namespace atelier

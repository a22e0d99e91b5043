#include "knowledge/index/vector/vector_segment.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "base/check.h"
#include "base/io/crc32c.h"

namespace atelier {

namespace {

constexpr const char* kSectionNames[kNumVectorSections] = {"rows", "ids", "positions"};

template <class T>
std::span<const T> ArrayOf(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
}

Result<void> WantSize(const char* section, uint64_t got, uint64_t want) {
  if (got == want) return {};
  return Error::Corrupt(section, "got " + std::to_string(got) + " bytes, want " + std::to_string(want));
}

}  // namespace

Result<VectorSegment> VectorSegment::Open(std::span<const std::byte> bytes, Isa isa) {
  CHECK(reinterpret_cast<uintptr_t>(bytes.data()) % 8 == 0);
  VectorSegment segment;
  segment.bytes_ = bytes;
  segment.kernels_ = &ScanKernelsFor(isa);
  TRY_VOID(segment.ReadHeader());
  segment.rows_ = segment.Section(VectorSection::kRows);
  segment.ids_ = ArrayOf<uint32_t>(segment.Section(VectorSection::kIds));
  segment.positions_ = ArrayOf<uint32_t>(segment.Section(VectorSection::kPositions));
  TRY_VOID(segment.CheckNumbering());
  return segment;
}

std::span<const std::byte> VectorSegment::Section(VectorSection section) const {
  const VectorSectionEntry& entry = header_.sections[static_cast<size_t>(section)];
  return bytes_.subspan(entry.offset, entry.size);
}

Result<void> VectorSegment::ReadHeader() {
  if (bytes_.size() < sizeof(VectorHeader)) {
    return Error::Corrupt("header", "got " + std::to_string(bytes_.size()) + " bytes, want at least " +
                                        std::to_string(sizeof(VectorHeader)));
  }
  std::memcpy(&header_, bytes_.data(), sizeof(header_));
  const auto padding = bytes_.first(std::min(bytes_.size(), VectorAligned(sizeof(header_)))).subspan(sizeof(header_));
  if (std::any_of(padding.begin(), padding.end(), [](std::byte b) { return b != std::byte{0}; })) {
    return Error::Corrupt("header", "got bytes behind it that are not zero");
  }
  if (std::memcmp(header_.magic, kVectorMagic, sizeof(kVectorMagic)) != 0 || header_.version != kVectorVersion) {
    return Error::Corrupt("header", "got other bytes than a vector segment of version 1 begins with");
  }
  VectorHeader unsigned_header = header_;
  unsigned_header.crc = 0;
  if (Crc32c(std::as_bytes(std::span(&unsigned_header, 1))) != header_.crc) {
    return Error::Corrupt("header", "got bytes that do not match their checksum");
  }
  if (header_.dimensions == 0 || header_.dimensions > static_cast<uint32_t>(kMaxVectorDimensions) ||
      header_.similarity > static_cast<uint8_t>(Similarity::kL2) ||
      header_.storage > static_cast<uint8_t>(VectorStorage::kInt8) || header_.num_vectors > header_.num_records ||
      header_.num_plain > header_.num_vectors || header_.num_partitions > header_.num_vectors) {
    return Error::Corrupt("header", "got numbers that contradict each other");
  }
  space_ = {.dimensions = static_cast<int32_t>(header_.dimensions),
            .similarity = static_cast<Similarity>(header_.similarity),
            .storage = static_cast<VectorStorage>(header_.storage)};
  for (const VectorSectionEntry& entry : header_.sections) {
    if (entry.offset % kVectorAlignment != 0 || entry.offset > bytes_.size() || entry.size > bytes_.size() ||
        VectorAligned(entry.size) > bytes_.size() - entry.offset) {
      return Error::Corrupt("header", "got a section that reaches beyond the end");
    }
  }
  const auto size = [&](VectorSection section) { return header_.sections[static_cast<size_t>(section)].size; };
  TRY_VOID(WantSize("rows", size(VectorSection::kRows), uint64_t{header_.num_vectors} * space_.RowBytes()));
  TRY_VOID(WantSize("ids", size(VectorSection::kIds), uint64_t{header_.num_vectors} * 4));
  return WantSize("positions", size(VectorSection::kPositions), uint64_t{header_.num_records} * 4);
}

// Positions and ids are each other's inverse; then no search can leave the arrays.
Result<void> VectorSegment::CheckNumbering() const {
  for (size_t i = 0; i < ids_.size(); ++i) {
    if (ids_[i] >= positions_.size() || positions_[ids_[i]] != i) {
      return Error::Corrupt("ids[" + std::to_string(i) + "]",
                            "got " + std::to_string(ids_[i]) + ", whose position is another");
    }
  }
  const auto num_placed =
      std::count_if(positions_.begin(), positions_.end(), [](uint32_t position) { return position != kNoPosition; });
  if (static_cast<size_t>(num_placed) != ids_.size()) {
    return Error::Corrupt("positions", "got " + std::to_string(num_placed) + " records with vectors, want " +
                                           std::to_string(ids_.size()));
  }
  return {};
}

std::optional<std::vector<float>> VectorSegment::VectorOf(uint32_t id) const {
  CHECK(id < num_records());
  if (positions_[id] == kNoPosition) return std::nullopt;
  std::vector<float> vector(static_cast<size_t>(space_.dimensions));
  space_.Decode(Row(positions_[id]), vector);
  return vector;
}

Result<void> VectorSegment::Verify() const {
  for (size_t i = 0; i < kNumVectorSections; ++i) {
    const VectorSectionEntry& entry = header_.sections[i];
    if (Crc32c(bytes_.subspan(entry.offset, VectorAligned(entry.size))) != entry.crc) {
      return Error::Corrupt(kSectionNames[i], "got bytes that do not match their checksum");
    }
  }
  return {};
}

}  // namespace atelier

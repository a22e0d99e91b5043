#include "knowledge/index/vector/vector_segment.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "base/check.h"
#include "base/io/crc32c.h"

namespace atelier {

namespace {

constexpr const char* kSectionNames[kNumVectorSections] = {"rows",      "ids",   "positions", "mean",       "axes",
                                                           "steps",     "codes", "factors",   "addends",    "firsts",
                                                           "centroids", "tops",  "radii",     "calibration"};
constexpr uint32_t kMaxChunks = kMaxCodeAxes;  // of any kind; a bound on nonsense

template <class T>
std::span<const T> ArrayOf(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
}

// The size in bytes that each section must have.
std::array<uint64_t, kNumVectorSections> SectionSizes(const VectorHeader& header, const VectorSpace& space) {
  const bool coded = header.num_coded() > 0;
  const uint64_t axes = header.layout().NumAxes();
  const uint64_t padded = uint64_t{header.num_blocks()} * kBlockVectors;
  const uint64_t partitions = (uint64_t{header.num_partitions} + 15) / 16 * 16;
  return {header.num_vectors * space.RowBytes(),
          uint64_t{header.num_vectors} * 4,
          uint64_t{header.num_records} * 4,
          coded ? uint64_t{header.dimensions} * 4 : 0,
          axes * header.dimensions * 4,
          axes * 4,
          header.num_blocks() * header.layout().BlockBytes(),
          padded * 4,
          space.similarity == Similarity::kL2 ? padded * 4 : 0,
          coded ? (uint64_t{header.num_partitions} + 1) * 4 : 0,
          partitions * header.num_partition_axes * 4,
          partitions * 4,
          partitions * 4,
          coded ? sizeof(Calibration) : 0};
}

bool Contradicts(const VectorHeader& header) {
  const bool coded = header.num_plain < header.num_vectors;
  const CodeLayout layout = header.layout();
  return header.dimensions == 0 || header.dimensions > static_cast<uint32_t>(kMaxVectorDimensions) ||
         header.similarity > static_cast<uint8_t>(Similarity::kL2) ||
         header.storage > static_cast<uint8_t>(VectorStorage::kInt8) || header.num_vectors > header.num_records ||
         header.num_plain > header.num_vectors || header.num_partitions > header.num_vectors ||
         layout.num_chunks4 > kMaxChunks || layout.num_chunks2 > kMaxChunks || layout.num_chunks1 > kMaxChunks ||
         layout.NumAxes() % 16 != 0 || layout.NumAxes() > kMaxCodeAxes + 31 ||
         header.num_partition_axes > layout.NumAxes() || coded != (layout.NumAxes() > 0) ||
         coded != (header.num_partitions > 0) || coded != (header.num_partition_axes > 0);
}

}  // namespace

Result<VectorSegment> VectorSegment::Open(std::span<const std::byte> bytes, Isa isa) {
  CHECK(reinterpret_cast<uintptr_t>(bytes.data()) % 8 == 0);
  VectorSegment segment;
  segment.bytes_ = bytes;
  segment.kernels_ = &ScanKernelsFor(isa);
  TRY_VOID(segment.ReadHeader());
  segment.MakeViews();
  TRY_VOID(segment.CheckNumbering());
  TRY_VOID(segment.CheckPartitions());
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
  if (Contradicts(header_)) return Error::Corrupt("header", "got numbers that contradict each other");
  space_ = {.dimensions = static_cast<int32_t>(header_.dimensions),
            .similarity = static_cast<Similarity>(header_.similarity),
            .storage = static_cast<VectorStorage>(header_.storage)};
  const auto sizes = SectionSizes(header_, space_);
  for (size_t i = 0; i < kNumVectorSections; ++i) {
    const VectorSectionEntry& entry = header_.sections[i];
    if (entry.size != sizes[i]) {
      return Error::Corrupt(kSectionNames[i],
                            "got " + std::to_string(entry.size) + " bytes, want " + std::to_string(sizes[i]));
    }
    if (entry.offset % kVectorAlignment != 0 || entry.offset > bytes_.size() || entry.size > bytes_.size() ||
        VectorAligned(entry.size) > bytes_.size() - entry.offset) {
      return Error::Corrupt(kSectionNames[i], "got a section that reaches beyond the end");
    }
  }
  return {};
}

void VectorSegment::MakeViews() {
  rows_ = Section(VectorSection::kRows);
  ids_ = ArrayOf<uint32_t>(Section(VectorSection::kIds));
  positions_ = ArrayOf<uint32_t>(Section(VectorSection::kPositions));
  const auto floats = [&](VectorSection section) { return ArrayOf<float>(Section(section)); };
  coded_.frame = {.dimensions = space_.dimensions,
                  .distances = space_.similarity == Similarity::kL2,
                  .layout = header_.layout(),
                  .mean = floats(VectorSection::kMean),
                  .axes = floats(VectorSection::kAxes),
                  .steps = floats(VectorSection::kSteps)};
  coded_.num = header_.num_coded();
  coded_.num_plain = header_.num_plain;
  coded_.codes = Section(VectorSection::kCodes);
  coded_.factors = floats(VectorSection::kFactors);
  coded_.addends = floats(VectorSection::kAddends);
  coded_.ids = ids_.subspan(header_.num_plain);
  coded_.positions = positions_;
  coded_.firsts = ArrayOf<uint32_t>(Section(VectorSection::kFirsts));
  coded_.num_partition_axes = header_.num_partition_axes;
  coded_.centroids = floats(VectorSection::kCentroids);
  coded_.tops = floats(VectorSection::kTops);
  coded_.radii = floats(VectorSection::kRadii);
  if (coded_.num > 0) {
    std::memcpy(&coded_.calibration, Section(VectorSection::kCalibration).data(), sizeof(Calibration));
  }
}

Result<void> VectorSegment::CheckPartitions() const {
  const auto& firsts = coded_.firsts;
  if (firsts.empty()) return {};
  if (firsts.front() != 0 || firsts.back() != coded_.num || !std::is_sorted(firsts.begin(), firsts.end())) {
    return Error::Corrupt("firsts", "got partitions that do not follow each other");
  }
  return {};
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

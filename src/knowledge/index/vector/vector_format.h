// The bytes of a vector segment, all little endian: a header, then the sections, each from a multiple of 64.
//
// Positions count the vectors in the order in which they are stored: first those that a search always compares
// themselves ("plain": all of a small segment, and what codes describe badly in a large one), then the coded ones,
// partition after partition.
//
//   rows        [num_vectors][RowBytes]      the stored vectors by position
//   ids         [num_vectors] u32            the local id of each position
//   positions   [num_records] u32            the position of each local id, or kNoPosition
#pragma once

#include <cstddef>
#include <cstdint>

namespace atelier {

inline constexpr uint32_t kNoPosition = 0xffffffffU;
inline constexpr char kVectorMagic[8] = {'A', 'T', 'V', 'E', 'C', 'S', 'G', '1'};
inline constexpr uint32_t kVectorVersion = 1;
inline constexpr size_t kVectorAlignment = 64;
constexpr size_t VectorAligned(size_t at) { return (at + kVectorAlignment - 1) / kVectorAlignment * kVectorAlignment; }

enum class VectorSection : uint32_t { kRows, kIds, kPositions };
inline constexpr size_t kNumVectorSections = 3;

struct VectorSectionEntry {
  uint64_t offset = 0;
  uint64_t size = 0;
  uint32_t crc = 0;  // CRC-32C of the section and the zeros up to the next
  uint32_t zero = 0;
};

struct VectorHeader {
  char magic[8] = {};
  uint32_t version = 0;
  uint32_t crc = 0;  // CRC-32C of the header with this field 0
  uint32_t dimensions = 0;
  uint8_t similarity = 0;
  uint8_t storage = 0;
  uint16_t zero = 0;
  uint32_t num_records = 0;
  uint32_t num_vectors = 0;
  uint32_t num_plain = 0;
  uint32_t num_partitions = 0;
  VectorSectionEntry sections[kNumVectorSections];
};
static_assert(sizeof(VectorHeader) == 40 + 24 * kNumVectorSections);

}  // namespace atelier

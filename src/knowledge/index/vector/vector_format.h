// The bytes of a vector segment, all little endian: a header, then the sections, each from a multiple of 64.
//
// Positions count the vectors in the order in which they are stored: first those that a search always compares
// themselves ("plain": all of a small segment, and what codes describe badly in a large one), then the coded ones,
// partition after partition. A coded position counts from the first coded vector; blocks have 16 of them
// (code_layout.h), the last one perhaps fewer. D dimensions, A axes, K partitions over P of the axes, C coded vectors.
//
//   rows         [num_vectors][RowBytes]  the stored vectors by position (vector_space.h)
//   ids          [num_vectors] u32        the local id of each position
//   positions    [num_records] u32        the position of each local id, or kNoPosition
// and where vectors are coded (else empty):
//   mean         [D] f32                  the frame of the codes (code_frame.h)
//   axes         [A / 16][D][16] f32
//   steps        [A] f32
//   codes        [blocks][chunks][64]
//   factors      [blocks * 16] f32
//   addends      [blocks * 16] f32        empty but for kL2
//   firsts       [K + 1] u32              the coded position where each partition begins, then C
//   centroids    [K / 16 up][P][16] f32   in coordinates, 16 side by side
//   tops         [K / 16 up][16] f32      the mean addend of each partition; -infinity beyond the last
//   radii        [K / 16 up][16] f32      root mean square distance of its vectors from the centroid, on the P axes
//   calibration  Calibration              what a wanted recall takes (calibration.h)
#pragma once

#include <cstddef>
#include <cstdint>

#include "knowledge/index/vector/code_layout.h"

namespace atelier {

inline constexpr uint32_t kNoPosition = 0xffffffffU;
inline constexpr char kVectorMagic[8] = {'A', 'T', 'V', 'E', 'C', 'S', 'G', '1'};
inline constexpr uint32_t kVectorVersion = 1;
inline constexpr size_t kVectorAlignment = 64;
constexpr size_t VectorAligned(size_t at) { return (at + kVectorAlignment - 1) / kVectorAlignment * kVectorAlignment; }

enum class VectorSection : uint32_t {
  kRows,
  kIds,
  kPositions,
  kMean,
  kAxes,
  kSteps,
  kCodes,
  kFactors,
  kAddends,
  kFirsts,
  kCentroids,
  kTops,
  kRadii,
  kCalibration,
};
inline constexpr size_t kNumVectorSections = 14;

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
  uint32_t num_partition_axes = 0;
  uint32_t num_chunks4 = 0, num_chunks2 = 0, num_chunks1 = 0;
  uint32_t num_added = 0;  // vectors since the frame and the partitions were trained
  uint32_t reserved = 0;
  VectorSectionEntry sections[kNumVectorSections];

  CodeLayout layout() const { return {num_chunks4, num_chunks2, num_chunks1}; }
  uint32_t num_coded() const { return num_vectors - num_plain; }
  uint32_t num_blocks() const { return (num_coded() + kBlockVectors - 1) / kBlockVectors; }
};
static_assert(sizeof(VectorHeader) == 64 + 24 * kNumVectorSections);

}  // namespace atelier

// How the code of a vector is laid out: its first axes in 4 bits each, the next in 2, the next in 1, the rest in none.
// Axes are in order of falling variance, so that bits stand where they tell most ("water filling").
//
// Codes of 16 vectors lie together in a block, in chunks of 64 bytes: 16 vectors of four bytes. Byte j of a vector in a
// chunk of b-bit codes holds in its bits t * b to t * b + b - 1 the axis (first of the chunk) + 4 t + j; so one
// instruction multiplies four axes of 16 vectors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace atelier {

inline constexpr uint32_t kBlockVectors = 16;
inline constexpr uint32_t kChunkBytes = 64;
inline constexpr uint32_t kMaxCodeAxes = 384;  // more and the query's own rotation costs more than it saves

struct CodeLayout {
  uint32_t num_chunks4 = 0, num_chunks2 = 0, num_chunks1 = 0;  // of 4 bits an even number: axes come in sixteens

  uint32_t NumAxes() const { return 8 * num_chunks4 + 16 * num_chunks2 + 32 * num_chunks1; }
  uint32_t NumChunks() const { return num_chunks4 + num_chunks2 + num_chunks1; }
  size_t BlockBytes() const { return size_t{kChunkBytes} * NumChunks(); }
  size_t BytesOfVector() const { return BlockBytes() / kBlockVectors; }
  // 4, 2 or 1. REQUIRES: axis < NumAxes().
  int BitsOf(uint32_t axis) const {
    return axis < 8 * num_chunks4 ? 4 : axis < 8 * num_chunks4 + 16 * num_chunks2 ? 2 : 1;
  }
  // Where the code of (axis, vector of the block) lies: the byte in the block, and its lowest bit.
  struct Place {
    size_t byte;
    int shift;
  };
  Place PlaceOf(uint32_t axis, uint32_t vector) const;

  bool operator==(const CodeLayout&) const = default;
};

// The layout that is scanned soonest among those whose estimates are good enough, or the best one that max_bytes a
// vector hold.  `variances`: of each axis, falling; at least one above 0.
CodeLayout ChooseLayout(std::span<const double> variances, size_t max_bytes);

// The step between the values of a b-bit code for a Gaussian of standard deviation 1.   [Max 1960, table of quantisers]
double StepOf(int bits);

}  // namespace atelier

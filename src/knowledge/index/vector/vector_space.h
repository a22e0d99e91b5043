// What the vectors of an index are: how many numbers, compared how, kept how.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"

namespace atelier {

enum class Similarity : uint8_t {
  kInnerProduct,
  kCosine,  // 0 where either vector is zero
  kL2,      // as a score: the negated squared distance
};
enum class VectorStorage : uint8_t { kF32, kF16, kInt8 };

inline constexpr int32_t kMaxVectorDimensions = 1 << 14;  // the largest published embedding has 8,192
// Squares of longer ones do not fit a float, nor do their sums.
inline constexpr double kMaxVectorNorm = 1e18;

// One more similar than another has the higher score in all three similarities.
struct VectorSpace {
  int32_t dimensions = 0;
  Similarity similarity = Similarity::kCosine;
  VectorStorage storage = VectorStorage::kF32;

  // A stored vector ("row"): D floats, D halves, or a float scale and D int8 (value = scale * int8), a multiple of 4
  // bytes. Under kCosine what is stored has length 1 (or 0), so that cosine is an inner product of rows.
  size_t RowBytes() const;
  // kInvalid: the wrong length, NaN, infinite, longer than kMaxVectorNorm, or over what halves can hold.
  Result<void> Check(std::span<const float> vector) const;
  // REQUIRES: Check(vector).ok(), row.size() == RowBytes().
  void Encode(std::span<const float> vector, std::span<std::byte> row) const;
  // The vector that a row stands for: what similarities are computed with.
  void Decode(std::span<const std::byte> row, std::span<float> vector) const;
  // What a row is compared with: under kCosine the query at length 1, else the query.
  std::vector<float> PreparedQuery(std::span<const float> query) const;

  bool operator==(const VectorSpace&) const = default;
};

}  // namespace atelier

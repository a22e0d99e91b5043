#include "knowledge/index/vector/vector_space.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "base/check.h"
#include "compute/kernel/lanes_plain.h"

namespace atelier {

namespace {

constexpr float kLargestHalf = 65504;

double SquaredNorm(std::span<const float> vector) {
  double sum = 0;
  for (const float x : vector) sum += static_cast<double>(x) * x;
  return sum;
}

// What the vector is multiplied by before it is stored or compared.
double LengthFactor(Similarity similarity, std::span<const float> vector) {
  if (similarity != Similarity::kCosine) return 1;
  const double norm = std::sqrt(SquaredNorm(vector));
  return norm > 0 ? 1 / norm : 0;
}

// The scale is such that the row has the length of the vector, which int8 alone would miss by a little.
void EncodeInt8(std::span<const float> vector, double factor, std::span<std::byte> row) {
  float largest = 0;
  for (const float x : vector) largest = std::max(largest, std::fabs(x));
  double squares = 0;
  for (size_t i = 0; i < vector.size(); ++i) {
    const double steps = largest > 0 ? std::nearbyint(static_cast<double>(vector[i]) / largest * 127) : 0;
    row[sizeof(float) + i] = static_cast<std::byte>(static_cast<int8_t>(steps));
    squares += steps * steps;
  }
  const double norm = std::sqrt(SquaredNorm(vector)) * factor;
  const float scale = squares > 0 ? static_cast<float>(norm / std::sqrt(squares)) : 0;
  std::memcpy(row.data(), &scale, sizeof(scale));
}

}  // namespace

size_t VectorSpace::RowBytes() const {
  const size_t n = static_cast<size_t>(dimensions);
  switch (storage) {
    case VectorStorage::kF32: return n * 4;
    case VectorStorage::kF16: return (n * 2 + 3) / 4 * 4;
    case VectorStorage::kInt8: return sizeof(float) + (n + 3) / 4 * 4;
  }
  return 0;
}

Result<void> VectorSpace::Check(std::span<const float> vector) const {
  if (vector.size() != static_cast<size_t>(dimensions)) {
    return Error::Invalid("vector",
                          "got " + std::to_string(vector.size()) + " numbers, want " + std::to_string(dimensions));
  }
  for (size_t i = 0; i < vector.size(); ++i) {
    const std::string where = "vector[" + std::to_string(i) + "]";
    if (!std::isfinite(vector[i])) {
      return Error::Invalid(where, "got " + std::to_string(vector[i]) + ", want a finite number");
    }
    const bool scaled = similarity == Similarity::kCosine;
    if (storage == VectorStorage::kF16 && !scaled && std::fabs(vector[i]) > kLargestHalf) {
      return Error::Invalid(where, "got " + std::to_string(vector[i]) + ", want at most 65504, the largest f16");
    }
  }
  if (!(SquaredNorm(vector) <= kMaxVectorNorm * kMaxVectorNorm)) {
    return Error::Invalid("vector", "got a length above 1e18, the longest that can be compared");
  }
  return {};
}

void VectorSpace::Encode(std::span<const float> vector, std::span<std::byte> row) const {
  CHECK(row.size() == RowBytes() && vector.size() == static_cast<size_t>(dimensions));
  std::fill(row.begin(), row.end(), std::byte{0});
  const double factor = LengthFactor(similarity, vector);
  if (storage == VectorStorage::kInt8) return EncodeInt8(vector, factor, row);
  for (size_t i = 0; i < vector.size(); ++i) {
    const float value = static_cast<float>(static_cast<double>(vector[i]) * factor);
    if (storage == VectorStorage::kF32) {
      std::memcpy(row.data() + i * sizeof(value), &value, sizeof(value));
    } else {
      const uint16_t half = FloatToHalf(value);
      std::memcpy(row.data() + i * sizeof(half), &half, sizeof(half));
    }
  }
}

void VectorSpace::Decode(std::span<const std::byte> row, std::span<float> vector) const {
  CHECK(row.size() == RowBytes() && vector.size() == static_cast<size_t>(dimensions));
  switch (storage) {
    case VectorStorage::kF32: std::memcpy(vector.data(), row.data(), vector.size_bytes()); return;
    case VectorStorage::kF16:
      for (size_t i = 0; i < vector.size(); ++i) {
        uint16_t half = 0;
        std::memcpy(&half, row.data() + i * sizeof(half), sizeof(half));
        vector[i] = HalfToFloat(half);
      }
      return;
    case VectorStorage::kInt8:
      float scale = 0;
      std::memcpy(&scale, row.data(), sizeof(scale));
      for (size_t i = 0; i < vector.size(); ++i) {
        vector[i] = scale * static_cast<float>(static_cast<int8_t>(row[sizeof(scale) + i]));
      }
      return;
  }
}

std::vector<float> VectorSpace::PreparedQuery(std::span<const float> query) const {
  const double factor = LengthFactor(similarity, query);
  std::vector<float> prepared(query.size());
  for (size_t i = 0; i < query.size(); ++i) prepared[i] = static_cast<float>(static_cast<double>(query[i]) * factor);
  return prepared;
}

}  // namespace atelier

// The frame in which vectors are coded: a mean, axes of falling variance, and how many bits each axis gets.
//
// A vector x is written as its direction from the mean. With y = x - mean, t = axes * y / |y| and grid values
// u_i = step_i * (code_i - (2^bits_i - 1) / 2) near t_i, a query's product with y is estimated as
//   p * y  ~  factor * sum_i (axes * p)_i * u_i,   factor = |y| * (t * t) / (t * u)
// so that the estimate has no bias along t: RaBitQ's estimator [arXiv:2405.12497, 2409.09913], on principal axes with
// bits by variance [SAQ, arXiv:2509.12086] in place of random ones with bits for all alike. Directions, not vectors,
// are coded: vectors of any length are told equally well.
//
// A score is a product of that kind: inner products and cosines are q * mean + q * y; a negated squared distance is
// -|q - mean|^2 + 2 (q - mean) * y - |y|^2, where the last term is the vector's addend.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "knowledge/index/vector/code_layout.h"
#include "knowledge/index/vector/vector_kernels.h"
#include "knowledge/index/vector/vector_space.h"

namespace atelier {

// Refers to arrays that live as long: those of a trained frame or of a segment's bytes.
struct CodeFrame {
  int32_t dimensions = 0;
  bool distances = false;  // similarity is kL2
  CodeLayout layout;
  std::span<const float> mean;   // [D]
  std::span<const float> axes;   // [NumAxes / 16][D][16]: rows of length 1, 16 side by side; beyond D axes zero
  std::span<const float> steps;  // [NumAxes]; 0 where a code tells nothing

  uint32_t NumAxes() const { return layout.NumAxes(); }
};

// What holds a frame's arrays.
struct TrainedFrame {
  CodeLayout layout;
  std::vector<float> mean, axes, steps;
  CodeFrame View(const VectorSpace& space) const;
};

// Of a sample of vectors, [num][D]. REQUIRES: num >= 1.
TrainedFrame TrainFrame(const VectorSpace& space, std::span<const float> sample, size_t max_code_bytes,
                        const ScanKernels& kernels, int num_threads, uint64_t seed);

// What is stored of a vector's code beside the code itself, and what building asks.
struct CodedVector {
  float factor = 0;
  float addend = 0;
  float captured = 1;  // the share of |y|^2 that lies in the coded axes: what a code can tell at all
};

// coordinates[i] = (axes * y)_i for all axes, in the vector's own length.   coordinates [NumAxes]
// Returns |y|.
double Coordinates(const CodeFrame& frame, const ScanKernels& kernels, std::span<const float> vector,
                   std::span<float> coordinates);

// Writes the code as number `in_block` of the block, whose bits for it are 0 before.
CodedVector WriteCode(const CodeFrame& frame, std::span<const float> coordinates, double length, uint32_t in_block,
                      std::span<std::byte> block);

// What a query is to the codes. `vector` is prepared (VectorSpace::PreparedQuery).
struct CodeQuery {
  CodeQuery(const CodeFrame& frame, const ScanKernels& kernels, std::span<const float> vector);

  double constant = 0;             // score = constant + what codes estimate
  float length = 0;                // |p|
  std::vector<float> coordinates;  // axes * p
  std::vector<int32_t> weights;    // coordinate * step / scale, four int8 each
  float scale = 0, offset = 0;     // see CodeScan
};

}  // namespace atelier

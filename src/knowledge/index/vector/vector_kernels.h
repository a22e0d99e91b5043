// What a search by similarity spends its time in. Plain, AVX2 and AVX-512 versions give the same bits: integers are
// exact, and floats are added in one order (16 lanes and one tree, as in compute/kernel/vector_math.h).
#pragma once

#include <cstddef>
#include <cstdint>

#include "compute/kernel/isa.h"

namespace atelier {

// out[i] = the score of row positions[i] (rows + positions[i] * row_bytes) for a query of n floats.
using ScoreRows = void (*)(const float* query, const std::byte* rows, size_t row_bytes, const uint32_t* positions,
                           int64_t num_rows, int64_t n, float* out);

struct ScanKernels {
  // [negated squared distance or inner product][VectorStorage]
  ScoreRows inner_product[3];
  ScoreRows squared_distance[3];  // negated
};

const ScanKernels& ScanKernelsFor(Isa isa);

}  // namespace atelier

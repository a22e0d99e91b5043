// Y = X W^T for a packed W: the product that every linear layer runs on.
//
//   W  [N, K]  PackedMatrix          X  [T, K]  ActivationRows (integer panels) or f32 (float panels)
//   Y  [T, N]  f32, rows y_stride apart
//
// The contract of integer panels, for every output, every version and every T:
//   acc = 0;  for each group of 32 along K, in index order:
//     for each scale of the group (one, or two for halves of 16):
//       acc = fma(float(sum_k (code - offset) * x), w_scale * x_scale, acc)       exact integer sum
//     if the panel has mins:  acc = fma(w_min, x_scaled_sum, acc)
// and of float panels: acc = fma(w[k], x[k], acc) for k in index order. So plain, AVX2 and AVX-512 return the
// same bits, and a row's result depends neither on the other rows nor on how panels are shared among threads.
#pragma once

#include <cstddef>
#include <cstdint>

#include "compute/kernel/isa.h"
#include "compute/kernel/panel.h"

namespace atelier {

// Rows of activations as int8 with a scale per group of 32. A view; the planes belong to the caller.
//   q[k] = round_to_even(x[k] * (127 / amax)), scale = amax / 127, amax = max |x| of the group.
// A group with amax < 2^-100 is all zeros; one with an infinity or NaN has scale NaN, so that its outputs show it.
struct ActivationRows {
  int64_t num_rows = 0;
  int64_t k = 0;
  int64_t num_groups = 0;        // NumGroups(k); values beyond k are zeros
  int8_t* values = nullptr;      // [num_rows][num_groups * 32], on 64 bytes
  float* scales = nullptr;       // [num_rows][num_groups]
  float* scaled_sums = nullptr;  // [num_rows][num_groups]     scale * float(sum of the group's values)
  int32_t* neg_sums = nullptr;   // [num_rows][num_groups][2]  minus the sum of the group; minus that of its first half

  // Bytes that `rows` rows of k need, and a view over them. REQUIRES: memory on 64 bytes.
  static int64_t BytesFor(int64_t rows, int64_t k);
  static ActivationRows Over(std::byte* memory, int64_t rows, int64_t k);
  // Rows [begin, begin + count) of this.
  ActivationRows Slice(int64_t begin, int64_t count) const;
};

// A run of panels [begin, end) of a matrix: one thread's share.
struct PanelRange {
  int64_t begin = 0;
  int64_t end = 0;
};
// Thread `thread`'s share when a gang splits a matrix evenly; ranges start at even panels.
PanelRange PanelShare(int64_t num_panels, int thread, int num_threads);

// What Multiply needs per thread, on 64 bytes; its contents mean nothing between calls.
constexpr int64_t kMatMulScratchBytes = 256 << 10;

struct MatMulKernels {
  // Quantises row `row` of `out` from x [out.k].
  void (*quantize_row)(const float* x, const ActivationRows& out, int64_t row);
  // What rounding took from the row: rest[k] = x[k] - scale * values[k], the product rounded.   x, rest [rows.k]
  void (*rest_of_row)(const float* x, const ActivationRows& rows, int64_t row, float* rest);
  // Y[:, 16 * begin .. 16 * end) for an integer-panelled W; columns beyond N are not written.
  // REQUIRES: x.k == w.k, an integer panel.   COST: T <= 4 reads the panels once, bound by memory; more is bound
  // by the integer dot product.
  void (*multiply)(const PackedMatrix& w, const ActivationRows& x, PanelRange panels, float* y, int64_t y_stride,
                   std::byte* scratch);
  // The same for a float panel; x [num_rows, K] f32, rows x_stride apart.
  void (*multiply_float)(const PackedMatrix& w, const float* x, int64_t x_stride, int64_t num_rows, PanelRange panels,
                         float* y, int64_t y_stride);
};

// REQUIRES: Supports(isa).
const MatMulKernels& MatMulKernelsFor(Isa isa);

}  // namespace atelier

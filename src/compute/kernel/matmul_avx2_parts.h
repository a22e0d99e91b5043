// The files that make up the AVX2 version.
#pragma once

#include <immintrin.h>

#include "compute/kernel/matmul.h"
#include "compute/kernel/panel_traits.h"

namespace atelier::avx2 {

void MultiplyFloat(const PackedMatrix& w, const float* x, int64_t x_stride, int64_t num_rows, PanelRange panels,
                   float* y, int64_t y_stride);
void QuantizeRow(const float* x, const ActivationRows& out, int64_t row);
void RestOfRow(const float* x, const ActivationRows& rows, int64_t row, float* rest);

}  // namespace atelier::avx2

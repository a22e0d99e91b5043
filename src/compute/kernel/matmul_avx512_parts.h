// The files that make up the AVX-512 version.
#pragma once

#include "compute/kernel/matmul.h"

namespace atelier::avx512 {

constexpr int kMaxVectorRows = 8;

// T <= kMaxVectorRows: reads panels once, straight from where they lie.
void MultiplyVector(const PackedMatrix& w, const ActivationRows& x, PanelRange panels, float* y, int64_t y_stride);
// Any T: unpacks two panels at a time to bytes that stay in the L1 cache while all rows pass by.
void MultiplyMatrix(const PackedMatrix& w, const ActivationRows& x, PanelRange panels, float* y, int64_t y_stride,
                    std::byte* scratch);
void MultiplyFloat(const PackedMatrix& w, const float* x, int64_t x_stride, int64_t num_rows, PanelRange panels,
                   float* y, int64_t y_stride);
void QuantizeRow(const float* x, const ActivationRows& out, int64_t row);
void RestOfRow(const float* x, const ActivationRows& rows, int64_t row, float* rest);

}  // namespace atelier::avx512

// The dequantisers that the table of formats names. Contract: QuantFormat::dequantize.
#pragma once

#include <cstddef>
#include <cstdint>

namespace atelier {

void DequantizeF32(const std::byte* src, float* dst, int64_t n);
void DequantizeF16(const std::byte* src, float* dst, int64_t n);
void DequantizeBF16(const std::byte* src, float* dst, int64_t n);

// Blocks of 32: one scale, and one minimum in the _1 formats.
void DequantizeQ4_0(const std::byte* src, float* dst, int64_t n);
void DequantizeQ4_1(const std::byte* src, float* dst, int64_t n);
void DequantizeQ5_0(const std::byte* src, float* dst, int64_t n);
void DequantizeQ5_1(const std::byte* src, float* dst, int64_t n);
void DequantizeQ8_0(const std::byte* src, float* dst, int64_t n);

// Super-blocks of 256 with small integer scales.
void DequantizeQ2_K(const std::byte* src, float* dst, int64_t n);
void DequantizeQ3_K(const std::byte* src, float* dst, int64_t n);
void DequantizeQ4_K(const std::byte* src, float* dst, int64_t n);
void DequantizeQ5_K(const std::byte* src, float* dst, int64_t n);
void DequantizeQ6_K(const std::byte* src, float* dst, int64_t n);

}  // namespace atelier

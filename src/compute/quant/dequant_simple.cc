// Formats of single numbers and of blocks of 32.
//
//   Q4_0  f16 d | u8 qs[16]                          d * (q - 8)
//   Q4_1  f16 d | f16 m | u8 qs[16]                  d * q + m
//   Q5_0  f16 d | u32 high | u8 qs[16]               d * (q - 16)
//   Q5_1  f16 d | f16 m | u32 high | u8 qs[16]       d * q + m
//   Q8_0  f16 d | s8 qs[32]                          q * d
//
// Byte i of qs holds element i in its low nibble and element i + 16 in its high one; bit i of `high` is the fifth
// bit of element i.
#include <bit>
#include <cstring>

#include "compute/quant/dequant.h"
#include "compute/quant/quant.h"

namespace atelier {
namespace {

static_assert(std::endian::native == std::endian::little, "blocks are read as little-endian");

constexpr int64_t kBlock = 32;

template <class T>
T Load(const std::byte* p) {
  T value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

float LoadF16(const std::byte* p) { return F16ToF32(Load<uint16_t>(p)); }

// Element i of 32 nibbles.
int Nibble(const std::byte* qs, int64_t i) {
  const int byte = std::to_integer<int>(qs[i % 16]);
  return i < 16 ? byte & 15 : byte >> 4;
}

int FiveBits(const std::byte* qs, uint32_t high, int64_t i) {
  return Nibble(qs, i) | static_cast<int>((high >> i) & 1) << 4;
}

}  // namespace

float F16ToF32(uint16_t bits) {
  const uint32_t sign = static_cast<uint32_t>(bits & 0x8000) << 16;
  const uint32_t exponent = (bits >> 10) & 31;
  const uint32_t mantissa = bits & 0x3ff;
  if (exponent == 0) {  // zero or subnormal: mantissa * 2^-24, exact in f32
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
    return std::bit_cast<float>(std::bit_cast<uint32_t>(magnitude) | sign);
  }
  const uint32_t wide_exponent = exponent == 31 ? 255 : exponent + 112;
  return std::bit_cast<float>(sign | wide_exponent << 23 | mantissa << 13);
}

float BF16ToF32(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

void DequantizeF32(const std::byte* src, float* dst, int64_t n) {
  if (n > 0) std::memcpy(dst, src, static_cast<size_t>(n) * sizeof(float));
}

void DequantizeF16(const std::byte* src, float* dst, int64_t n) {
  for (int64_t i = 0; i < n; ++i) dst[i] = LoadF16(src + 2 * i);
}

void DequantizeBF16(const std::byte* src, float* dst, int64_t n) {
  for (int64_t i = 0; i < n; ++i) dst[i] = BF16ToF32(Load<uint16_t>(src + 2 * i));
}

void DequantizeQ4_0(const std::byte* src, float* dst, int64_t n) {
  for (; n > 0; n -= kBlock, src += 18, dst += kBlock) {
    const float d = LoadF16(src);
    for (int64_t i = 0; i < kBlock; ++i) dst[i] = d * static_cast<float>(Nibble(src + 2, i) - 8);
  }
}

void DequantizeQ4_1(const std::byte* src, float* dst, int64_t n) {
  for (; n > 0; n -= kBlock, src += 20, dst += kBlock) {
    const float d = LoadF16(src);
    const float m = LoadF16(src + 2);
    for (int64_t i = 0; i < kBlock; ++i) dst[i] = d * static_cast<float>(Nibble(src + 4, i)) + m;
  }
}

void DequantizeQ5_0(const std::byte* src, float* dst, int64_t n) {
  for (; n > 0; n -= kBlock, src += 22, dst += kBlock) {
    const float d = LoadF16(src);
    const auto high = Load<uint32_t>(src + 2);
    for (int64_t i = 0; i < kBlock; ++i) dst[i] = d * static_cast<float>(FiveBits(src + 6, high, i) - 16);
  }
}

void DequantizeQ5_1(const std::byte* src, float* dst, int64_t n) {
  for (; n > 0; n -= kBlock, src += 24, dst += kBlock) {
    const float d = LoadF16(src);
    const float m = LoadF16(src + 2);
    const auto high = Load<uint32_t>(src + 4);
    for (int64_t i = 0; i < kBlock; ++i) dst[i] = d * static_cast<float>(FiveBits(src + 8, high, i)) + m;
  }
}

void DequantizeQ8_0(const std::byte* src, float* dst, int64_t n) {
  for (; n > 0; n -= kBlock, src += 34, dst += kBlock) {
    const float d = LoadF16(src);
    for (int64_t i = 0; i < kBlock; ++i) dst[i] = static_cast<float>(Load<int8_t>(src + 2 + i)) * d;
  }
}

}  // namespace atelier

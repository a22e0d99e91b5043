// Super-blocks of 256 elements: integer scales (and minima) of 16 or 32 elements each, times one f16.
//
//   Q2_K  u8 scales[16] | u8 qs[64] | f16 d | f16 dmin               (d*sc) * q - (dmin*m), sc and m 4 bits each
//   Q3_K  u8 hmask[32] | u8 qs[64] | u8 scales[12] | f16 d           (d*sc) * (q - 4*!h), sc 6 bits - 32
//   Q4_K  f16 d | f16 dmin | u8 scales[12] | u8 qs[128]              (d*sc) * q - (dmin*m), sc and m 6 bits each
//   Q5_K  f16 d | f16 dmin | u8 scales[12] | u8 qh[32] | u8 qs[128]  the same with a fifth bit
//   Q6_K  u8 ql[128] | u8 qh[64] | s8 scales[16] | f16 d             (d*sc) * (q - 32)
#include <bit>
#include <cstring>

#include "compute/quant/dequant.h"
#include "compute/quant/quant.h"

namespace atelier {
namespace {

constexpr int kSuper = 256;

int Byte(const std::byte* p) { return std::to_integer<int>(*p); }

float LoadF16(const std::byte* p) {
  uint16_t bits;
  std::memcpy(&bits, p, sizeof bits);
  return F16ToF32(bits);
}

// The eight 6-bit scales and minima of Q4_K and Q5_K: four whole in bytes 0..3 and 4..7, four with their low
// nibbles in bytes 8..11 and their high bits on top of the first.
struct ScalesAndMins {
  explicit ScalesAndMins(const std::byte* packed) {
    for (int i = 0; i < 4; ++i) {
      const int d = Byte(packed + i);
      const int m = Byte(packed + 4 + i);
      const int both = Byte(packed + 8 + i);
      scale[i] = d & 63;
      min[i] = m & 63;
      scale[i + 4] = (both & 15) | ((d >> 2) & 48);
      min[i + 4] = (both >> 4) | ((m >> 2) & 48);
    }
  }
  int scale[8];
  int min[8];
};

// The sixteen 6-bit scales of Q3_K: low nibbles in bytes 0..7 (first eight low, then eight high), two high bits
// each in bytes 8..11.
int ScaleOfQ3(const std::byte* packed, int i) {
  const int low = Byte(packed + i % 8) >> (i < 8 ? 0 : 4) & 15;
  const int high = Byte(packed + 8 + i % 4) >> (2 * (i / 4)) & 3;
  return (low | high << 4) - 32;
}

}  // namespace

void DequantizeQ2_K(const std::byte* src, float* dst, int64_t n) {
  for (; n > 0; n -= kSuper, src += 84, dst += kSuper) {
    const float d = LoadF16(src + 80);
    const float dmin = LoadF16(src + 82);
    for (int i = 0; i < kSuper; ++i) {
      const int packed = Byte(src + i / 16);
      const float scale = d * static_cast<float>(packed & 15);
      const float min = dmin * static_cast<float>(packed >> 4);
      const int q = Byte(src + 16 + i / 128 * 32 + i % 32) >> (2 * (i / 32 % 4)) & 3;
      dst[i] = scale * static_cast<float>(q) - min;
    }
  }
}

void DequantizeQ3_K(const std::byte* src, float* dst, int64_t n) {
  for (; n > 0; n -= kSuper, src += 110, dst += kSuper) {
    const float d = LoadF16(src + 108);
    for (int i = 0; i < kSuper; ++i) {
      const float scale = d * static_cast<float>(ScaleOfQ3(src + 96, i / 16));
      const int low = Byte(src + 32 + i / 128 * 32 + i % 32) >> (2 * (i / 32 % 4)) & 3;
      const int high = Byte(src + i % 32) >> (i / 32) & 1;
      dst[i] = scale * static_cast<float>(low - (high == 0 ? 4 : 0));
    }
  }
}

void DequantizeQ4_K(const std::byte* src, float* dst, int64_t n) {
  for (; n > 0; n -= kSuper, src += 144, dst += kSuper) {
    const float d = LoadF16(src);
    const float dmin = LoadF16(src + 2);
    const ScalesAndMins packed(src + 4);
    for (int g = 0; g < 8; ++g) {
      const float scale = d * static_cast<float>(packed.scale[g]);
      const float min = dmin * static_cast<float>(packed.min[g]);
      const std::byte* qs = src + 16 + g / 2 * 32;
      for (int i = 0; i < 32; ++i) {
        const int q = Byte(qs + i) >> (g % 2 * 4) & 15;
        dst[g * 32 + i] = scale * static_cast<float>(q) - min;
      }
    }
  }
}

void DequantizeQ5_K(const std::byte* src, float* dst, int64_t n) {
  for (; n > 0; n -= kSuper, src += 176, dst += kSuper) {
    const float d = LoadF16(src);
    const float dmin = LoadF16(src + 2);
    const ScalesAndMins packed(src + 4);
    const std::byte* qh = src + 16;
    for (int g = 0; g < 8; ++g) {
      const float scale = d * static_cast<float>(packed.scale[g]);
      const float min = dmin * static_cast<float>(packed.min[g]);
      const std::byte* qs = src + 48 + g / 2 * 32;
      for (int i = 0; i < 32; ++i) {
        const int q = (Byte(qs + i) >> (g % 2 * 4) & 15) | (Byte(qh + i) >> g & 1) << 4;
        dst[g * 32 + i] = scale * static_cast<float>(q) - min;
      }
    }
  }
}

void DequantizeQ6_K(const std::byte* src, float* dst, int64_t n) {
  for (; n > 0; n -= kSuper, src += 210, dst += kSuper) {
    const std::byte* qh = src + 128;
    const float d = LoadF16(src + 208);
    for (int i = 0; i < kSuper; ++i) {
      const int scale = std::bit_cast<int8_t>(src[192 + i / 16]);
      const int half = i / 128;
      const int low = Byte(src + half * 64 + i % 64) >> (i / 64 % 2 * 4) & 15;
      const int high = Byte(qh + half * 32 + i % 32) >> (i / 32 % 4 * 2) & 3;
      const float group_scale = d * static_cast<float>(scale);
      dst[i] = group_scale * static_cast<float>((low | high << 4) - 32);
    }
  }
}

}  // namespace atelier

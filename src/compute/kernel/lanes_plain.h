// Sixteen floats as plain arrays: what lanes_avx2.h and lanes_avx512.h must equal bit for bit.
// The files *_body.h are written once over these names and compiled once for each instruction set. All of it has
// internal linkage, and nothing of std is called, so that no weak symbol built for one processor reaches another.
#pragma once

#include <cstdint>

namespace atelier {
namespace {

constexpr int kLanes = 16;
constexpr int kRowTile = 4;     // rows that one pass over keys or values serves, at most 6
constexpr int kColumnTile = 1;  // runs of lanes that it keeps for each

struct Lanes {
  float v[kLanes];
};
struct LaneMask {
  bool v[kLanes];
};

template <class Fn>
inline Lanes MapLanes(Fn fn) {
  Lanes out;
  for (int i = 0; i < kLanes; ++i) out.v[i] = fn(i);
  return out;
}

inline uint32_t BitsOf(float x) { return __builtin_bit_cast(uint32_t, x); }
inline float FloatOf(uint32_t bits) { return __builtin_bit_cast(float, bits); }

inline Lanes Splat(float x) {
  return MapLanes([&](int) { return x; });
}
inline Lanes Load(const float* p) {
  return MapLanes([&](int i) { return p[i]; });
}
// The first count lanes; the others are zero and their memory is not touched.
inline Lanes LoadFirst(const float* p, int count) {
  return MapLanes([&](int i) { return i < count ? p[i] : 0.0F; });
}
inline void Store(float* p, const Lanes& a) {
  for (int i = 0; i < kLanes; ++i) p[i] = a.v[i];
}
inline void StoreFirst(float* p, const Lanes& a, int count) {
  for (int i = 0; i < count; ++i) p[i] = a.v[i];
}

inline Lanes Add(const Lanes& a, const Lanes& b) {
  return MapLanes([&](int i) { return a.v[i] + b.v[i]; });
}
inline Lanes Sub(const Lanes& a, const Lanes& b) {
  return MapLanes([&](int i) { return a.v[i] - b.v[i]; });
}
inline Lanes Mul(const Lanes& a, const Lanes& b) {
  return MapLanes([&](int i) { return a.v[i] * b.v[i]; });
}
inline Lanes Div(const Lanes& a, const Lanes& b) {
  return MapLanes([&](int i) { return a.v[i] / b.v[i]; });
}
// a * b + c, rounded once.
inline Lanes Fma(const Lanes& a, const Lanes& b, const Lanes& c) {
  return MapLanes([&](int i) { return __builtin_fmaf(a.v[i], b.v[i], c.v[i]); });
}
// b where the two compare equal or either is NaN.
inline Lanes Max(const Lanes& a, const Lanes& b) {
  return MapLanes([&](int i) { return a.v[i] > b.v[i] ? a.v[i] : b.v[i]; });
}
inline Lanes Min(const Lanes& a, const Lanes& b) {
  return MapLanes([&](int i) { return a.v[i] < b.v[i] ? a.v[i] : b.v[i]; });
}
inline Lanes Abs(const Lanes& a) {
  return MapLanes([&](int i) { return FloatOf(BitsOf(a.v[i]) & 0x7fffffffU); });
}
// The magnitude of a with the sign of b.
inline Lanes CopySign(const Lanes& a, const Lanes& b) {
  return MapLanes([&](int i) { return FloatOf((BitsOf(a.v[i]) & 0x7fffffffU) | (BitsOf(b.v[i]) & 0x80000000U)); });
}
// a with the lowest bits of t's pattern added to its exponent.
inline Lanes AddToExponent(const Lanes& a, const Lanes& t) {
  return MapLanes([&](int i) { return FloatOf(BitsOf(a.v[i]) + (BitsOf(t.v[i]) << 23)); });
}

inline LaneMask FirstLanes(int count) {
  LaneMask out;
  for (int i = 0; i < kLanes; ++i) out.v[i] = i < count;
  return out;
}
inline LaneMask Less(const Lanes& a, const Lanes& b) {
  LaneMask out;
  for (int i = 0; i < kLanes; ++i) out.v[i] = a.v[i] < b.v[i];
  return out;
}
inline Lanes Select(const LaneMask& mask, const Lanes& yes, const Lanes& no) {
  return MapLanes([&](int i) { return mask.v[i] ? yes.v[i] : no.v[i]; });
}

// Lane i of the result is lane i ^ kDistance of a: 1, 2, 4 or 8.
template <int kDistance>
inline Lanes SwapLanes(const Lanes& a) {
  return MapLanes([&](int i) { return a.v[i ^ kDistance]; });
}

inline float ReduceAdd(const Lanes& a) {
  Lanes s = a;
  for (int half = 8; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) s.v[i] = s.v[i] + s.v[i + half];
  }
  return s.v[0];
}
inline float ReduceMax(const Lanes& a) {
  Lanes s = a;
  for (int half = 8; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) s.v[i] = s.v[i] > s.v[i + half] ? s.v[i] : s.v[i + half];
  }
  return s.v[0];
}

inline float HalfToFloat(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000U) << 16;
  const uint32_t exponent = (half >> 10) & 0x1fU;
  const uint32_t fraction = half & 0x3ffU;
  if (exponent == 0) {  // zero or subnormal: fraction * 2^-24
    const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
    return FloatOf(sign | BitsOf(magnitude));
  }
  if (exponent == 31) return FloatOf(sign | 0x7f800000U | (fraction != 0 ? (fraction << 13) | 0x400000U : 0));
  return FloatOf(sign | ((exponent + 112) << 23) | (fraction << 13));
}
// Rounds to nearest even. REQUIRES: |x| <= 65504.
inline uint16_t FloatToHalf(float x) {
  const uint32_t sign = (BitsOf(x) >> 16) & 0x8000U;
  const uint32_t magnitude = BitsOf(x) & 0x7fffffffU;
  if (magnitude < 0x38800000U) {  // below 2^-14: adding 0.5 leaves units of 2^-24 in the last places
    const uint32_t rounded = BitsOf(FloatOf(magnitude) + 0.5F) - 0x3f000000U;
    return static_cast<uint16_t>(sign | rounded);
  }
  const uint32_t odd = (magnitude >> 13) & 1U;
  return static_cast<uint16_t>(sign | ((magnitude - 0x38000000U + 0xfffU + odd) >> 13));
}
inline Lanes LoadHalf(const uint16_t* p) {
  return MapLanes([&](int i) { return HalfToFloat(p[i]); });
}
// Rounds to nearest even. REQUIRES: |a| <= 65504.
inline void StoreHalf(uint16_t* p, const Lanes& a) {
  for (int i = 0; i < kLanes; ++i) p[i] = FloatToHalf(a.v[i]);
}
inline Lanes LoadInt8(const int8_t* p) {
  return MapLanes([&](int i) { return static_cast<float>(p[i]); });
}
// The lowest byte of each lane's pattern.
inline void StoreLowBytes(int8_t* p, const Lanes& a) {
  for (int i = 0; i < kLanes; ++i) p[i] = static_cast<int8_t>(BitsOf(a.v[i]) & 0xffU);
}

}  // namespace
}  // namespace atelier

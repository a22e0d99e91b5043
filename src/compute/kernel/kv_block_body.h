// Keys and values of a block, over Lanes: how they are written, and brought to f32 again. The layout stands in
// attention.h; attention_body.h includes this after a lanes_*.h.
#pragma once

#include "compute/kernel/attention.h"
#include "compute/kernel/lane_rotation.h"

namespace atelier {
namespace {

constexpr int kScaleGroup = 32;
constexpr int kMaxTurnedDim = 1024;  // of a head, as attention.h allows

inline int64_t MinOf(int64_t a, int64_t b) { return a < b ? a : b; }
inline int64_t MaxOf(int64_t a, int64_t b) { return a > b ? a : b; }

// ---- storing -------------------------------------------------------------------------------------------------

inline Lanes Saturate(Lanes a) { return Max(Min(a, Splat(65504.0F)), Splat(-65504.0F)); }

inline void StoreF32(const StoreCall& call) {
  const KvHeadLayout& layout = *call.layout;
  auto* keys = reinterpret_cast<float*>(call.head) + call.index;
  auto* values = reinterpret_cast<float*>(call.head + layout.values) + call.index * layout.padded_dim;
  for (int d = 0; d < layout.head_dim; ++d) keys[d * kKvBlockPositions] = call.key[d];
  for (int d = 0; d < layout.padded_dim; d += kLanes) {
    Store(values + d, LoadFirst(call.value + d, static_cast<int>(MinOf(kLanes, layout.head_dim - d))));
  }
}

inline void StoreF16(const StoreCall& call) {
  const KvHeadLayout& layout = *call.layout;
  auto* keys = reinterpret_cast<uint16_t*>(call.head) + call.index;
  auto* values = reinterpret_cast<uint16_t*>(call.head + layout.values) + call.index * layout.padded_dim;
  uint16_t halves[kLanes];
  for (int d = 0; d < layout.head_dim; d += kLanes) {
    const int count = static_cast<int>(MinOf(kLanes, layout.head_dim - d));
    StoreHalf(halves, Saturate(LoadFirst(call.key + d, count)));
    for (int i = 0; i < count; ++i) keys[(d + i) * kKvBlockPositions] = halves[i];
    StoreHalf(values + d, Saturate(LoadFirst(call.value + d, count)));
  }
}

// The two factors of 1 / rotation, powers of two, so that they round nothing: what is stored takes one, what meets it
// in a query or an output the other.
inline float StoredFactor(const KvHeadLayout& layout) { return layout.rotation == 64 ? 0x1p-3F : 0x1p-2F; }
inline float OtherFactor(const KvHeadLayout& layout) { return layout.rotation == 16 ? 0x1p-2F : 0x1p-3F; }

// x [D] as it is stored: x itself, or turned in `room`.
inline const float* Turned(const KvHeadLayout& layout, const float* x, float* room) {
  if (layout.rotation == 0) return x;
  for (int d = 0; d < layout.head_dim; d += kLanes) Store(room + d, Load(x + d));
  RotateRuns(room, layout.head_dim, layout.rotation, StoredFactor(layout));
  return room;
}

// Codes of x [count] as bytes to codes [32]; returns the scale as f16.
inline uint16_t QuantizeGroup(const float* x, int count, int8_t* codes) {
  const int first = static_cast<int>(MinOf(count, kLanes));
  const Lanes largest = Splat(0x1p22F);  // its scale is finite in f16
  const auto clamp = [&](Lanes v) { return Max(Min(v, largest), Sub(Splat(0.0F), largest)); };
  const Lanes a = clamp(LoadFirst(x, first));
  const Lanes b = clamp(LoadFirst(x + first, count - first));
  uint16_t halves[kLanes];
  StoreHalf(halves, Splat(ReduceMax(Max(Abs(a), Abs(b))) / 127.0F));
  float scales[kLanes];
  Store(scales, LoadHalf(halves));
  const Lanes inverse = Splat(scales[0] > 0 ? 1.0F / scales[0] : 0.0F);
  const Lanes magic = Splat(0x1.8p23F);
  const Lanes limit = Splat(127.0F);  // the scale may have been rounded down
  const auto code = [&](Lanes v) { return Add(Max(Min(Mul(v, inverse), limit), Sub(Splat(0.0F), limit)), magic); };
  StoreLowBytes(codes, code(a));
  StoreLowBytes(codes + kLanes, code(b));
  return halves[0];
}

inline void StoreQ8(const StoreCall& call) {
  const KvHeadLayout& layout = *call.layout;
  auto* keys = reinterpret_cast<int8_t*>(call.head) + call.index;
  auto* key_scales = reinterpret_cast<uint16_t*>(call.head + layout.key_scales) + call.index;
  auto* values = reinterpret_cast<int8_t*>(call.head + layout.values) + call.index * layout.padded_dim;
  auto* value_scales = reinterpret_cast<uint16_t*>(call.head + layout.value_scales) + call.index;
  int8_t codes[kScaleGroup];
  float key_room[kMaxTurnedDim];
  float value_room[kMaxTurnedDim];
  const float* const key = Turned(layout, call.key, key_room);
  const float* const value = Turned(layout, call.value, value_room);
  for (int d = 0; d < layout.head_dim; d += kScaleGroup) {
    const int count = static_cast<int>(MinOf(kScaleGroup, layout.head_dim - d));
    const int padded = static_cast<int>(MinOf(kScaleGroup, layout.padded_dim - d));
    const int scale_row = d / kScaleGroup * kKvBlockPositions;
    key_scales[scale_row] = QuantizeGroup(key + d, count, codes);
    for (int i = 0; i < count; ++i) keys[(d + i) * kKvBlockPositions] = codes[i];
    value_scales[scale_row] = QuantizeGroup(value + d, count, codes);
    for (int i = 0; i < padded; ++i) values[d + i] = codes[i];
  }
}

void StoreKeyValue(const StoreCall& call) {
  switch (call.layout->type) {
    case CacheType::kF32: return StoreF32(call);
    case CacheType::kF16: return StoreF16(call);
    case CacheType::kQ8_0: return StoreQ8(call);
  }
}

// ---- a block to f32 --------------------------------------------------------------------------------------------

// keys [D][16], values [count][Dp] of the block's first count positions. Keys of other positions are whatever
// the block holds: their scores are masked.
inline void ExpandQ8(const KvHeadLayout& layout, const std::byte* head, int count, float* keys, float* values) {
  const auto* codes = reinterpret_cast<const int8_t*>(head);
  const auto* key_scales = reinterpret_cast<const uint16_t*>(head + layout.key_scales);
  const auto* value_codes = reinterpret_cast<const int8_t*>(head + layout.values);
  const auto* value_scales = reinterpret_cast<const uint16_t*>(head + layout.value_scales);
  for (int row = 0; row < layout.num_scale_rows; ++row) {
    const int begin = row * kScaleGroup;
    const Lanes scale = LoadHalf(key_scales + row * kKvBlockPositions);
    const int end = static_cast<int>(MinOf(begin + kScaleGroup, layout.head_dim));
    for (int d = begin; d < end; ++d) Store(keys + d * kLanes, Mul(LoadInt8(codes + d * kKvBlockPositions), scale));
    float scales[kLanes];
    Store(scales, LoadHalf(value_scales + row * kKvBlockPositions));
    const int padded_end = static_cast<int>(MinOf(begin + kScaleGroup, layout.padded_dim));
    for (int j = 0; j < count; ++j) {
      for (int d = begin; d < padded_end; d += kLanes) {
        const int at = j * layout.padded_dim + d;
        Store(values + at, Mul(LoadInt8(value_codes + at), Splat(scales[j])));
      }
    }
  }
}

inline void ExpandBlock(const KvHeadLayout& layout, const std::byte* head, int count, float* keys, float* values) {
  const int num_values = count * layout.padded_dim;
  switch (layout.type) {
    case CacheType::kF32: {
      const auto* k = reinterpret_cast<const float*>(head);
      const auto* v = reinterpret_cast<const float*>(head + layout.values);
      for (int d = 0; d < layout.head_dim; ++d) Store(keys + d * kLanes, Load(k + d * kLanes));
      for (int i = 0; i < num_values; i += kLanes) Store(values + i, Load(v + i));
      return;
    }
    case CacheType::kF16: {
      const auto* k = reinterpret_cast<const uint16_t*>(head);
      const auto* v = reinterpret_cast<const uint16_t*>(head + layout.values);
      for (int d = 0; d < layout.head_dim; ++d) Store(keys + d * kLanes, LoadHalf(k + d * kLanes));
      for (int i = 0; i < num_values; i += kLanes) Store(values + i, LoadHalf(v + i));
      return;
    }
    case CacheType::kQ8_0: return ExpandQ8(layout, head, count, keys, values);
  }
}

}  // namespace
}  // namespace atelier

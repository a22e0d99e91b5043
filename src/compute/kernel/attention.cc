#include "compute/kernel/attention.h"

#include "base/check.h"

namespace atelier {

extern const AttentionKernels attention_kernels_plain;
extern const AttentionKernels attention_kernels_avx2;
extern const AttentionKernels attention_kernels_avx512;

namespace {

constexpr int kMaxHeadDim = 1024;

int64_t RoundUp(int64_t n, int64_t multiple) { return (n + multiple - 1) / multiple * multiple; }

int64_t ElementBytes(CacheType type) {
  switch (type) {
    case CacheType::kF32: return 4;
    case CacheType::kF16: return 2;
    case CacheType::kQ8_0: return 1;
  }
  return 0;
}

}  // namespace

KvHeadLayout MakeKvHeadLayout(CacheType type, int head_dim) {
  CHECK(head_dim >= 1 && head_dim <= kMaxHeadDim);
  KvHeadLayout layout;
  layout.type = type;
  layout.head_dim = head_dim;
  layout.padded_dim = static_cast<int>(RoundUp(head_dim, 16));
  layout.num_scale_rows = (head_dim + 31) / 32;
  for (int size = 64; size >= 16 && type == CacheType::kQ8_0 && layout.rotation == 0; size /= 2) {
    if (head_dim % size == 0) layout.rotation = size;
  }
  const int64_t element = ElementBytes(type) * kKvBlockPositions;
  const int64_t scales = type == CacheType::kQ8_0 ? layout.num_scale_rows * kKvBlockPositions * 2 : 0;
  layout.key_scales = RoundUp(element * head_dim, 64);
  layout.values = RoundUp(layout.key_scales + scales, 64);
  layout.value_scales = layout.values + element * layout.padded_dim;
  layout.bytes = RoundUp(layout.value_scales + scales, 64);
  return layout;
}

int64_t KvSlotBytes(CacheType type, int kv_heads, int head_dim) {
  return kv_heads * MakeKvHeadLayout(type, head_dim).bytes;
}

// Must hold what LayOut in attention_body.h hands out.
int64_t AttendScratchFloats(const KvHeadLayout& layout, int num_rows) {
  const int64_t span = static_cast<int64_t>(kSpanPositions) * (layout.head_dim + layout.padded_dim + 8);
  const int64_t rows = static_cast<int64_t>(num_rows) * (layout.padded_dim + layout.head_dim + 16 + 1);
  return span + RoundUp(rows, 16) + 32;
}

const AttentionKernels& AttentionKernelsFor(Isa isa) {
  CHECK(Supports(isa));
  switch (isa) {
    case Isa::kAvx512: return attention_kernels_avx512;
    case Isa::kAvx2: return attention_kernels_avx2;
    case Isa::kPlain: break;
  }
  return attention_kernels_plain;
}

}  // namespace atelier

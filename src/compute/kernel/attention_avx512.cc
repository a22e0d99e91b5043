#include "compute/kernel/lanes_avx512.h"
// The body is written over the lanes above.
#include "compute/kernel/attention_body.h"

namespace atelier {
extern const AttentionKernels attention_kernels_avx512;
const AttentionKernels attention_kernels_avx512 = kAttentionKernels;
}  // namespace atelier
